"""BLEU, chrF and TER of a whole corpus, computed by sacrebleu, each with sacrebleu's own signature.

sacrebleu's Python interface does not compare lengths: one hypothesis against two references scores
100. So lengths are checked here, before any score.
"""

from __future__ import annotations

from collections.abc import Sequence

from seq2seq.metrics.languages import DEFAULT_TOKENIZER
from seq2seq.metrics.statistics import METRICS, MetricName, Score, statistics


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenize: str = DEFAULT_TOKENIZER,
    lowercase: bool = False,
    metrics: Sequence[MetricName] = METRICS,
    test_set: str | None = None,
    pair: str | None = None,
) -> dict[str, Score]:
    """Score translations against one list of references per reference set.

    `tokenize` is sacrebleu's name of BLEU's tokenizer, or moses-de for Moses' German one.
    `lowercase` holds for BLEU and chrF; TER ignores case always, as sacrebleu's does by default.
    `test_set` and `pair` go into signatures.

    Raises:
        DataError: there is nothing to score, or the numbers of segments differ.
        UsageError: no such tokenizer.
        ResourceError: the tokenizer needs a download or a package that is not there.
    """
    counted = statistics(
        hypotheses,
        references,
        tokenize=tokenize,
        lowercase=lowercase,
        metrics=metrics,
        test_set=test_set,
        pair=pair,
    )
    return {name: one.score() for name, one in counted.items()}
