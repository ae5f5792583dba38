"""A moving average of the weights, which translates better than the last of them.

The average is exponential: after each step it moves towards the weights by a share of 1 - decay
(Polyak and Juditsky 1992 average evenly; the exponential form is that of Adam's paper, section
7.2). In the first steps the share is larger, so that the average does not remember where training
began.
"""

from __future__ import annotations

from collections.abc import Iterator
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
        for name, weight in weight_tensors(model).items():
            weight.data, self.tensors[name] = self.tensors[name], weight.data
