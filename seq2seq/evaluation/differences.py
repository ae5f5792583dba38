"""Where two systems differ: n-grams that one gets, words said twice or left out, sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LONGEST = 4  # words of an n-gram
LISTED = 20  # n-grams of each direction
EXAMPLES = 20  # sentences of each direction

Words = Sequence[Sequence[str]]
Ngram = tuple[str, ...]


@dataclass(frozen=True)
class NgramDifference:
    """An n-gram of the references, and how often each system has it where it should."""

    words: Ngram
    baseline: int
    system: int


@dataclass(frozen=True)
class Content:
    """Shares of words: `repeated` of a system's own, `missing` of the references'."""

    repeated: float
    missing: float


def ngrams(words: Sequence[str], size: int) -> Counter[Ngram]:
    """Count the runs of `size` words."""
    return Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def ngram_differences(
    baseline: Words, system: Words, references: Words
) -> tuple[list[NgramDifference], list[NgramDifference]]:
    """Return the n-grams that the system gets more often than the baseline, and less often.

    An n-gram is got where it stands in the reference of its sentence, as often as there.
    """
    got: tuple[Counter[Ngram], Counter[Ngram]] = (Counter(), Counter())
    for words, others, right in zip(baseline, system, references, strict=True):
        for size in range(1, LONGEST + 1):
            wanted = ngrams(right, size)
            got[0].update(ngrams(words, size) & wanted)
            got[1].update(ngrams(others, size) & wanted)
    found = [
        NgramDifference(words, got[0][words], got[1][words]) for words in got[0].keys() | got[1]
    ]
    found.sort(key=lambda one: (one.baseline - one.system, -len(one.words), one.words))
    more = [one for one in found[:LISTED] if one.system > one.baseline]
    found.sort(key=lambda one: (one.system - one.baseline, -len(one.words), one.words))
    return more, [one for one in found[:LISTED] if one.baseline > one.system]


def content(translations: Words, references: Words) -> Content:
    """Return how much a system says more often than its reference does, and how much it leaves out.

    A word is repeated where it stands at least twice and more often than in the reference.
    """
    repeated = written = missing = wanted = 0
    for words, right in zip(translations, references, strict=True):
        one, other = Counter(words), Counter(right)
        repeated += sum(max(0, count - max(other[word], 1)) for word, count in one.items())
        missing += sum((other - one).values())
        written, wanted = written + len(words), wanted + len(right)
    return Content(repeated / max(written, 1), missing / max(wanted, 1))


def most_different(
    baseline: Sequence[float], system: Sequence[float]
) -> tuple[list[int], list[int]]:
    """Return the places of the sentences whose score gains most, and those whose loses most."""
    gains = np.array(system) - np.array(baseline)
    order = np.argsort(gains, kind="stable")
    lost = [int(place) for place in order[:EXAMPLES] if gains[place] < 0]
    won = [int(place) for place in order[::-1][:EXAMPLES] if gains[place] > 0]
    return won, lost
