"""The score of one system on one test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seq2seq.decoding.stream import TranslatesRanked, translate_lines
from seq2seq.evaluation.testsets import (
    TestSet,
    check_counts,
    damage_remark,
    from_files,
    language_in,
    read_texts,
)
from seq2seq.metrics.languages import has_no_spaces, tokenizer_remark
from seq2seq.metrics.paired import FEWEST, Interval, Resamples
from seq2seq.metrics.remarks import remarks
from seq2seq.metrics.statistics import METRICS, MetricName, Score, statistics

MOST = 100_000  # segments that are resampled; the score of more is sure enough


@dataclass(frozen=True)
class Evaluation:
    """Scores by metric, over how many segments, and what looked wrong about the texts.

    `intervals` hold 95 % of bootstrap resamples (Koehn 2004); none for a single segment.
    """

    scores: dict[str, Score]
    segments: int
    remarks: tuple[str, ...] = ()
    intervals: dict[str, Interval] = field(default_factory=dict)


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
    counted = statistics(
        hypotheses,
        test_set.references,
        tokenize=tokenizer,
        lowercase=lowercase,
        metrics=metrics,
        test_set=test_set.name,
        pair=test_set.pair,
    )
    doubts = remarks(
        hypotheses, test_set.references, tokenize=tokenizer, lowercase=lowercase
    )
    if not tokenize and (remark := tokenizer_remark(test_set.language, tokenizer)):
        doubts.append(remark)
    scores: dict[str, Score] = {name: one.score() for name, one in counted.items()}
    intervals: dict[str, Interval] = {}
    if FEWEST <= len(hypotheses) <= MOST:
        resamples = Resamples(len(hypotheses))
        intervals = {name: resamples.interval(one) for name, one in counted.items()}
    return Evaluation(scores, len(hypotheses), (*test_set.remarks, *doubts), intervals)


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
    if not test_set.language and any(map(has_no_spaces, (texts, test_set.references[0]))):
        test_set = replace(test_set, language=language_in(hypothesis))
    result = evaluate_texts(
        texts, test_set, tokenize=tokenize, lowercase=lowercase, metrics=metrics
    )
    mended = (damage_remark(hypothesis, damaged),) if damaged else ()
    return replace(result, remarks=mended + result.remarks)


def evaluate_model(
    model: TranslatesRanked,
    test_set: TestSet,
    *,
    tokenize: str | None = None,
    lowercase: bool = False,
    metrics: Sequence[MetricName] = METRICS,
) -> Evaluation:
    """Translate a test set's source and score the result."""
    assert test_set.source is not None, "a model needs something to translate"
    best, messages = translate_lines(model, test_set.source)
    result = evaluate_texts(
        [translation.text for translation in best],
        test_set,
        tokenize=tokenize,
        lowercase=lowercase,
        metrics=metrics,
    )
    return replace(result, remarks=(*messages, *result.remarks))
