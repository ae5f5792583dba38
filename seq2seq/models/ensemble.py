"""Several models as one: each reads the same source, and their probabilities are averaged.

With `of_logs` it is the logarithms that are averaged: a piece must please every member.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seq2seq.models.contract import TranslationModel


class Members(NamedTuple):
    """One memory, or one state, of each member."""

    parts: tuple[Any, ...]

    def select(self, index: Tensor) -> Members:
        """Return the rows at `index` of every member."""
        return Members(tuple(part.select(index) for part in self.parts))


class Ensemble(nn.Module):
    """Models over the same vocabularies; each may read the source in its own order."""

    normalised = True

    def __init__(self, models: Sequence[nn.Module], *, of_logs: bool = False) -> None:
        super().__init__()
        self.of_logs = of_logs
        self.members: Sequence[TranslationModel] = nn.ModuleList(models)  # type: ignore[assignment]

    @property
    def one_length_batches(self) -> bool:
        """True if any member wants it."""
        return any(member.one_length_batches for member in self.members)

    def encode(self, source: Tensor, lengths: Tensor) -> Members:
        """Let every member read the source."""
        return Members(tuple(member.encode(source, lengths) for member in self.members))

    def start(self, memory: Members) -> Members:
        """Start every member."""
        pairs = zip(self.members, memory.parts, strict=True)
        return Members(tuple(member.start(part) for member, part in pairs))

    def step(self, tokens: Tensor, state: Members, memory: Members) -> tuple[Tensor, Members]:
        """Return the joint score of each piece ([B * K, V]) with the members' next states."""
        results = [
            member.step(tokens, own_state, own_memory)
            for member, own_state, own_memory in zip(
                self.members, state.parts, memory.parts, strict=True
            )
        ]
        logs = torch.stack([torch.log_softmax(logits.float(), dim=-1) for logits, _ in results])
        return self.mean(logs), Members(tuple(after for _, after in results))

    def mean(self, logs: Tensor) -> Tensor:
        """Return the mean over the members' log-probabilities ([N, ...]), or of what they mean."""
        return logs.mean(0) if self.of_logs else torch.logsumexp(logs, dim=0) - math.log(len(logs))

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor | None:
        """Return the mean weights ([B, T, S]) of the members that have attention, or None.

        Weights of another shape than those of the first such member are left out.
        """
        found = [member.align(source, lengths, target) for member in self.members]
        weights = [each for each in found if each is not None]
        if not weights:
            return None
        return torch.stack([each for each in weights if each.shape == weights[0].shape]).mean(0)
