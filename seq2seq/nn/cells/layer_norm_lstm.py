"""The LSTM with layer normalisation (Ba, Kiros and Hinton 2016).

With LN(a; w) = w * (a - mean(a)) / deviation(a), over all four parts at once:

    [i f g o] = LN(W x; w_x) + LN(U h'; w_h) + b
    c = sigmoid(f) * c' + sigmoid(i) * tanh(g)     h = sigmoid(o) * tanh(LN(c; w_c) + b_c)

What is different: the two normalised sums share one bias b, where the paper has two that only add.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.nn.cells.cell import Product, Signal
from seq2seq.nn.cells.lstm import FourParts, LSTMState


class LayerNormLSTM(FourParts):
    """One layer: beside the LSTM's weights `input_gain` and `recurrent_gain`, each [4H].

    The memory's `memory_gain` and `memory_bias` are [H].
    """

    def __init__(
        self, input_size: int, hidden: int, *, initial: float, forget_bias: float = 0.0
    ) -> None:
        super().__init__(input_size, hidden, initial=initial, forget_bias=forget_bias)
        self.input_gain = nn.Parameter(torch.ones(4 * hidden))
        self.recurrent_gain = nn.Parameter(torch.ones(4 * hidden))
        self.memory_gain = nn.Parameter(torch.ones(hidden))
        self.memory_bias = nn.Parameter(torch.zeros(hidden))

    def given(self, below: Signal) -> tuple[Tensor, ...]:
        """Return the normalised W x, and b."""
        x = F.linear(below.output, self.input_weight)
        return (F.layer_norm(x, x.shape[-1:], self.input_gain, self.bias),)

    def recur(
        self, given: tuple[Tensor, ...], state: LSTMState, *products: Product
    ) -> tuple[Signal, LSTMState]:
        """Take one step of time."""
        (x,), (U,) = given, products  # noqa: N806
        before = U(state.hidden)
        gates = x + F.layer_norm(before, before.shape[-1:], self.recurrent_gain)
        i, f, g, o = gates.chunk(4, dim=-1)
        c = torch.sigmoid(f) * state.memory + torch.sigmoid(i) * torch.tanh(g)
        shown = F.layer_norm(c, c.shape[-1:], self.memory_gain, self.memory_bias)
        h = torch.sigmoid(o) * torch.tanh(shown)
        return Signal(h, c), LSTMState(h, c)
