"""Do two groups of training runs differ by more than their seeds do?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

MOST = 24  # values; beyond that, the ways to divide them are too many


def permutation_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the exact chance of so large a difference of means, were the groups made by lot.

    It is the share, of all ways to divide the values into groups of these sizes, whose means are at
    least as far apart (two-sided; Fisher 1935). With 3 and 5 values it cannot be less than 1/56.
    """
    values = [*one, *other]
    assert one and other and len(values) <= MOST, "two small groups"
    total, found = sum(values), abs(_apart(sum(one), sum(values), len(one), len(other)))
    tolerance = 1e-9 * max(1.0, found)
    apart = [
        abs(_apart(sum(values[place] for place in chosen), total, len(one), len(other)))
        for chosen in combinations(range(len(values)), len(one))
    ]
    return sum(difference >= found - tolerance for difference in apart) / len(apart)


def _apart(first: float, total: float, size: int, other: int) -> float:
    """Return the difference of means, given the sum of the first group and of both."""
    return (total - first) / other - first / size
