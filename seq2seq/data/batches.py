"""A batch: the tensors that one step reads, gathered from flat arrays in a few array operations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seq2seq.text.tokenizer import BOS, EOS, PAD


@dataclass(frozen=True)
class Batch:
    """B pairs of at most S source and T target positions, as int64 tensors padded on the right."""

    source: Tensor  # [B, S]: content, then EOS
    lengths: Tensor  # [B]: source pieces, EOS included
    target: Tensor  # [B, T]: BOS, then content
    labels: Tensor  # [B, T]: content, then EOS; PAD where nothing is to be learned
    pieces: int  # content pieces of both sides, without padding and special symbols
    indices: NDArray[np.int64]  # [B]: which pairs of the corpus these are

    @property
    def positions(self) -> int:
        """Return all positions of both sides, padding and end symbols included."""
        return self.source.numel() + self.target.numel()

    @property
    def padding(self) -> int:
        """Return how many of the positions are padding."""
        return self.positions - self.pieces - 2 * len(self.indices)

    def to(self, device: torch.device) -> Batch:
        """Return the batch with its tensors on `device`."""
        if device.type == "cpu":
            return self
        moved = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("source", "lengths", "target", "labels")
        }
        return replace(self, **moved)


def gather_batch(
    tokens: NDArray[np.unsignedinteger], offsets: NDArray[np.int64], indices: NDArray[np.int64]
) -> Batch:
    """Build the batch of the pairs at `indices` ([B]).

    Pair i has its source in `tokens[offsets[2i]:offsets[2i+1]]`, its target in
    `tokens[offsets[2i+1]:offsets[2i+2]]`.
    """
    indices = np.asarray(indices, dtype=np.int64)
    begin, middle, end = offsets[2 * indices], offsets[2 * indices + 1], offsets[2 * indices + 2]
    source, source_lengths = _padded(tokens, begin, middle - begin)
    labels, target_lengths = _padded(tokens, middle, end - middle)
    target = np.empty_like(labels)
    target[:, 0] = BOS
    target[:, 1:] = labels[:, :-1]
    rows = np.arange(len(indices))
    source[rows, source_lengths] = EOS
    labels[rows, target_lengths] = EOS
    return Batch(
        source=torch.from_numpy(source),
        lengths=torch.from_numpy(source_lengths + 1),
        target=torch.from_numpy(target),
        labels=torch.from_numpy(labels),
        pieces=int(source_lengths.sum() + target_lengths.sum()),
        indices=indices,
    )


def _padded(
    tokens: NDArray[np.unsignedinteger], begin: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of content ([B, longest + 1]), each with a PAD behind it, and their lengths."""
    rows = np.full((len(lengths), int(lengths.max()) + 1), PAD, dtype=np.int64)
    rows[np.arange(rows.shape[1]) < lengths[:, None]] = tokens[ranges(begin, lengths)]
    return rows, lengths


def ranges(begin: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return begin[0], begin[0] + 1, ... (lengths[0] numbers), then begin[1], ... in one row."""
    before = np.cumsum(lengths) - lengths
    places: NDArray[np.int64] = np.arange(int(lengths.sum())) + np.repeat(begin - before, lengths)
    return places
