"""What a comparison found: plain records, which `report` draws."""

from __future__ import annotations

from dataclasses import dataclass

from seq2seq.evaluation.buckets import LengthGroup, WordAccuracy
from seq2seq.evaluation.differences import Content, NgramDifference
from seq2seq.evaluation.systems import System
from seq2seq.evaluation.testsets import TestSet
from seq2seq.metrics.paired import Interval, Paired, TestName
from seq2seq.metrics.statistics import MetricName, Score

SURE = 0.05  # a smaller corrected p-value is called significant


@dataclass(frozen=True)
class Judgement:
    """One metric of one system."""

    score: Score
    interval: Interval
    paired: Paired | None  # None for the baseline
    corrected: float | None  # its p-value, for as many systems as were tested (Holm 1979)


@dataclass(frozen=True)
class Against:
    """Where a system and the baseline differ: n-grams, and the places of sentences."""

    more: list[NgramDifference]
    less: list[NgramDifference]
    won: list[int]
    lost: list[int]


@dataclass(frozen=True)
class SystemResult:
    """What one system came to on one test set."""

    system: System
    translations: list[str]
    by_sentence: list[float]  # of the comparison's sentence_metric
    judgements: dict[MetricName, Judgement]
    length_ratio: float
    lengths: list[float]  # the first metric's score of each group of lengths
    words: list[WordAccuracy]  # by frequency; empty where no training text is known
    content: Content
    against: Against | None  # None for the baseline


@dataclass(frozen=True)
class SetResult:
    """All systems on one test set."""

    name: str
    test_set: TestSet
    groups: list[LengthGroup]
    systems: list[SystemResult]
    remarks: list[str]


@dataclass(frozen=True)
class SeedGroup:
    """Runs of one recipe that differ in their seed alone, on one test set."""

    test: str
    names: list[str]
    metric: MetricName
    mean: float
    deviation: float


@dataclass(frozen=True)
class Comparison:
    """The whole answer."""

    sets: list[SetResult]
    seeds: list[SeedGroup]
    metrics: tuple[MetricName, ...]
    sentence_metric: MetricName
    test: TestName
    trials: int
    seed: int
    tokenize: str
    lowercase: bool
    trained_on: str  # the training text that words were counted in, or nothing
