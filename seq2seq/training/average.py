"""Averages of weights, which translate better than the last of them.

One moves along while training; the other is the mean of the last checkpoints, at the end.

The moving average is exponential: after each step it moves towards the weights by a share of
1 - decay (Polyak and Juditsky 1992 average evenly; the exponential form is that of Adam's paper,
section 7.2). In the first steps the share is larger, so that the average does not remember where
training began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from seq2seq.models.bundle import weight_tensors

HEAD_START = 10.0  # the decay of step t is at most (t + 1) / (t + HEAD_START)


class WeightAverage:
    """The average of a model's weights, kept in tensors of its own."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.tensors = {
            name: weight.detach().clone() for name, weight in weight_tensors(model).items()
        }

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move towards the weights that `model` has after `step` steps, counted from 1."""
        decay = min(self.decay, (step + 1.0) / (step + HEAD_START))
        weights = list(weight_tensors(model).values())
        torch._foreach_lerp_(list(self.tensors.values()), weights, 1.0 - decay)

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Take up an average that was saved."""
        for name, tensor in self.tensors.items():
            tensor.copy_(tensors[name])

    @contextmanager
    def standing_in(self, model: nn.Module) -> Iterator[None]:
        """Let `model` have the average for its weights in a `with` block."""
        self._swap(model)
        try:
            yield
        finally:
            self._swap(model)

    def _swap(self, model: nn.Module) -> None:
        swap(model, self.tensors)


def swap(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Let a model and a table exchange their weights."""
    for name, weight in weight_tensors(model).items():
        weight.data, tensors[name] = tensors[name], weight.data


def mean_of(sets: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each tensor over sets of weights, summed in double precision."""
    return {
        name: torch.stack([one[name].double() for one in sets]).mean(dim=0).to(first.dtype)
        for name, first in sets[0].items()
    }
