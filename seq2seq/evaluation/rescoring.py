"""What an n-best list is worth: its own first choice, the choice of a model, and the best there is.

The oracle takes from each list the translation with the best BLEU by itself (smoothed, Chen and
Cherry 2014, method 3; orders that are too long for a sentence left out): no choice can be much
better, and what lies between it and the choice made is what a better model could win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU

from seq2seq.decoding.nbest import Candidate, order_of
from seq2seq.evaluation.testsets import TestSet
from seq2seq.metrics.paired import FEWEST, Paired, Resamples
from seq2seq.metrics.statistics import Counting, Score, Statistics

WEIGHTS = tuple(step / 50 for step in range(51))  # that tuning tries
ORDERS = 4

Scores = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Rescored:
    """BLEU of three ways to choose from the lists, and the test of the second against the first."""

    weight: float
    first: Score
    chosen: Score
    oracle: Score
    paired: Paired | None  # none for a single sentence


class Lists:
    """N-best lists whose translations have been counted against references, once."""

    def __init__(
        self,
        lists: Sequence[Sequence[Candidate]],
        test_set: TestSet,
        tokenize: str | None = None,
        lowercase: bool = False,
    ) -> None:
        """Count; errors are those of `seq2seq.metrics.statistics.statistics`."""
        self.lists = lists
        owners = [place for place, own in enumerate(lists) for _ in own]
        self.starts = np.cumsum([0, *map(len, lists)])
        references = [[each[place] for place in owners] for each in test_set.references]
        counter = Counting(references, tokenize or test_set.tokenizer, lowercase, ("BLEU",))
        rows = counter.rows([one.text for own in lists for one in own])["BLEU"]
        signature = counter.signature("BLEU", test_set.name, test_set.pair)
        self.counted = Statistics("BLEU", rows, signature, counter.scorers["BLEU"])

    def rescored(self, scores: Scores, weight: float) -> Rescored:
        """Compare the model's choice at this weight with the list's own and with the oracle's."""
        first = self._statistics([0] * len(self.lists))
        chosen = self._statistics(self._choices(scores, weight))
        oracle = self._statistics(self._oracle())
        paired = None
        if len(self.lists) >= FEWEST:
            paired = Resamples(len(self.lists)).paired(first, chosen)
        return Rescored(weight, first.score(), chosen.score(), oracle.score(), paired)

    def tuned(self, scores: Scores) -> float:
        """Return the weight whose choice has the best BLEU, the smallest of equals."""
        found = [
            self._statistics(self._choices(scores, weight)).score().value for weight in WEIGHTS
        ]
        return WEIGHTS[int(np.argmax(found))]

    def _choices(self, scores: Scores, weight: float) -> list[int]:
        rows = zip(self.lists, scores, strict=True)
        return [order_of(own, given, weight)[0] for own, given in rows]

    def _oracle(self) -> list[int]:
        alone = [_sentence_bleu(row) for row in self.counted.rows]
        pairs = zip(self.starts[:-1], self.starts[1:], strict=True)
        return [int(np.argmax(alone[begin:end])) for begin, end in pairs]

    def _statistics(self, choices: Sequence[int]) -> Statistics:
        return self.counted.part(self.starts[:-1] + np.asarray(choices))


def _sentence_bleu(row: NDArray[np.float64]) -> float:
    """Return BLEU of one sentence from its counts: lengths, then matches and n-grams by order."""
    counts = [int(count) for count in row]
    result = BLEU.compute_bleu(
        correct=counts[2 : 2 + ORDERS],
        total=counts[2 + ORDERS :],
        sys_len=counts[0],
        ref_len=counts[1],
        smooth_method="exp",
        effective_order=True,
    )
    return float(result.score)
