from __future__ import annotations

import math

import pytest

from seq2seq.metrics.perplexity import perplexity


def test_a_uniform_guess_over_n_has_perplexity_n() -> None:
    assert perplexity(7 * math.log(50), 7) == pytest.approx(50)


def test_sums_over_batches_are_the_sum_over_the_corpus() -> None:
    assert perplexity(3.0 + 8.0, 2 + 9) == pytest.approx(math.e)


def test_edges() -> None:
    assert perplexity(0.0, 5) == 1
    assert perplexity(1e6, 1) == math.inf
    assert math.isnan(perplexity(1.0, 0))
    assert math.isnan(perplexity(math.nan, 3))
