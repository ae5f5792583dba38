"""The LSTM that forgets just what it replaces: coupled gates (Greff et al. 2015, "CIFG").

f = sigmoid(W_f x + U_f h' + b_f)     g = tanh(W_g x + U_g h' + b_g)
o = sigmoid(W_o x + U_o h' + b_o)     c = f * c' + (1 - f) * g     h = o * tanh(c)
"""

from __future__ import annotations

import torch
from torch import Tensor

from seq2seq.nn.cells.cell import Gated, Product, Signal
from seq2seq.nn.cells.lstm import LSTMOptions, LSTMState, nothing_remembered


class Coupled(Gated):
    """One layer, its parts stacked f g o."""

    Options = LSTMOptions
    gates = ("forget", "input", "output")

    def __init__(
        self, input_size: int, hidden: int, *, initial: float, forget_bias: float = 0.0
    ) -> None:
        super().__init__(input_size, hidden, initial=initial, biases=(forget_bias, 0.0, 0.0))

    def initial_state(self, batch: int, like: Tensor) -> LSTMState:
        """Return zeros."""
        return nothing_remembered(batch, self.hidden, like)

    def recur(
        self, given: tuple[Tensor, ...], state: LSTMState, *products: Product
    ) -> tuple[Signal, LSTMState]:
        """Take one step of time."""
        (x,), (U,) = given, products  # noqa: N806
        f, g, o = (x + U(state.hidden)).chunk(3, dim=-1)
        c = torch.sigmoid(f) * state.memory + torch.sigmoid(-f) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return Signal(h, c), LSTMState(h, c)
