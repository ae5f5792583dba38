"""The encoded corpus: two flat little-endian files, memory-mapped.

`tokens` holds source and target of each pair one after the other, without special symbols;
`offsets` holds 2N + 1 int64 numbers: where each side starts, and the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from seq2seq.data.batches import Batch, gather_batch

LARGEST_16_BIT = 1 << 16


def token_type(largest_vocabulary: int) -> str:
    """Return the numpy name of the smallest token type that holds a vocabulary."""
    return "<u2" if largest_vocabulary <= LARGEST_16_BIT else "<u4"


class EncodedCorpus:
    """N pairs of piece ids in two files, read through the page cache and never as a whole."""

    def __init__(self, folder: Path, name: str, kind: str) -> None:
        """Open `NAME.tokens` (of type `kind`) and `NAME.offsets`.

        Raises OSError or ValueError where they are not there or do not fit together.
        """
        tokens, offsets = _paths(folder, name)
        self.offsets = np.asarray(np.memmap(offsets, dtype="<i8", mode="r"))
        self.tokens = np.asarray(np.memmap(tokens, dtype=kind, mode="r"))
        if len(self.offsets) % 2 == 0 or int(self.offsets[-1]) != len(self.tokens):
            raise ValueError(f"{tokens} and {offsets} do not fit together")

    def __len__(self) -> int:
        return len(self.offsets) // 2

    @cached_property
    def source_lengths(self) -> NDArray[np.int32]:
        """Source pieces of each pair ([N]), without end symbols."""
        return np.asarray(self.offsets[1::2] - self.offsets[:-1:2], dtype=np.int32)

    @property
    def usual_source(self) -> int:
        """The source pieces that 99 % of the pairs do not exceed."""
        lengths = self.source_lengths
        place = min(len(lengths) - 1, int(0.99 * len(lengths)))
        return max(1, int(np.partition(lengths, place)[place])) if len(lengths) else 1

    @cached_property
    def target_lengths(self) -> NDArray[np.int32]:
        """Target pieces of each pair ([N]), without end symbols."""
        return np.asarray(self.offsets[2::2] - self.offsets[1::2], dtype=np.int32)

    def gather(self, indices: NDArray[np.int64]) -> Batch:
        """Return the batch of the pairs at `indices`."""
        return gather_batch(self.tokens, self.offsets, indices)

    def pair(self, index: int) -> tuple[list[int], list[int]]:
        """Return the source and target ids of one pair."""
        begin, middle, end = (int(place) for place in self.offsets[2 * index : 2 * index + 3])
        return self.tokens[begin:middle].tolist(), self.tokens[middle:end].tolist()


class CorpusWriter:
    """Writes an encoded corpus, chunk by chunk. Use it in a `with` block."""

    def __init__(self, folder: Path, name: str, kind: str) -> None:
        tokens, offsets = _paths(folder, name)
        self._kind = np.dtype(kind)
        self._end = 0
        self._tokens = tokens.open("wb")
        self._offsets = offsets.open("wb")
        self._offsets.write(np.zeros(1, dtype="<i8").tobytes())

    def __enter__(self) -> CorpusWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tokens.close()
        self._offsets.close()

    def write(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> None:
        """Append pairs of ids."""
        rows = list(chain.from_iterable(zip(sources, targets, strict=True)))
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        ends = self._end + np.cumsum(lengths)
        total = int(lengths.sum())
        flat = np.fromiter(chain.from_iterable(rows), dtype=self._kind, count=total)
        self._tokens.write(flat.tobytes())
        self._offsets.write(ends.astype("<i8").tobytes())
        self._end += total


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.tokens", folder / f"{name}.offsets"
