"""The gated recurrent unit (Cho et al. 2014), in its two conventions.

r = sigmoid(W_r x + U_r h' + b_r)     z = sigmoid(W_z x + U_z h' + b_z)
n = tanh(W_n x + b_n + r * (U_n h' + b_u))     reset after the product: `gru`, torch's
n = tanh(W_n x + b_n + U_n (r * h'))           reset before it: `gru_reset_before`, the paper's
h = (1 - z) * n + z * h'
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seq2seq.config.schema import Section
from seq2seq.nn.cells.cell import Gated, Product, Signal
from seq2seq.nn.cells.rnn import HiddenState


class GRUOptions(Section):
    """A recipe may set nothing."""


class _GRU(Gated):
    """What both have in common; the parts are stacked in torch's order, r z n."""

    Options = GRUOptions
    gates = ("reset", "update")

    def __init__(self, input_size: int, hidden: int, *, initial: float) -> None:
        super().__init__(input_size, hidden, initial=initial, biases=(0.0, 0.0, 0.0))

    def initial_state(self, batch: int, like: Tensor) -> HiddenState:
        """Return zeros."""
        return HiddenState(like.new_zeros(batch, self.hidden))


class GRU(_GRU):
    """One layer that resets after the product; `reset_bias` [H] is b_u."""

    def __init__(self, input_size: int, hidden: int, *, initial: float) -> None:
        super().__init__(input_size, hidden, initial=initial)
        self.reset_bias = nn.Parameter(torch.zeros(hidden))

    def recur(
        self, given: tuple[Tensor, ...], state: HiddenState, *products: Product
    ) -> tuple[Signal, HiddenState]:
        """Take one step of time."""
        (x,), (U,) = given, products  # noqa: N806
        size = self.hidden
        before = U(state.hidden)  # [B, 3H]
        r, z = torch.sigmoid(x[..., : 2 * size] + before[..., : 2 * size]).chunk(2, dim=-1)
        n = torch.tanh(x[..., 2 * size :] + r * (before[..., 2 * size :] + self.reset_bias))
        h = n + z * (state.hidden - n)
        return Signal(h), HiddenState(h)

    def whole(self, below: Signal, state: HiddenState) -> tuple[Signal, HiddenState]:
        """Take all steps at once through the fused kernel: [T, B, E] to [T, B, H]."""
        after = torch.cat([self.reset_bias.new_zeros(2 * self.hidden), self.reset_bias])
        weights = [self.input_weight, self.recurrent_weight, self.bias, after]
        start = state.hidden.unsqueeze(0)
        output, hidden = torch.gru(
            below.output, start, weights, True, 1, 0.0, self.training, False, False
        )
        return Signal(output), HiddenState(hidden[0])


class GRUResetBefore(_GRU):
    """One layer that resets before the product."""

    def recurrent(self) -> tuple[Tensor, ...]:
        """Return U of both gates, and U_n."""
        return self.recurrent_weight[: 2 * self.hidden], self.recurrent_weight[2 * self.hidden :]

    def recur(
        self, given: tuple[Tensor, ...], state: HiddenState, *products: Product
    ) -> tuple[Signal, HiddenState]:
        """Take one step of time."""
        (x,), (U, U_n) = given, products  # noqa: N806
        size = self.hidden
        r, z = torch.sigmoid(x[..., : 2 * size] + U(state.hidden)).chunk(2, dim=-1)
        n = torch.tanh(x[..., 2 * size :] + U_n(r * state.hidden))
        h = n + z * (state.hidden - n)
        return Signal(h), HiddenState(h)
