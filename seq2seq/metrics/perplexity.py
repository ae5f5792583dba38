"""Perplexity of a corpus from sums, never from means of batches."""

from __future__ import annotations

import math


def perplexity(negative_log_likelihood: float, tokens: int) -> float:
    """Return exp(total negative log-likelihood in nats / number of target tokens, ends included).

    Infinite where the mean is too large for a float, not-a-number where there are no tokens.
    """
    if tokens <= 0:
        return math.nan
    try:
        return math.exp(negative_log_likelihood / tokens)
    except OverflowError:
        return math.inf
