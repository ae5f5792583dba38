"""The LSTM whose gates look at the memory cell (Gers and Schmidhuber 2000).

    i = sigmoid(W_i x + U_i h' + p_i * c' + b_i)    f = sigmoid(W_f x + U_f h' + p_f * c' + b_f)
    g = tanh(W_g x + U_g h' + b_g)                  c = f * c' + i * g
    o = sigmoid(W_o x + U_o h' + p_o * c + b_o)     h = o * tanh(c)

The output gate looks at the new cell. The peepholes p start at zero, where this is the plain LSTM.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seq2seq.nn.cells.cell import Product, Signal
from seq2seq.nn.cells.lstm import FourParts, LSTMState


class Peephole(FourParts):
    """One layer; its peepholes `peep` are [3, H], of i, f and o."""

    gates = ("input", "forget", "output")

    def __init__(
        self, input_size: int, hidden: int, *, initial: float, forget_bias: float = 0.0
    ) -> None:
        super().__init__(input_size, hidden, initial=initial, forget_bias=forget_bias)
        self.peep = nn.Parameter(torch.zeros(3, hidden))

    def recur(
        self, given: tuple[Tensor, ...], state: LSTMState, *products: Product
    ) -> tuple[Signal, LSTMState]:
        """Take one step of time."""
        (x,), (U,) = given, products  # noqa: N806
        i, f, g, o = (x + U(state.hidden)).chunk(4, dim=-1)
        p_i, p_f, p_o = self.peep
        i = torch.sigmoid(i + p_i * state.memory)
        f = torch.sigmoid(f + p_f * state.memory)
        c = f * state.memory + i * torch.tanh(g)
        h = torch.sigmoid(o + p_o * c) * torch.tanh(c)
        return Signal(h, c), LSTMState(h, c)
