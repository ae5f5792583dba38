"""The recurrent highway network (Zilly et al. 2016): a step of time is deep, by highway layers.

    s_0 = h'    h_l = tanh([l = 1] W_h x + R_hl s_(l-1) + b_hl)
                t_l = sigmoid([l = 1] W_t x + R_tl s_(l-1) + b_tl)
    s_l = t_l * h_l + (1 - t_l) * s_(l-1)              h = s_L

The gates' biases start below zero, so that at first a step carries on what was there.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.config.schema import Section
from seq2seq.nn.cells.cell import Cell, Product, Signal, uniform
from seq2seq.nn.cells.rnn import HiddenState

DEPTH, BIAS = 3, -2.0


class RecurrentHighwayOptions(Section):
    """L, and where the gates' biases start."""

    recurrence_depth: int = Field(DEPTH, ge=1, le=100)
    transform_bias: float = Field(BIAS, ge=-20.0, le=20.0)


class RecurrentHighway(Cell):
    """One layer: `input_weight` [2H, E], `recurrent_weight` [L, 2H, H], `bias` [L, 2H]."""

    Options = RecurrentHighwayOptions

    def __init__(
        self,
        input_size: int,
        hidden: int,
        *,
        initial: float,
        recurrence_depth: int = DEPTH,
        transform_bias: float = BIAS,
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.gates = [f"transform {number + 1}" for number in range(recurrence_depth)]
        self.input_weight = uniform(2 * hidden, input_size, initial=initial)
        self.recurrent_weight = uniform(recurrence_depth, 2 * hidden, hidden, initial=initial)
        bias = torch.tensor((0.0, transform_bias)).repeat_interleave(hidden)
        self.bias = nn.Parameter(bias.repeat(recurrence_depth, 1))

    def initial_state(self, batch: int, like: Tensor) -> HiddenState:
        """Return zeros."""
        return HiddenState(like.new_zeros(batch, self.hidden))

    def given(self, below: Signal) -> tuple[Tensor, ...]:
        """Return W x and the biases of the first highway layer."""
        return (F.linear(below.output, self.input_weight, self.bias[0]),)

    def recurrent(self) -> tuple[Tensor, ...]:
        """Return R of each highway layer."""
        return self.recurrent_weight.unbind(0)

    def recur(
        self, given: tuple[Tensor, ...], state: HiddenState, *products: Product
    ) -> tuple[Signal, HiddenState]:
        """Take one step of time, L highway layers deep."""
        s = state.hidden
        for R, add in zip(products, (*given, *self.bias[1:]), strict=True):  # noqa: N806
            h, t = (R(s) + add).chunk(2, dim=-1)
            s = s + torch.sigmoid(t) * (torch.tanh(h) - s)
        return Signal(s), HiddenState(s)
