from __future__ import annotations

import pytest
import torch

from seq2seq.nn.dropout import dropout


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5])
def test_the_share_of_zeros_is_the_rate_and_the_mean_is_kept(rate: float) -> None:
    torch.manual_seed(0)
    y = dropout(torch.ones(1000, 301), rate, training=True)
    assert float((y == 0).float().mean()) == pytest.approx(rate, abs=0.005)
    assert float(y.mean()) == pytest.approx(1.0, abs=0.01)


def test_the_global_generator_decides() -> None:
    x = torch.randn(7, 5)
    torch.manual_seed(3)
    first, second = dropout(x, 0.5, True), dropout(x, 0.5, True)
    torch.manual_seed(3)
    assert torch.equal(first, dropout(x, 0.5, True))
    assert not torch.equal(first, second)


def test_gradients_pass_where_the_signal_passed() -> None:
    x = torch.randn(50, 9, requires_grad=True)
    y = dropout(x, 0.25, True)
    y.sum().backward()
    assert torch.allclose(x.grad * x.detach(), y.detach())


def test_evaluation_and_rate_zero_change_nothing() -> None:
    x = torch.randn(4, 4)
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.0, training=True) is x


def test_a_rate_below_the_levels_still_drops() -> None:
    torch.manual_seed(0)
    y = dropout(torch.ones(100_000), 0.001, training=True)
    assert 40 < int((y == 0).sum()) < 200
