"""BLEU, chrF and TER of a whole corpus, computed by sacrebleu, each with sacrebleu's own signature.

sacrebleu's Python interface does not compare lengths: one hypothesis against two references scores
100. So lengths are checked here, before any score.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from seq2seq.errors import DataError, ResourceError, UsageError
from seq2seq.metrics.download import fetching

MetricName: TypeAlias = Literal["BLEU", "chrF", "TER"]
METRICS: tuple[MetricName, ...] = ("BLEU", "chrF", "TER")
DEFAULT_TOKENIZER = "13a"
MOSES = "moses-"  # and a language
LANGUAGE_TOKENIZERS = {"zh": "zh", "ja": "ja-mecab", "ko": "ko-mecab"}  # as sacrebleu chooses
TOKENIZED_LINES = 100  # so many lines that end in " ." are tokenized text, as sacrebleu judges


@dataclass(frozen=True)
class Score:
    """One metric's value over a corpus: points of 100, and what is needed to compute it again."""

    name: str
    value: float
    signature: str


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
    check_lengths(hypotheses, references)
    scores: dict[str, Score] = {}
    for name in metrics:
        moses = name == "BLEU" and tokenize.startswith(MOSES)
        metric = _metric(name, "none" if moses else tokenize, lowercase)
        texts, sets = hypotheses, references
        if moses:
            texts, *sets = (_moses(each, tokenize) for each in (hypotheses, *references))
        value = metric.corpus_score(texts, sets).score
        signature = metric.get_signature()
        if moses:
            signature.update("tok", tokenize)
        signature.update("test", test_set)
        signature.update("lang", pair)
        scores[name] = Score(name, float(value), signature.format())
    return scores


def check_lengths(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Raise a DataError unless there are segments, and as many in each reference set."""
    if isinstance(hypotheses, str) or any(isinstance(texts, str) for texts in references):
        raise TypeError("hypotheses are a list of strings, references a list of such lists")
    if not references:
        raise DataError("there are no references to score against", "give at least one set")
    for number, texts in enumerate(references, start=1):
        if len(texts) != len(hypotheses):
            raise DataError(
                f"{len(hypotheses)} translations cannot be scored against {len(texts)} references"
                + (f" (set {number})" if len(references) > 1 else ""),
                "give one reference for each translation, in the same order",
            )
    if not hypotheses:
        raise DataError("there are no segments to score", "give files with at least one line")


def remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, tokenize: str = ""
) -> list[str]:
    """Return what looks wrong about texts that can be scored all the same, as sentences."""
    found = []
    empty = sum(not text.strip() for text in hypotheses)
    if empty == len(hypotheses):
        found.append("all translations are empty")
    elif empty:
        found.append(f"{empty} of {len(hypotheses)} translations are empty")
    for number, texts in enumerate(references, start=1):
        if empty < len(hypotheses) and list(hypotheses) == list(texts):
            found.append(f"the translations are identical to the references (set {number})")
        if without := sum(not text.strip() for text in texts):
            found.append(f"{without} of {len(texts)} references are empty (set {number})")
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


def _moses(texts: Sequence[str], tokenize: str) -> list[str]:
    """Return texts as Moses tokenizes them, which is what many papers score."""
    from sacremoses import MosesTokenizer

    language = tokenize.removeprefix(MOSES)
    if not language.isalpha():
        raise UsageError(f"--tokenize {tokenize}: no language is named", "such as moses-de")
    tokenizer = MosesTokenizer(language)
    return [tokenizer.tokenize(text, return_str=True, escape=False) for text in texts]


def _metric(name: MetricName, tokenize: str, lowercase: bool) -> BLEU | CHRF | TER:
    if name == "chrF":
        return CHRF(lowercase=lowercase)
    if name == "TER":
        return TER()
    known = list(BLEU.TOKENIZERS)
    if tokenize not in known:
        near = difflib.get_close_matches(tokenize, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
        raise UsageError(f"--tokenize {tokenize}: sacrebleu has no such tokenizer", hint)
    with fetching(f"the tokenizer {tokenize}", "use --tokenize 13a, or connect to the network"):
        try:
            # force: sacrebleu would log its guess that the text is tokenized; `remarks` says it
            return BLEU(lowercase=lowercase, tokenize=tokenize, force=True)
        except (RuntimeError, ImportError) as error:
            raise ResourceError(
                f"the tokenizer {tokenize} needs a package that is not installed",
                'pip install "sacrebleu[ja,ko]" sentencepiece',
            ) from error
