"""What an experiment came to: plain records, which `report` draws."""

from __future__ import annotations

import statistics as averages
from dataclasses import dataclass, field
from pathlib import Path

from seq2seq.analysis.vectors import Seen
from seq2seq.config.experiment import Contrast, Experiment, Figure, Row, Table
from seq2seq.evaluation.bands import Band
from seq2seq.experiments.runs import TrainingCost
from seq2seq.metrics.paired import Paired
from seq2seq.metrics.statistics import Score


@dataclass(frozen=True)
class TrainedRun:
    """A run and what it took."""

    name: str
    seed: int
    run: Path
    parameters: int
    inner: int  # of them, beside embeddings and projection
    cost: TrainingCost
    perplexity: float  # of the validation text, at the best step


@dataclass(frozen=True)
class Result:
    """A row; one that was measured has a score, or with seeds alone one of each."""

    row: Row
    tokenized: list[Score] = field(default_factory=list)  # as in papers: Moses' tokens, cased
    detokenized: list[Score] = field(default_factory=list)
    seconds: float | None = None  # of the search, a mean over seeds
    words_per_second: float | None = None  # written ones
    unknown: float | None = None  # share of written words that are <unk>
    against_first: list[Paired] = field(default_factory=list)  # choices from lists, each seed's
    trained: list[TrainedRun] = field(default_factory=list)  # the seeds, where each is alone

    @property
    def mean(self) -> float | None:
        """Return the mean of the tokenized scores."""
        return averages.mean(one.value for one in self.tokenized) if self.tokenized else None

    @property
    def deviation(self) -> float | None:
        """Return their standard deviation over seeds."""
        values = [one.value for one in self.tokenized]
        return averages.stdev(values) if len(values) > 1 else None


@dataclass(frozen=True)
class Contrasted:
    """Two groups of seeds, and the chance of as large a difference of their means."""

    contrast: Contrast
    one: list[float]
    other: list[float]
    p_value: float

    @property
    def difference(self) -> float:
        """Return the second mean minus the first."""
        return averages.mean(self.other) - averages.mean(self.one)


@dataclass(frozen=True)
class Drawing:
    """What a figure shows, by its kind."""

    figure: Figure
    vectors: list[tuple[str, list[Seen]]] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)


@dataclass(frozen=True)
class Example:
    """A sentence of the test set and what became of it."""

    source: str
    translation: str
    reference: str


@dataclass(frozen=True)
class Reproduced:
    """The whole result."""

    experiment: Experiment
    scale: str
    pair: str
    sentences: int  # of the test set
    tables: list[tuple[Table, list[Result]]]
    contrasts: list[Contrasted]
    trained: list[TrainedRun]
    examples: list[Example]
    drawings: list[Drawing]
