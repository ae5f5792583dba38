"""Scores of parts of a test set: by the length of sentences, by the frequency of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seq2seq.metrics.statistics import Statistics

GROUPS = 5  # of sentences, about equally many in each
FREQUENCIES = (0, 1, 2, 5, 10, 100, 1000)  # in the training text; each group ends before the next

Words = Sequence[Sequence[str]]


@dataclass(frozen=True)
class LengthGroup:
    """Sentences of `shortest` to `longest` words, by their places."""

    shortest: int
    longest: int
    places: NDArray[np.int64]

    @property
    def name(self) -> str:
        """Return its lengths as a reader would write them."""
        if self.shortest == self.longest:
            return str(self.longest)
        return f"{self.shortest} to {self.longest}"


@dataclass(frozen=True)
class WordAccuracy:
    """How well one system gets the words that the training text has so often.

    `matched` of `written` words of the translations, and of `wanted` words of the references, are
    the same, counted sentence by sentence.
    """

    matched: int
    written: int
    wanted: int

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall, of 100; 0 where there is nothing."""
        return 200.0 * self.matched / max(self.written + self.wanted, 1)


def length_groups(sentences: Words) -> list[LengthGroup]:
    """Divide sentences into groups of like length and about equal size."""
    lengths = np.array([len(words) for words in sentences])
    edges = sorted({int(edge) for edge in np.quantile(lengths, np.linspace(0, 1, GROUPS + 1)[1:])})
    groups, low = [], 0
    for high in edges:
        places = np.flatnonzero((lengths >= low) & (lengths <= high))
        if len(places):
            groups.append(LengthGroup(int(lengths[places].min()), high, places))
        low = high + 1
    return groups


def by_length(groups: Sequence[LengthGroup], system: Statistics) -> list[float]:
    """Return a system's score of each group."""
    return [system.part(group.places).score().value for group in groups]


def frequency_name(number: int) -> str:
    """Return what the words of a group of `FREQUENCIES` are called."""
    low = FREQUENCIES[number]
    if number + 1 == len(FREQUENCIES):
        return f"{low:,} and more"
    high = FREQUENCIES[number + 1] - 1
    if high == 0:
        return "unknown"
    return f"{low}" if low == high else f"{low} to {high}"


def count_words(sentences: Iterable[Sequence[str]]) -> Counter[str]:
    """Count the words of a training text."""
    counts: Counter[str] = Counter()
    for words in sentences:
        counts.update(words)
    return counts


def word_accuracy(
    translations: Words, references: Words, training: Counter[str]
) -> list[WordAccuracy]:
    """Return the accuracy of words of each group of `FREQUENCIES`, against one reference."""
    edges = np.array(FREQUENCIES[1:])
    table = np.zeros((len(FREQUENCIES), 3), dtype=np.int64)
    for words, wanted in zip(translations, references, strict=True):
        written, right = Counter(words), Counter(wanted)
        for word in written.keys() | right.keys():
            group = int(np.searchsorted(edges, training[word], side="right"))
            one, other = written[word], right[word]
            table[group] += (min(one, other), one, other)
    return [WordAccuracy(*map(int, row)) for row in table]
