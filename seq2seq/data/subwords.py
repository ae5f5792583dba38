"""Other segmentations of the same words, drawn anew each epoch: subword regularisation.

Kudo (2018) samples from a unigram model, Provilkov et al. (2020) leave out merges of BPE at
random. Pieces never cross words, so a sentence's segmentation is one of each of its words. Hence
the corpus is kept once more as numbers of distinct words, with a table of segmentations that
were drawn of each; an epoch picks one for each occurrence by a hash of (seed, epoch, place
in the corpus). Nothing is encoded while training, and a resumed run picks the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seq2seq.data.batches import Batch, gather_batch, ranges
from seq2seq.data.cache import read_manifest, write_manifest
from seq2seq.data.encoded import CorpusWriter, EncodedCorpus
from seq2seq.text.sentencepiece import SentencePiece

MOST, LEAST = 64, 4  # segmentations of a word
TABLE = 1 << 22  # segmentations in all; where words are many, each has fewer
CHUNK = 20_000  # pairs read at a time
WORD_TYPE, PIECE_TYPE = "<u4", "<u4"

Row = tuple[int, ...]


class WordCorpus:
    """A corpus as distinct words, and the segmentations of each: files of a cache folder."""

    def __init__(self, folder: Path) -> None:
        """Open what `build_words` wrote; raises OSError or ValueError where it is not whole."""
        self.variants = int(read_manifest(folder).get("variants", ""))
        self.words = EncodedCorpus(folder, "words", WORD_TYPE)
        self.pieces = np.fromfile(folder / "pieces", dtype=PIECE_TYPE)
        self.starts = np.fromfile(folder / "starts", dtype="<i8")

    def epoch(self, seed: int, epoch: int) -> SampledCorpus:
        """Return the corpus as it is segmented in one epoch."""
        digest = hashlib.sha256(f"{seed}/subwords/{epoch}".encode()).digest()
        return SampledCorpus(self, np.uint64(int.from_bytes(digest[:8], "little")))


class SampledCorpus:
    """One epoch's segmentation of every pair; it is read as an `EncodedCorpus` is."""

    def __init__(self, corpus: WordCorpus, key: np.uint64) -> None:
        self._corpus = corpus
        self._key = key

    def __len__(self) -> int:
        return len(self._corpus.words)

    @property
    def source_lengths(self) -> NDArray[np.int32]:
        """Source pieces of each pair ([N]), without end symbols."""
        return self._lengths[0::2]

    @property
    def target_lengths(self) -> NDArray[np.int32]:
        """Target pieces of each pair ([N]), without end symbols."""
        return self._lengths[1::2]

    def gather(self, indices: NDArray[np.int64]) -> Batch:
        """Return the batch of the pairs at `indices`."""
        offsets = self._corpus.words.offsets
        begin, end = offsets[2 * indices], offsets[2 * indices + 2]
        places = ranges(begin, end - begin)
        first, lengths = self._picked(places)
        pieces = self._corpus.pieces[ranges(first, lengths)]
        # Where each side ends among the words of the batch, and so among its pieces.
        sides = np.stack([offsets[2 * indices + 1] - begin, end - offsets[2 * indices + 1]], 1)
        words = np.concatenate([[0], np.cumsum(sides.flatten())])
        ends = np.concatenate([[0], np.cumsum(lengths)])[words]
        batch = gather_batch(pieces, ends, np.arange(len(indices)))
        return replace(batch, indices=np.asarray(indices, dtype=np.int64))

    @cached_property
    def _lengths(self) -> NDArray[np.int32]:
        """Pieces of each side ([2N])."""
        offsets = self._corpus.words.offsets
        parts = []
        for start in range(0, len(offsets) - 1, 2 * CHUNK):
            some = offsets[start : start + 2 * CHUNK + 1]
            _, lengths = self._picked(np.arange(int(some[0]), int(some[-1])))
            ends = np.concatenate([[0], np.cumsum(lengths)])[some - some[0]]
            parts.append(np.diff(ends).astype(np.int32))
        return np.concatenate(parts)

    def _picked(self, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the segmentations of the words at `places` start, and their lengths."""
        corpus = self._corpus
        variant = (_mixed(places.astype(np.uint64) + self._key) >> np.uint64(32)) * np.uint64(
            corpus.variants
        ) >> np.uint64(32)
        rows = corpus.words.tokens[places].astype(np.int64) * corpus.variants
        rows += variant.astype(np.int64)
        first = corpus.starts[rows]
        return first, corpus.starts[rows + 1] - first


def build_words(
    folder: Path,
    corpus: EncodedCorpus,
    tokenizers: tuple[SentencePiece, SentencePiece],
    strength: float,
    seed: int,
) -> None:
    """Write the words of `corpus` and segmentations of them into an empty folder.

    `strength` is the alpha of unigram sampling or the share of merges that BPE leaves out.
    """
    joint = tokenizers[0] is tokenizers[1]
    known: dict[Row, int] = {}
    vocabularies = (known, known if joint else {})
    with CorpusWriter(folder, "words", WORD_TYPE) as writer:
        numbers = _Numbers(tokenizers, vocabularies)
        for start in range(0, len(corpus), CHUNK):
            pairs = [corpus.pair(at) for at in range(start, min(start + CHUNK, len(corpus)))]
            writer.write(
                [numbers.of(0, source) for source, _ in pairs],
                [numbers.of(1, target) for _, target in pairs],
            )
    variants = max(LEAST, min(MOST, TABLE // max(numbers.count, 1)))
    table: list[list[Row]] = [[] for _ in range(numbers.count)]
    sides = list(zip(tokenizers, vocabularies, strict=True))
    for tokenizer, vocabulary in sides[:1] if joint else sides:
        for number, rows in zip(
            vocabulary.values(),
            tokenizer.segmentations(list(vocabulary), variants, strength, seed),
            strict=True,
        ):
            table[number] = rows
    rows = [row for own in table for row in own]
    flat = np.fromiter((piece for row in rows for piece in row), dtype=PIECE_TYPE)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    flat.tofile(folder / "pieces")
    starts.astype("<i8").tofile(folder / "starts")
    write_manifest(folder, {"variants": variants})


class _Numbers:
    """Gives each distinct word, a row of pieces of one side, its number."""

    def __init__(
        self,
        tokenizers: tuple[SentencePiece, SentencePiece],
        vocabularies: tuple[dict[Row, int], dict[Row, int]],
    ) -> None:
        self.count = 0
        self._begins = [tokenizer.word_starts for tokenizer in tokenizers]
        self._vocabularies = vocabularies

    def of(self, side: int, row: Sequence[int]) -> list[int]:
        """Return the numbers of the words that `row` is made of."""
        begins, vocabulary = self._begins[side], self._vocabularies[side]
        found, begin = [], 0
        for end in range(1, len(row) + 1):
            if end < len(row) and not begins[row[end]]:
                continue
            word = tuple(row[begin:end])
            number = vocabulary.get(word)
            if number is None:
                number = vocabulary[word] = self.count
                self.count += 1
            found.append(number)
            begin = end
        return found


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64 well mixed bits of each number: the output function of SplitMix64."""
    words = words * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
