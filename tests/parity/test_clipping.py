"""Clipping is torch's, and the rule of Sutskever et al. 2014."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from seq2seq.training.optimizer import clip_gradients


def parameters(scale: float) -> list[nn.Parameter]:
    torch.manual_seed(3)
    made = [nn.Parameter(torch.zeros(shape)) for shape in ((4, 5), (7,), (2, 3))]
    for parameter in made[:2]:  # the last one took no part
        parameter.grad = torch.randn_like(parameter) * scale
    return made


@pytest.mark.parametrize("scale", [1e-4, 0.1, 1.0, 1e4])
def test_clipping_is_torchs(scale: float) -> None:
    ours, theirs = parameters(scale), parameters(scale)
    norm = clip_gradients(ours, 1.0)
    expected = nn.utils.clip_grad_norm_(theirs, 1.0)
    torch.testing.assert_close(norm, expected)
    for one, other in zip(ours[:2], theirs[:2], strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-5)
    assert ours[2].grad is None


def test_the_rule_of_2014() -> None:
    """g <- 5 g / s where s = |g| > 5, and g as it is elsewhere."""
    large = parameters(10.0)
    before = [parameter.grad.clone() for parameter in large[:2]]  # type: ignore[union-attr]
    s = clip_gradients(large, 5.0)
    assert s > 5
    for parameter, gradient in zip(large[:2], before, strict=True):
        torch.testing.assert_close(parameter.grad, 5 * gradient / s)
    small = parameters(0.1)
    kept = [parameter.grad.clone() for parameter in small[:2]]  # type: ignore[union-attr]
    assert clip_gradients(small, 5.0) < 5
    assert all(torch.equal(p.grad, g) for p, g in zip(small[:2], kept, strict=True))  # type: ignore[arg-type]


def test_no_limit() -> None:
    ours = parameters(100.0)
    before = ours[0].grad.clone()  # type: ignore[union-attr]
    assert clip_gradients(ours, 0.0) > 100
    assert torch.equal(ours[0].grad, before)  # type: ignore[arg-type]


def test_nothing_learned_is_no_division_by_zero() -> None:
    ours = parameters(0.0)
    assert clip_gradients(ours, 1.0) == 0
    assert torch.equal(ours[0].grad, torch.zeros(4, 5))  # type: ignore[arg-type]
