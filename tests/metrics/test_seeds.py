"""The exact permutation test over seeds."""

from __future__ import annotations

import pytest

from seq2seq.metrics.seeds import permutation_p, smallest_p


def test_groups_that_lie_apart_are_as_rare_as_they_can_be() -> None:
    assert permutation_p([1, 2, 3], [8, 8.1, 8.2, 8.3, 8.4]) == pytest.approx(1 / 56)
    assert permutation_p([1, 2, 3], [4, 5, 6]) == pytest.approx(2 / 20)  # and its mirror image


def test_equal_groups_are_no_evidence() -> None:
    assert permutation_p([1.0, 2.0], [1.0, 2.0]) == 1.0
    assert permutation_p([5.0], [5.0, 5.0]) == 1.0


def test_it_is_symmetric_and_counts_ties() -> None:
    assert permutation_p([1, 4], [2, 9, 7]) == permutation_p([2, 9, 7], [1, 4])
    assert permutation_p([0.1, 0.2], [0.3, 0.4]) == pytest.approx(2 / 6)


def test_many_seeds_are_divided_at_random_with_the_same_answer() -> None:
    low, high = [float(n) for n in range(12)], [float(n) + 3.0 for n in range(12)]
    found = permutation_p(low, high)
    assert found == permutation_p(low, high)
    assert found == pytest.approx(0.05, abs=0.02)  # Student's t has 0.054
    assert permutation_p(low, [value + 100.0 for value in high]) == pytest.approx(1e-5, abs=1e-6)


def test_the_smallest_there_is() -> None:
    for one, other in ((3, 3), (3, 5), (2, 3), (1, 1)):
        groups = [float(n) for n in range(one)], [100.0 + n**2 for n in range(other)]
        assert smallest_p(one, other) == pytest.approx(permutation_p(*groups))
