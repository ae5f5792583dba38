"""BLEU, chrF and TER of a whole corpus, computed by sacrebleu, each with sacrebleu's own signature.

sacrebleu's Python interface does not compare lengths: one hypothesis against two references scores
100. So lengths are checked here, before any score.
"""

from __future__ import annotations

from collections.abc import Sequence

from seq2seq.metrics.statistics import (
    DEFAULT_TOKENIZER,
    METRICS,
    MetricName,
    Score,
    statistics,
)

LANGUAGE_TOKENIZERS = {"zh": "zh", "ja": "ja-mecab", "ko": "ko-mecab"}  # as sacrebleu chooses
TOKENIZED_LINES = 100  # so many lines that end in " ." are tokenized text, as sacrebleu judges


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


def remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, tokenize: str = ""
) -> list[str]:
    """Return what looks wrong about texts that can be scored all the same, as sentences."""
    return [
        *translation_remarks(hypotheses, references, tokenize=tokenize),
        *reference_remarks(references),
    ]


def reference_remarks(references: Sequence[Sequence[str]]) -> list[str]:
    """Return what looks wrong about references."""
    counts = [sum(not text.strip() for text in texts) for texts in references]
    return [
        f"{empty} of {len(texts)} references are empty (set {number})"
        for number, (empty, texts) in enumerate(zip(counts, references, strict=True), start=1)
        if empty
    ]


def translation_remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, tokenize: str = ""
) -> list[str]:
    """Return what looks wrong about translations."""
    found = []
    empty = sum(not text.strip() for text in hypotheses)
    if empty == len(hypotheses):
        found.append("all translations are empty")
    elif empty:
        found.append(f"{empty} of {len(hypotheses)} translations are empty")
    for number, texts in enumerate(references, start=1):
        if empty < len(hypotheses) and list(hypotheses) == list(texts):
            found.append(f"the translations are identical to the references (set {number})")
    if tokenize == DEFAULT_TOKENIZER:
        tokenized = sum(text.rstrip().endswith(" .") for text in hypotheses)
        if tokenized >= TOKENIZED_LINES:
            found.append(
                f"{tokenized} translations end in a period that stands alone: scores are for "
                "detokenized text, and --tokenize none takes tokens as they are"
            )
    return found


def tokenizer_of(language: str) -> str:
    """Return BLEU's tokenizer for a target language, as sacrebleu chooses it for its test sets."""
    return LANGUAGE_TOKENIZERS.get(language, DEFAULT_TOKENIZER)
