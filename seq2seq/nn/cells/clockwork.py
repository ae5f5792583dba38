"""The clockwork RNN (Koutnik et al. 2014): modules of a plain net that tick at different periods.

    h_i = tanh(W_i x + sum_j U_ij h'_j + b_i)  at steps t with t mod T_i = 0,  else  h_i = h'_i

Module i hears module j where T_i <= T_j: the slow ones speak to the fast ones. Steps count from 0,
at which all modules tick. A decoder that starts from an encoder's state goes on counting there.

What is different: units that do not divide evenly go to the first modules.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from seq2seq.config.schema import Section
from seq2seq.nn.cells.cell import Gated, Product, Signal

PERIODS = (1, 2, 4, 8)


class ClockworkOptions(Section):
    """The modules' periods."""

    periods: list[Annotated[int, Field(ge=1, le=1 << 20)]] = Field(list(PERIODS), min_length=1)


class ClockworkState(NamedTuple):
    """The hidden state [B, H], and how many steps were taken [B, 1]."""

    hidden: Tensor
    time: Tensor


class Clockwork(Gated):
    """One layer."""

    Options = ClockworkOptions

    def __init__(
        self,
        input_size: int,
        hidden: int,
        *,
        initial: float,
        periods: tuple[int, ...] | list[int] = PERIODS,
    ) -> None:
        super().__init__(input_size, hidden, initial=initial, biases=(0.0,))
        shares = torch.arange(hidden, device="cpu").tensor_split(len(periods))
        counts = torch.tensor([len(own) for own in shares], device="cpu")
        # No buffer: it is no part of the model's file, and models are built without memory first.
        self.period = torch.tensor(sorted(periods), device="cpu").repeat_interleave(counts)
        self.unused = int((~self._heard()).sum())

    def initial_state(self, batch: int, like: Tensor) -> ClockworkState:
        """Return zeros, before step 0."""
        time = torch.zeros(batch, 1, dtype=torch.long, device=like.device)
        return ClockworkState(like.new_zeros(batch, self.hidden), time)

    def recurrent(self) -> tuple[Tensor, ...]:
        """Return U, without the connections that are not there."""
        return (self.recurrent_weight * self._heard().to(self.recurrent_weight.device),)

    def _heard(self) -> Tensor:
        """Return which unit (row) hears which ([H, H])."""
        return self.period.unsqueeze(1) <= self.period

    def recur(
        self, given: tuple[Tensor, ...], state: ClockworkState, *products: Product
    ) -> tuple[Signal, ClockworkState]:
        """Take one step of time."""
        (x,), (U,) = given, products  # noqa: N806
        ticks = state.time % self.period.to(x.device) == 0  # [B, H]
        h = torch.where(ticks, torch.tanh(x + U(state.hidden)), state.hidden)
        return Signal(h), ClockworkState(h, state.time + 1)
