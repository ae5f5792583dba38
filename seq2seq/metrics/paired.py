"""Is the difference between two systems more than chance? Bootstrap and randomisation tests.

Both are those of sacrebleu (Koehn 2004; Riezler and Maxwell 2005), with its generator, its default
seed and its way to count, so that p-values are equal to those that its command line prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seq2seq.errors import DataError
from seq2seq.metrics.statistics import Statistics

TestName = Literal["bootstrap", "randomisation"]

SEED = 12345  # sacrebleu's default
TRIALS: dict[TestName, int] = {"bootstrap": 1000, "randomisation": 10_000}
CHUNK = 500  # trials at a time
FEWEST = 2  # segments that can be resampled


@dataclass(frozen=True)
class Interval:
    """What resampling says of one score: its mean, and 95 % of the resamples lie within ± half."""

    mean: float
    half: float


@dataclass(frozen=True)
class Paired:
    """A system against the baseline: the difference of the scores, and the chance of as much."""

    difference: float
    p_value: float


class Resamples:
    """Bootstrap resamples of N sentences, the same for every system, so that tests are paired."""

    def __init__(self, sentences: int, trials: int = TRIALS["bootstrap"], seed: int = SEED) -> None:
        check_enough(sentences)
        generator = np.random.default_rng(seed)
        self.weights = np.empty((trials, sentences), dtype=np.uint16)
        for row in self.weights:  # one at a time, for memory's sake; the numbers are the same
            drawn = generator.choice(sentences, size=sentences, replace=True)
            row[:] = np.bincount(drawn, minlength=sentences)

    def interval(self, system: Statistics) -> Interval:
        """Return mean and half width of the middle 95 % of a system's resampled scores."""
        return interval_of(system.resampled(self.weights))

    def paired(self, baseline: Statistics, system: Statistics) -> Paired:
        """Return the paired bootstrap test of a system against a baseline."""
        difference = system.score().value - baseline.score().value
        between = np.abs(system.resampled(self.weights) - baseline.resampled(self.weights))
        return Paired(difference, p_value(between - between.mean(), abs(difference)))


def randomisation(
    baseline: Statistics,
    system: Statistics,
    trials: int = TRIALS["randomisation"],
    seed: int = SEED,
) -> Paired:
    """Return the paired approximate randomisation test of a system against a baseline."""
    sentences = len(system.rows)
    check_enough(sentences)
    generator = np.random.default_rng(seed)
    swapped = generator.integers(2, size=(trials, sentences), dtype=bool)
    apart = system.rows - baseline.rows
    both = system.rows.sum(0) + baseline.rows.sum(0)
    between = []
    for start in range(0, trials, CHUNK):
        chosen = swapped[start : start + CHUNK].astype(np.float64)
        ones = system.rows.sum(0) - chosen @ apart  # a swapped sentence is the baseline's
        between += [abs(system.value(one) - system.value(both - one)) for one in ones]
    difference = system.score().value - baseline.score().value
    return Paired(difference, p_value(np.array(between), abs(difference)))


def resamples_for(test: TestName, trials: int) -> int:
    """Return of how many resamples intervals are made: those of the bootstrap, where it is run."""
    return trials if test == "bootstrap" else TRIALS["bootstrap"]


def interval_of(scores: NDArray[np.float64]) -> Interval:
    """Return mean and half of the distance between the 2.5th and the 97.5th percentile."""
    ordered = np.sort(scores)
    outside = len(ordered) // 40
    half = 0.5 * (ordered[len(ordered) - outside - 1] - ordered[outside])
    return Interval(float(ordered.mean()), float(half))


def p_value(chance: NDArray[np.float64], found: float) -> float:
    """Return how often chance alone gives a larger difference than was found.

    The one that is added keeps the test from rejecting too often where trials are few. Equal
    systems differ by 0, which no chance exceeds: that is no evidence, and p is 1.
    """
    if found == 0.0:
        return 1.0
    return float((np.sum(chance > found) + 1) / (len(chance) + 1))


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for being several (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, p_values[place] * (len(p_values) - rank)))
        corrected[place] = least
    return corrected


def check_enough(sentences: int) -> None:
    """Raise a DataError for texts that are too short to be resampled."""
    if sentences < FEWEST:
        raise DataError(
            f"{sentences} segment is too few to compare systems by resampling",
            f"give at least {FEWEST}",
        )
