"""Do two groups of training runs differ by more than their seeds do?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np

MOST = 200_000  # ways to divide the values that are all looked at
DRAWN = 100_000  # of more ways


def permutation_p(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the chance of so large a difference of means, were the groups made by lot.

    It is the share, of all ways to divide the values into groups of these sizes, whose means are at
    least as far apart (two-sided; Fisher 1935). With 3 and 5 values it cannot be less than 1/56.
    Where there are more ways than can be looked at (two groups of 11), it is the share of ways
    drawn at random, always the same ones, with the given one among them.
    """
    assert one and other, "two groups"
    values, size = np.array([*one, *other]), len(one)
    found = abs(float(np.mean(one) - np.mean(other)))
    drawn = comb(len(values), size) > MOST
    if drawn:
        generator = np.random.default_rng(0)
        places = np.tile(np.arange(len(values)), (DRAWN, 1))
        chosen = generator.permuted(places, axis=1)[:, :size]
    else:
        chosen = np.array(list(combinations(range(len(values)), size)))
    first = values[chosen].sum(1)
    apart = abs((values.sum() - first) / len(other) - first / size)
    as_far = int((apart >= found - 1e-9 * max(1.0, found)).sum())
    return (as_far + drawn) / (len(chosen) + drawn)


def smallest_p(one: int, other: int) -> float:
    """Return the smallest value that `permutation_p` can have for groups of these sizes.

    Groups of equal size can change places, which leaves the means as far apart.
    """
    return (2 if one == other else 1) / comb(one + other, one)
