"""The plain recurrent net (Elman 1990): h = tanh(W x + U h' + b)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from seq2seq.config.schema import Section
from seq2seq.nn.cells.cell import Gated, Product, Signal


class RNNOptions(Section):
    """How U starts: evenly, orthogonal (Saxe et al. 2013), or as 1 (Le et al. 2015)."""

    recurrent_initial: Literal["uniform", "orthogonal", "identity"] = "uniform"


class HiddenState(NamedTuple):
    """The output of the last step, [B, H]."""

    hidden: Tensor


class RNN(Gated):
    """One layer."""

    Options = RNNOptions

    def __init__(
        self, input_size: int, hidden: int, *, initial: float, recurrent_initial: str = "uniform"
    ) -> None:
        super().__init__(input_size, hidden, initial=initial, biases=(0.0,))
        if recurrent_initial == "orthogonal":
            nn.init.orthogonal_(self.recurrent_weight)
        elif recurrent_initial == "identity":
            nn.init.eye_(self.recurrent_weight)

    def initial_state(self, batch: int, like: Tensor) -> HiddenState:
        """Return zeros."""
        return HiddenState(like.new_zeros(batch, self.hidden))

    def recur(
        self, given: tuple[Tensor, ...], state: HiddenState, *products: Product
    ) -> tuple[Signal, HiddenState]:
        """Take one step of time."""
        (x,), (U,) = given, products  # noqa: N806
        h = torch.tanh(x + U(state.hidden))
        return Signal(h), HiddenState(h)

    def whole(self, below: Signal, state: HiddenState) -> tuple[Signal, HiddenState]:
        """Take all steps at once through the fused kernel: [T, B, E] to [T, B, H]."""
        weights = [self.input_weight, self.recurrent_weight, self.bias, torch.zeros_like(self.bias)]
        start = state.hidden.unsqueeze(0)
        output, hidden = torch.rnn_tanh(
            below.output, start, weights, True, 1, 0.0, self.training, False, False
        )
        return Signal(output), HiddenState(hidden[0])
