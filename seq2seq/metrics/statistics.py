"""What a metric counts in each sentence, kept, so that any part of a corpus can be scored.

sacrebleu's metrics are functions of sums of such counts: of a whole corpus, of its long sentences,
of a resample. The counts and the function are sacrebleu's own; only the sums are ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from seq2seq.errors import DataError, ResourceError, UsageError
from seq2seq.metrics.download import fetching
from seq2seq.metrics.languages import DEFAULT_TOKENIZER

MetricName: TypeAlias = Literal["BLEU", "chrF", "TER"]
METRICS: tuple[MetricName, ...] = ("BLEU", "chrF", "TER")
CHUNK = 100  # resamples at a time
MOSES = "moses-"  # and a language


@dataclass(frozen=True)
class Score:
    """One metric's value over a corpus: points of 100, and what is needed to compute it again."""

    name: str
    value: float
    signature: str


@dataclass(frozen=True)
class Statistics:
    """The counts of one metric over one system's translations, N sentences with F counts each."""

    metric: MetricName
    rows: NDArray[np.float64]  # [N, F]
    signature: str
    scorer: Any  # sacrebleu's metric

    def score(self) -> Score:
        """Return the score of all sentences."""
        return Score(self.metric, self.value(self.rows.sum(0)), self.signature)

    def value(self, counts: NDArray[Any]) -> float:
        """Return the score of summed counts ([F])."""
        return float(self.scorer._compute_score_from_stats(counts).score)

    def by_sentence(self) -> list[float]:
        """Return the score of each sentence by itself."""
        return [self.value(row) for row in self.rows]

    def part(self, chosen: NDArray[np.int64]) -> Statistics:
        """Return the counts of the sentences at `chosen` alone."""
        return Statistics(self.metric, self.rows[chosen], self.signature, self.scorer)

    def resampled(self, weights: NDArray[np.uint16]) -> NDArray[np.float64]:
        """Return the score of each resample, given how often it holds each sentence ([R, N]).

        The sums are rounded to single precision, as sacrebleu's are.
        """
        found: list[float] = []
        for start in range(0, len(weights), CHUNK):
            sums = weights[start : start + CHUNK].astype(np.float64) @ self.rows
            found += [self.value(row) for row in sums.astype(np.float32)]
        return np.array(found)


def statistics(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenize: str = DEFAULT_TOKENIZER,
    lowercase: bool = False,
    metrics: Sequence[MetricName] = METRICS,
    test_set: str | None = None,
    pair: str | None = None,
) -> dict[MetricName, Statistics]:
    """Count what the metrics need of each sentence; arguments and errors are those of `score`."""
    check_lengths(hypotheses, references)
    counter = Counting(references, tokenize, lowercase, metrics)
    return {
        name: Statistics(name, rows, counter.signature(name, test_set, pair), counter.scorers[name])
        for name, rows in counter.rows(hypotheses).items()
    }


class Counting:
    """Metrics that have read their references once, for any number of systems."""

    def __init__(
        self,
        references: Sequence[Sequence[str]],
        tokenize: str = DEFAULT_TOKENIZER,
        lowercase: bool = False,
        metrics: Sequence[MetricName] = METRICS,
    ) -> None:
        """Take the references; errors are those of `score`."""
        self.tokenize = tokenize
        self.scorers: dict[MetricName, Any] = {}
        for name in metrics:
            by_moses = self._by_moses(name)
            scorer: Any = _metric(name, "none" if by_moses else tokenize, lowercase)
            sets = [_moses(each, tokenize) for each in references] if by_moses else references
            scorer._ref_cache = scorer._cache_references(sets)
            self.scorers[name] = scorer

    def rows(self, hypotheses: Sequence[str]) -> dict[MetricName, NDArray[np.float64]]:
        """Return each metric's counts ([N, F]) for one system."""
        result: dict[MetricName, NDArray[np.float64]] = {}
        for name, scorer in self.scorers.items():
            texts = _moses(hypotheses, self.tokenize) if self._by_moses(name) else hypotheses
            counted = scorer._extract_corpus_statistics(texts, None)
            result[name] = np.array(counted, dtype=np.float64)
        return result

    def signature(self, name: MetricName, test_set: str | None, pair: str | None) -> str:
        """Return sacrebleu's signature of a metric."""
        signature = self.scorers[name].get_signature()
        if self._by_moses(name):
            signature.update("tok", self.tokenize)
        signature.update("test", test_set)
        signature.update("lang", pair)
        return str(signature.format())

    def _by_moses(self, name: MetricName) -> bool:
        return name == "BLEU" and self.tokenize.startswith(MOSES)


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


def _moses(texts: Sequence[str], tokenize: str) -> list[str]:
    """Return texts as Moses tokenizes them, which is what many papers score."""
    from sacremoses import MosesTokenizer
    from sacremoses.corpus import NonbreakingPrefixes

    language = tokenize.removeprefix(MOSES)
    known = sorted(set(NonbreakingPrefixes().available_langs.values()))
    if language not in known:
        raise UsageError(
            f"--tokenize {tokenize}: Moses knows no such language", f"it knows {', '.join(known)}"
        )
    tokenizer = MosesTokenizer(language)
    split = {text: tokenizer.tokenize(text, return_str=True, escape=False) for text in set(texts)}
    return [split[text] for text in texts]


def _metric(name: MetricName, tokenize: str, lowercase: bool) -> BLEU | CHRF | TER:
    if name == "chrF":
        return CHRF(lowercase=lowercase)
    if name == "TER":
        return TER()
    known = [name for name in BLEU.TOKENIZERS if name != "spm"]  # an old name of flores101
    if tokenize not in known:
        near = difflib.get_close_matches(tokenize, known, n=1)
        every = [*known, f"{MOSES}LANGUAGE"]
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(every)}"
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


def words_of(texts: Sequence[str], tokenize: str, lowercase: bool = False) -> list[list[str]]:
    """Return the words of texts as BLEU would count them with this tokenizer."""
    if tokenize.startswith(MOSES):
        split = _moses(texts, tokenize)
    else:
        bleu: Any = _metric("BLEU", tokenize, lowercase)
        split = [bleu.tokenizer(text.rstrip()) for text in texts]
    return [(text.lower() if lowercase else text).split() for text in split]
