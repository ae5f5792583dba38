"""BLEU of parts of a test set with bootstrap bands: figure 3 of Sutskever et al. 2014.

Sentences are sorted by their length in words, or by the mean frequency rank of their words in the
training text (1 is the most frequent), and divided into groups of about equal size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seq2seq.evaluation.testsets import TestSet
from seq2seq.metrics.paired import FEWEST, Resamples
from seq2seq.metrics.statistics import statistics

GROUPS = 8


@dataclass(frozen=True)
class Point:
    """A group of sentences."""

    place: float  # mean length in words, or mean rank
    sentences: int
    score: float
    half: float  # 95 % of resamples lie within ± half around their mean


@dataclass(frozen=True)
class Band:
    """A system's scores along the groups."""

    label: str
    points: list[Point]
    signature: str


def bands(
    systems: Sequence[tuple[str, Sequence[str]]],
    test_set: TestSet,
    tokenize: str,
    values: NDArray[np.float64],
) -> list[Band]:
    """Return for each system its BLEU over groups of sentences of like `values` ([N])."""
    groups = like_groups(values)
    resamples = [Resamples(len(group)) if len(group) >= FEWEST else None for group in groups]
    found = []
    for label, texts in systems:
        counted = statistics(
            texts, test_set.references, tokenize=tokenize, metrics=("BLEU",), pair=test_set.pair
        )["BLEU"]
        points = []
        for group, drawn in zip(groups, resamples, strict=True):
            part = counted.part(group)
            half = drawn.interval(part).half if drawn else 0.0
            points.append(Point(float(values[group].mean()), len(group), part.score().value, half))
        found.append(Band(label, points, counted.signature))
    return found


def like_groups(values: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Divide places into groups of like values and about equal size; equal values stay together."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, GROUPS + 1)[1:-1], method="lower"))
    numbers = np.searchsorted(edges, values, side="left")
    return [np.flatnonzero(numbers == number) for number in np.unique(numbers)]


def word_counts(sentences: Sequence[str]) -> NDArray[np.float64]:
    """Return the length of each sentence in words, as white space divides it."""
    return np.array([float(len(text.split())) for text in sentences])


def mean_ranks(
    sentences: Sequence[Sequence[str]], training: Iterable[Sequence[str]]
) -> NDArray[np.float64]:
    """Return the mean rank of each sentence's words by their frequency in a training text.

    Words of equal count are ordered by spelling; an unknown one comes after all known ones.
    """
    counts: Counter[str] = Counter()
    for words in training:
        counts.update(words)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    ranks = {word: float(rank) for rank, word in enumerate(ordered, start=1)}
    last = len(ordered) + 1.0
    return np.array(
        [np.mean([ranks.get(word, last) for word in words] or [last]) for words in sentences]
    )
