"""The LSTM without peepholes (Hochreiter and Schmidhuber 1997).

It has the forget gate of Gers et al. 2000:

    i = sigmoid(W_i x + U_i h' + b_i)        f = sigmoid(W_f x + U_f h' + b_f)
    g = tanh(W_g x + U_g h' + b_g)           o = sigmoid(W_o x + U_o h' + b_o)
    c = f * c' + i * g                       h = o * tanh(c)

The gates are stacked in torch's order, i f g o, so that torch's fused kernel (oneDNN, cuDNN) takes
the weights as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.config.schema import Section
from seq2seq.nn.cells.cell import Signal


class LSTMOptions(Section):
    """What a recipe may set in `model.cell_options` for this cell."""

    forget_bias: float = Field(0.0, ge=-20.0, le=20.0)


class LSTMState(NamedTuple):
    """Output and memory cell of the last step, each [B, H]."""

    hidden: Tensor
    memory: Tensor


class LSTM(nn.Module):
    """One LSTM layer: `input_weight` [4H, E], `recurrent_weight` [4H, H], `bias` [4H]."""

    Options = LSTMOptions

    def __init__(
        self, input_size: int, hidden: int, *, initial: float, forget_bias: float = 0.0
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.input_weight = nn.Parameter(
            torch.empty(4 * hidden, input_size).uniform_(-initial, initial)
        )
        self.recurrent_weight = nn.Parameter(
            torch.empty(4 * hidden, hidden).uniform_(-initial, initial)
        )
        bias = torch.zeros(4 * hidden)
        bias[hidden : 2 * hidden] = forget_bias
        self.bias = nn.Parameter(bias)

    def initial_state(self, batch: int, like: Tensor) -> LSTMState:
        """Return zeros."""
        return LSTMState(like.new_zeros(batch, self.hidden), like.new_zeros(batch, self.hidden))

    def forward(self, below: Signal, state: LSTMState) -> tuple[Signal, LSTMState]:
        """Take one step of time: [B, E] to [B, H]."""
        gates = F.linear(below.output, self.input_weight, self.bias)
        gates = gates + F.linear(state.hidden, self.recurrent_weight)  # [B, 4H]
        i, f, g, o = gates.chunk(4, dim=-1)
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
