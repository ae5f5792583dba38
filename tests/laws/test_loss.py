"""The fused projection and loss is torch's cross-entropy of whole logits, gradients too."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seq2seq.training import loss as module
from seq2seq.training.loss import projected_cross_entropy

ROWS, WIDTH, WORDS = 23, 7, 13


class Inputs(NamedTuple):
    hidden: Tensor
    weight: Tensor
    bias: Tensor | None
    labels: Tensor


def inputs(biased: bool, dtype: torch.dtype = torch.float32) -> Inputs:
    torch.manual_seed(2)
    hidden = torch.randn(ROWS, WIDTH, dtype=dtype, requires_grad=True)
    weight = torch.randn(WORDS, WIDTH, requires_grad=True)
    bias = torch.randn(WORDS, requires_grad=True) if biased else None
    return Inputs(hidden, weight, bias, torch.randint(0, WORDS, (ROWS,)))


def expected(given: Inputs, smoothing: float) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Return loss, plain loss and gradients, computed in float64 from whole logits."""
    parts = [given.hidden, given.weight, *([given.bias] if given.bias is not None else [])]
    exact = [part.detach().double().requires_grad_() for part in parts]
    logits = F.linear(exact[0], exact[1], exact[2] if given.bias is not None else None)
    total = F.cross_entropy(logits, given.labels, reduction="sum", label_smoothing=smoothing)
    plain = F.cross_entropy(logits, given.labels, reduction="sum")
    (total * 0.37).backward()
    return total.detach(), plain.detach(), [part.grad for part in exact]  # type: ignore[misc]


@pytest.mark.parametrize("rows_a_chunk", [1, 4, 1000])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("biased", [True, False])
def test_value_and_gradients(
    monkeypatch: pytest.MonkeyPatch, rows_a_chunk: int, smoothing: float, biased: bool
) -> None:
    monkeypatch.setattr(module, "CHUNK_LOGITS", rows_a_chunk * WORDS)
    given = inputs(biased)
    total, plain, gradients = expected(given, smoothing)
    found = projected_cross_entropy(*given, smoothing)
    (found.total * 0.37).backward()
    torch.testing.assert_close(found.total.double(), total, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(found.negative_log_likelihood.double(), plain, rtol=1e-5, atol=1e-4)
    parts = [given.hidden, given.weight, *([given.bias] if given.bias is not None else [])]
    for part, gradient in zip(parts, gradients, strict=True):
        torch.testing.assert_close(part.grad.double(), gradient, rtol=1e-4, atol=1e-5)  # type: ignore[union-attr]


def test_only_what_needs_gradients_gets_them() -> None:
    given = inputs(biased=True)
    with torch.no_grad():
        found = projected_cross_entropy(*given)
    assert not found.total.requires_grad
    assert not projected_cross_entropy(*given).negative_log_likelihood.requires_grad


def test_products_in_bfloat16_are_near() -> None:
    given = inputs(biased=True, dtype=torch.bfloat16)
    total, _, gradients = expected(given, 0.1)
    found = projected_cross_entropy(*given, 0.1)
    (found.total * 0.37).backward()
    assert found.total.dtype == torch.float32
    torch.testing.assert_close(found.total.double(), total, rtol=0.02, atol=0.1)
    assert given.hidden.grad is not None and given.weight.grad is not None
    assert given.hidden.grad.dtype == torch.bfloat16
    torch.testing.assert_close(given.weight.grad.double(), gradients[1], rtol=0.05, atol=0.1)


def test_large_logits_stay_finite() -> None:
    given = inputs(biased=False)
    found = projected_cross_entropy(given.hidden * 1e4, given.weight, None, given.labels)
    found.total.backward()
    assert torch.isfinite(found.total) and torch.isfinite(given.weight.grad).all()  # type: ignore[arg-type]
    exact = given._replace(hidden=given.hidden.detach() * 1e4)
    total, plain, _ = expected(exact, 0.0)
    assert float(plain) > 1e5  # words whose probability is nothing in float32
    torch.testing.assert_close(found.total.double(), total, rtol=1e-5, atol=0.0)
    torch.testing.assert_close(found.negative_log_likelihood.double(), plain, rtol=1e-5, atol=0.0)


@pytest.mark.parametrize("rows_a_chunk", [1, 5, 1000])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_consistency(monkeypatch: pytest.MonkeyPatch, rows_a_chunk: int, smoothing: float) -> None:
    """Half of R-Drop's loss (Liang et al. 2021, equation 4), as torch's own functions give it."""
    monkeypatch.setattr(module, "CHUNK_LOGITS", 2 * rows_a_chunk * WORDS)
    given = inputs(biased=True)
    hidden = torch.randn(2, ROWS, WIDTH, requires_grad=True)
    found = projected_cross_entropy(hidden, *given[1:], smoothing, 3.0)
    (found.total * 0.37).backward()
    weight, bias = (part.detach().double().requires_grad_() for part in (given.weight, given.bias))  # type: ignore[union-attr]
    exact = hidden.detach().double().requires_grad_()
    logits = F.linear(exact, weight, bias)
    p, q = torch.log_softmax(logits, -1)
    labels = given.labels
    losses = [
        F.cross_entropy(one, labels, reduction="sum", label_smoothing=smoothing) for one in logits
    ]
    apart = [F.kl_div(a, b, reduction="sum", log_target=True) for a, b in ((p, q), (q, p))]
    total = 0.5 * (sum(losses) + 3.0 * 0.5 * sum(apart))
    (total * 0.37).backward()
    torch.testing.assert_close(found.total.double(), total.detach(), rtol=1e-5, atol=1e-4)
    for mine, theirs in ((hidden, exact), (given.weight, weight), (given.bias, bias)):
        torch.testing.assert_close(mine.grad.double(), theirs.grad, rtol=1e-4, atol=1e-5)  # type: ignore[union-attr]


def test_equal_passes_cost_nothing_more() -> None:
    given = inputs(biased=True)
    once = projected_cross_entropy(*given, 0.1)
    twice = projected_cross_entropy(given.hidden.expand(2, -1, -1), *given[1:], 0.1, 5.0)
    torch.testing.assert_close(twice.total, once.total)
    torch.testing.assert_close(twice.negative_log_likelihood, once.negative_log_likelihood)
