"""The LSTM without peepholes (Hochreiter and Schmidhuber 1997).

It has the forget gate of Gers et al. 2000:

    i = sigmoid(W_i x + U_i h' + b_i)        f = sigmoid(W_f x + U_f h' + b_f)
    g = tanh(W_g x + U_g h' + b_g)           o = sigmoid(W_o x + U_o h' + b_o)
    c = f * c' + i * g                       h = o * tanh(c)

The gates are stacked in torch's order, i f g o, so that torch's fused kernel (oneDNN, cuDNN) takes
the weights as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from seq2seq.config.schema import Section
from seq2seq.nn.cells.cell import Gated, Product, Signal


class LSTMOptions(Section):
    """What a recipe may set in `model.cell_options` for this cell and most of its kin."""

    forget_bias: float = Field(0.0, ge=-20.0, le=20.0)


class LSTMState(NamedTuple):
    """Hidden state and memory cell of the last step, each [B, H]."""

    hidden: Tensor
    memory: Tensor


class FourParts(Gated):
    """What cells of the parts i f g o with a hidden state and a memory have in common."""

    Options = LSTMOptions
    gates: Sequence[str] = ("forget", "input", "output")

    def __init__(
        self, input_size: int, hidden: int, *, initial: float, forget_bias: float = 0.0
    ) -> None:
        super().__init__(input_size, hidden, initial=initial, biases=(0.0, forget_bias, 0.0, 0.0))

    def initial_state(self, batch: int, like: Tensor) -> LSTMState:
        """Return zeros."""
        return nothing_remembered(batch, self.hidden, like)


class LSTM(FourParts):
    """One LSTM layer."""

    def recur(
        self, given: tuple[Tensor, ...], state: LSTMState, *products: Product
    ) -> tuple[Signal, LSTMState]:
        """Take one step of time."""
        (x,), (U,) = given, products  # noqa: N806
        i, f, g, o = (x + U(state.hidden)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * state.memory + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return Signal(h, c), LSTMState(h, c)

    def whole(self, below: Signal, state: LSTMState) -> tuple[Signal, LSTMState]:
        """Take all steps at once through the fused kernel: [T, B, E] to [T, B, H]."""
        weights = [self.input_weight, self.recurrent_weight, self.bias, torch.zeros_like(self.bias)]
        start = (state.hidden.unsqueeze(0), state.memory.unsqueeze(0))
        output, hidden, memory = torch.lstm(
            below.output, start, weights, True, 1, 0.0, self.training, False, False
        )
        return Signal(output), LSTMState(hidden[0], memory[0])


def nothing_remembered(batch: int, hidden: int, like: Tensor) -> LSTMState:
    """Return the state of zeros with which LSTMs begin."""
    return LSTMState(like.new_zeros(batch, hidden), like.new_zeros(batch, hidden))
