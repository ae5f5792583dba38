"""The score of one system on one test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seq2seq.evaluation.testsets import (
    TestSet,
    check_counts,
    damage_remark,
    from_files,
    read_texts,
)
from seq2seq.metrics.corpus import remarks, score
from seq2seq.metrics.statistics import METRICS, MetricName, Score


class Translates(Protocol):
    """Anything that turns texts into as many translations, such as a `Translator`."""

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Return one translation for each text, in order."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """Scores by metric, over how many segments, and what looked wrong about the texts."""

    scores: dict[str, Score]
    segments: int
    remarks: tuple[str, ...] = ()


def evaluate_texts(
    hypotheses: Sequence[str],
    test_set: TestSet,
    *,
    tokenize: str | None = None,
    lowercase: bool = False,
    metrics: Sequence[MetricName] = METRICS,
) -> Evaluation:
    """Score translations of a test set; `tokenize` None is the target language's tokenizer.

    Raises:
        DataError: the numbers of segments differ, or there are none.
        UsageError: no such tokenizer.
    """
    tokenizer = tokenize or test_set.tokenizer
    scores = score(
        hypotheses,
        test_set.references,
        tokenize=tokenizer,
        lowercase=lowercase,
        metrics=metrics,
        test_set=test_set.name,
        pair=test_set.pair,
    )
    doubts = remarks(hypotheses, test_set.references, tokenize=tokenizer)
    return Evaluation(scores, len(hypotheses), (*test_set.remarks, *doubts))


def evaluate_files(
    hypothesis: Path,
    references: Sequence[Path] | TestSet,
    *,
    tokenize: str | None = None,
    lowercase: bool = False,
    metrics: Sequence[MetricName] = METRICS,
) -> Evaluation:
    """Score a file of translations against files of references, or against a test set.

    Raises:
        DataError: a file is missing or damaged, or the numbers of lines differ.
    """
    test_set = references if isinstance(references, TestSet) else from_files(references)
    texts, damaged = read_texts(hypothesis)
    counted = zip(test_set.reference_names, map(len, test_set.references), strict=True)
    check_counts([(str(hypothesis), len(texts)), *counted])
    result = evaluate_texts(
        texts, test_set, tokenize=tokenize, lowercase=lowercase, metrics=metrics
    )
    mended = (damage_remark(hypothesis, damaged),) if damaged else ()
    return Evaluation(result.scores, result.segments, mended + result.remarks)


def evaluate_model(
    model: Translates,
    test_set: TestSet,
    *,
    tokenize: str | None = None,
    lowercase: bool = False,
    metrics: Sequence[MetricName] = METRICS,
) -> Evaluation:
    """Translate a test set's source and score the result."""
    assert test_set.source is not None, "a model needs something to translate"
    hypotheses = model.translate(test_set.source)
    return evaluate_texts(
        hypotheses, test_set, tokenize=tokenize, lowercase=lowercase, metrics=metrics
    )
