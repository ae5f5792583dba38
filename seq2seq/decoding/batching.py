"""The order of work: sentences of like length together, as many as fit the token budget."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from seq2seq.text.tokenizer import EOS, PAD


def plan_batches(
    lengths: Sequence[int], *, beam: int, batch_tokens: int, one_length: bool
) -> list[list[int]]:
    """Return the places of `lengths` in batches, longest first.

    A batch holds as many sentences as keep sentences x beam x longest source (EOS included) within
    `batch_tokens`, and at least one; with `one_length`, only sentences of equal length.
    """
    batches: list[list[int]] = []
    longest = room = 0
    for place in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        length = lengths[place]
        if room == 0 or (one_length and length != longest):
            batches.append([])
            longest = length
            room = max(1, batch_tokens // (beam * (longest + 1)))
        batches[-1].append(place)
        room -= 1
    return batches


def pad_sources(sources: Sequence[Sequence[int]], device: str) -> tuple[Tensor, Tensor]:
    """Return sentences as [B, S], EOS added, right-padded, and their lengths ([B]), EOS counted."""
    width = max(map(len, sources)) + 1
    rows = [[*pieces, EOS] + [PAD] * (width - len(pieces) - 1) for pieces in sources]
    lengths = torch.tensor([len(pieces) + 1 for pieces in sources])
    return torch.tensor(rows).to(device), lengths.to(device)
