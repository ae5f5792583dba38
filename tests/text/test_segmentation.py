"""Segmentations drawn at random: of the right distribution, and the same in every process."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from seq2seq.text.segmentation import Pieces, Row, sampled_bpe, sampled_unigram
from seq2seq.text.sentencepiece import train_sentencepiece

UNIGRAM = {
    "▁": (4, -2.0), "a": (5, -2.5), "b": (6, -3.0), "ab": (7, -3.5), "▁a": (8, -3.0),
    "ba": (9, -4.0), "▁aba": (10, -6.0), "bab": (11, -7.0),
}  # fmt: skip
RANKS = {"▁": (4, -9.0), "a": (5, -10.0), "b": (6, -11.0), "ab": (7, 0.0), "▁ab": (8, -1.0),
         "abab": (9, -2.0)}  # fmt: skip


def all_segmentations(word: str, pieces: Pieces) -> Iterator[tuple[Row, float]]:
    """Yield every segmentation with the sum of its scores."""
    if not word:
        yield (), 0.0
    for end in range(1, len(word) + 1):
        if word[:end] in pieces:
            number, score = pieces[word[:end]]
            for rest, sum_of_rest in all_segmentations(word[end:], pieces):
                yield (number, *rest), score + sum_of_rest


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_unigram_has_the_distribution_of_the_paper(alpha: float) -> None:
    weights = {row: math.exp(alpha * log) for row, log in all_segmentations("▁abab", UNIGRAM)}
    count, draw = 20_000, Random(1)
    drawn = Counter(sampled_unigram("▁abab", UNIGRAM, count, alpha, draw))
    assert set(drawn) <= set(weights) and len(weights) > 10
    for row, weight in weights.items():
        share = weight / sum(weights.values())
        assert abs(drawn[row] - count * share) < 5.0 * math.sqrt(count * share) + 1.0


def test_bpe_merges_the_best_first_and_leaves_merges_out() -> None:
    assert sampled_bpe("▁abab", RANKS, 3, 0.0, Random(1)) == [(8, 7)] * 3
    assert sampled_bpe("▁abab", RANKS, 3, 1.0, Random(1)) == [(4, 5, 6, 5, 6)] * 3
    drawn = Counter(sampled_bpe("▁abab", RANKS, 1000, 0.5, Random(1)))
    assert len(drawn) > 4 and (4, 9) in drawn  # the merge with the beginning was left out


@pytest.mark.parametrize("sampled", [sampled_unigram, sampled_bpe])
def test_a_word_with_another_character_has_none(sampled: object) -> None:
    assert sampled("▁abc", UNIGRAM, 3, 0.1, Random(1)) == []  # type: ignore[operator]


def test_they_are_the_same_in_every_process() -> None:
    """Written down once; sentencepiece's own draws were others in each process."""
    assert sampled_unigram("▁abab", UNIGRAM, 4, 0.2, Random("1/▁abab")) == [
        (10, 6), (4, 7, 5, 6), (4, 7, 5, 6), (10, 6),
    ]  # fmt: skip
    assert sampled_bpe("▁abab", RANKS, 4, 0.5, Random("1/▁abab")) == [
        (8, 5, 6), (8, 5, 6), (4, 9), (4, 7, 5, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "sharp"), [("bpe", 0.0), ("unigram", 1000.0)])
def test_without_chance_they_are_those_of_sentencepiece(kind: str, sharp: float) -> None:
    draw = random.Random(3)
    syllables = ["ba", "na", "ki", "to", "re", "lü", "sch", "o", "st"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 6))) for _ in range(300)]
    model = train_sentencepiece([" ".join(words[at : at + 5]) for at in range(296)], kind, 120)
    rows = [tuple(row) for row in model.encode(words)]
    assert max(map(len, rows)) > 3
    for row, drawn in zip(rows, model.segmentations(rows, 2, sharp, 1), strict=True):
        assert drawn == [row, row]
