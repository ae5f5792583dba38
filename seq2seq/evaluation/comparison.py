"""Many systems on the same test sets: scores, how sure they are, and where they differ.

The first system is the baseline that the others are tested against. Everything is computed from
counts of single sentences, which are made once a system.
"""

from __future__ import annotations

import os
import statistics as averages
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from seq2seq.evaluation.buckets import WordAccuracy, by_length, length_groups, word_accuracy
from seq2seq.evaluation.differences import content, most_different, ngram_differences
from seq2seq.evaluation.findings import (
    Against,
    Comparison,
    Judgement,
    SeedGroup,
    SetResult,
    SystemResult,
)
from seq2seq.evaluation.systems import System
from seq2seq.evaluation.testsets import TestSet
from seq2seq.metrics.paired import (
    SEED,
    TRIALS,
    Paired,
    Resamples,
    TestName,
    check_enough,
    holm,
    randomisation,
    resamples_for,
)
from seq2seq.metrics.remarks import reference_remarks, translation_remarks
from seq2seq.metrics.statistics import (
    Counting,
    MetricName,
    Statistics,
    check_lengths,
    words_of,
)

MANY = 20_000  # translations; counting more is shared by processes
FEW = 50  # sentences; of fewer, tests and intervals say little


@dataclass(frozen=True)
class Settings:
    """How to compare."""

    metrics: tuple[MetricName, ...] = ("BLEU", "chrF")
    tokenize: str | None = None  # None: the target language's
    lowercase: bool = False
    test: TestName = "bootstrap"
    trials: int = 0  # 0: sacrebleu's number for the test
    seed: int = SEED


def compare(
    systems: Sequence[System],
    test_sets: Sequence[tuple[str, TestSet]],
    settings: Settings,
    training: Counter[str] | None = None,
    trained_on: str = "",
) -> Comparison:
    """Compare systems on named test sets; `training` counts words of the training text.

    Raises:
        DataError: the numbers of segments differ, or a set has fewer than two.
        UsageError: no such tokenizer.
    """
    sets = []
    for number, (name, test_set) in enumerate(test_sets):
        check_enough(len(test_set.references[0]))
        texts = [system.translations[number] for system in systems]
        sets.append(_SetComparison(name, test_set, settings, training).result(systems, texts))
    return Comparison(
        sets,
        [group for one in sets for group in _seeds(one, settings.metrics)],
        settings.metrics,
        sentence_metric(settings.metrics),
        settings.test,
        settings.trials or TRIALS[settings.test],
        settings.seed,
        settings.tokenize or test_sets[0][1].tokenizer,
        settings.lowercase,
        trained_on,
    )


def sentence_metric(metrics: Sequence[MetricName]) -> MetricName:
    """Return what single sentences are judged by: chrF, which they are long enough for."""
    return "chrF" if "chrF" in metrics else metrics[0]


class _SetComparison:
    """The work on one test set."""

    def __init__(
        self, name: str, test_set: TestSet, settings: Settings, training: Counter[str] | None
    ) -> None:
        self.name, self.test_set, self.settings = name, test_set, settings
        self.training = training
        self.tokenize = settings.tokenize or test_set.tokenizer
        self.references = self._words(test_set.references[0])
        self.trials = settings.trials or TRIALS[settings.test]
        intervals = resamples_for(settings.test, self.trials)
        self.resamples = Resamples(len(self.references), intervals, settings.seed)
        sources = test_set.source if test_set.source is not None else test_set.references[0]
        self.groups = length_groups([text.split() for text in sources])

    def result(self, systems: Sequence[System], texts: Sequence[list[str]]) -> SetResult:
        """Return everything about all systems."""
        counted = self._counted(texts)
        judged = self._judged(counted)
        words = [self._words(own) for own in texts]
        points = [one[sentence_metric(self.settings.metrics)].by_sentence() for one in counted]
        results = []
        for number, system in enumerate(systems):
            first = counted[number][self.settings.metrics[0]]
            results.append(
                SystemResult(
                    system,
                    texts[number],
                    points[number],
                    judged[number],
                    sum(map(len, words[number])) / max(sum(map(len, self.references)), 1),
                    by_length(self.groups, first),
                    self._accuracy(words[number]),
                    content(words[number], self.references),
                    self._against(words, points, number) if number else None,
                )
            )
        noted = [*self.test_set.remarks, *reference_remarks(self.test_set.references)]
        if len(texts[0]) < FEW:
            noted.append(
                f"{len(texts[0])} sentences are too few for intervals and tests to mean much"
            )
        for system, own in zip(systems, texts, strict=True):
            found = translation_remarks(
                own,
                self.test_set.references,
                tokenize=self.tokenize,
                lowercase=self.settings.lowercase,
            )
            noted += [f"{system.name}: {remark}" for remark in found]
        return SetResult(self.name, self.test_set, self.groups, results, noted)

    def _accuracy(self, words: Sequence[Sequence[str]]) -> list[WordAccuracy]:
        if not self.training:
            return []
        return word_accuracy(words, self.references, self.training)

    def _against(
        self, words: Sequence[list[list[str]]], points: Sequence[list[float]], number: int
    ) -> Against:
        more, less = ngram_differences(words[0], words[number], self.references)
        return Against(more, less, *most_different(points[0], points[number]))

    def _judged(
        self, counted: Sequence[dict[MetricName, Statistics]]
    ) -> list[dict[MetricName, Judgement]]:
        """Return scores, intervals and tests, with p-values corrected for each metric."""
        result: list[dict[MetricName, Judgement]] = [{} for _ in counted]
        for metric in self.settings.metrics:
            baseline = counted[0][metric]
            paired = [self._paired(baseline, system[metric]) for system in counted[1:]]
            corrected = holm([test.p_value for test in paired])
            for number, system in enumerate(counted):
                result[number][metric] = Judgement(
                    system[metric].score(),
                    self.resamples.interval(system[metric]),
                    paired[number - 1] if number else None,
                    corrected[number - 1] if number else None,
                )
        return result

    def _paired(self, baseline: Statistics, system: Statistics) -> Paired:
        if self.settings.test == "bootstrap":
            return self.resamples.paired(baseline, system)
        return randomisation(baseline, system, self.trials, self.settings.seed)

    def _counted(self, texts: Sequence[list[str]]) -> list[dict[MetricName, Statistics]]:
        """Count each system's sentences; many are shared by processes."""
        for own in texts:
            check_lengths(own, self.test_set.references)
        arguments = (
            self.test_set.references, self.tokenize, self.settings.lowercase, self.settings.metrics
        )  # fmt: skip
        counting = Counting(*arguments)
        workers = min(os.cpu_count() or 1, len(texts))
        rows: list[dict[MetricName, NDArray[np.float64]]]
        if workers > 1 and sum(map(len, texts)) >= MANY:
            pool = ProcessPoolExecutor(
                workers, get_context("spawn"), initializer=_begin, initargs=arguments
            )
            with pool:
                rows = list(pool.map(_count, texts))
        else:
            rows = [counting.rows(own) for own in texts]
        pair, name = self.test_set.pair, self.test_set.name
        return [
            {
                metric: Statistics(
                    metric, one[metric], counting.signature(metric, name, pair), scorer
                )
                for metric, scorer in counting.scorers.items()
            }
            for one in rows
        ]

    def _words(self, texts: Sequence[str]) -> list[list[str]]:
        return words_of(texts, self.tokenize, self.settings.lowercase)


_counting: list[Counting] = []  # of a worker process


def _begin(
    references: list[list[str]], tokenize: str, lowercase: bool, metrics: tuple[MetricName, ...]
) -> None:
    _counting.append(Counting(references, tokenize, lowercase, metrics))


def _count(texts: list[str]) -> dict[MetricName, NDArray[np.float64]]:
    return _counting[0].rows(texts)


def _seeds(one: SetResult, metrics: Sequence[MetricName]) -> list[SeedGroup]:
    """Return the groups of two or more runs that differ in their seed alone; each seed once."""
    groups: dict[str, dict[int, SystemResult]] = {}
    for result in one.systems:
        if result.system.recipe:
            groups.setdefault(result.system.recipe, {}).setdefault(result.system.seed, result)
    found = []
    for seeds in groups.values():
        members = list(seeds.values())
        if len(members) < 2:
            continue
        for metric in metrics:
            values = [member.judgements[metric].score.value for member in members]
            names = [member.system.name for member in members]
            mean, deviation = averages.mean(values), averages.stdev(values)
            found.append(SeedGroup(one.name, names, metric, mean, deviation))
    return found
