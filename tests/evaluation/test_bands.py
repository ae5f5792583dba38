"""BLEU along groups of sentences."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from seq2seq.evaluation.bands import GROUPS, bands, like_groups, mean_ranks, word_counts
from seq2seq.evaluation.testsets import TestSet
from seq2seq.metrics.corpus import score


def test_groups_hold_like_values_and_all_places() -> None:
    values = np.array([float(number % 40) for number in range(400)])
    groups = like_groups(values)
    assert len(groups) == GROUPS
    assert sorted(np.concatenate(groups)) == list(range(400))
    for one, other in pairwise(groups):
        assert values[one].max() < values[other].min()
    assert max(map(len, groups)) <= 1.5 * 400 / GROUPS


def test_equal_values_are_one_group() -> None:
    assert [len(group) for group in like_groups(np.ones(5))] == [5]


def test_each_group_has_its_own_score() -> None:
    references = [f"the cat number {n} sat on the mat in house {n}" for n in range(40)]
    texts = [text if number < 20 else "nothing of it" for number, text in enumerate(references)]
    test_set = TestSet([references], ["r"])
    (band,) = bands([("one", texts)], test_set, "13a", np.arange(40.0))
    assert [point.sentences for point in band.points] == [5] * 8
    assert band.points[0].score == pytest.approx(100) and band.points[-1].score < 1
    assert band.points[0].half == 0
    part = score(texts[15:20], [references[15:20]], metrics=("BLEU",))["BLEU"]
    assert band.points[3].score == pytest.approx(part.value)
    assert "tok:13a" in band.signature


def test_ranks_are_by_frequency_then_spelling() -> None:
    training = [["a", "b"], ["a", "c"], ["a", "b", "d"]]
    found = mean_ranks([["a"], ["b", "c"], ["d"], ["unknown"], []], training)
    np.testing.assert_allclose(found, [1, 2.5, 4, 5, 5])
    np.testing.assert_allclose(word_counts(["one two", "", "x"]), [2, 0, 1])
