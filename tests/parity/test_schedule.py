"""Schedules against closed forms and torch's own schedulers."""

from __future__ import annotations

import pytest
import torch

from seq2seq.config.schema import TrainingConfig
from seq2seq.training.schedule import Place, learning_rate


@pytest.mark.parametrize(
    ("epochs", "rate"),
    [
        (0.0, 0.7), (4.99, 0.7), (5.0, 0.7), (5.49, 0.7),
        (5.5, 0.35), (5.99, 0.35), (6.0, 0.175), (6.5, 0.0875), (7.0, 0.04375), (7.49, 0.04375),
    ],
)  # fmt: skip
def test_the_halving_of_2014(epochs: float, rate: float) -> None:
    config = TrainingConfig(learning_rate=0.7, schedule="halving", warmup=0, max_epochs=7.5)
    assert learning_rate(config, Place(10, epochs, 0)) == pytest.approx(rate)


def test_halving_is_not_late_by_a_rounding_error() -> None:
    config = TrainingConfig(
        learning_rate=1.0, schedule="halving", warmup=0, halve_after=0.0, halve_every=0.1
    )
    assert learning_rate(config, Place(1, 0.1 + 0.2, 0)) == 0.125
    assert learning_rate(config, Place(1, 0.7, 0)) == 2.0**-7


def test_inverse_square_root() -> None:
    """Vaswani et al. 2017, equation 3, where the peak stands for H ** -0.5 * warmup ** -0.5."""
    config = TrainingConfig(learning_rate=0.02, schedule="inverse_sqrt", warmup=400)
    for step in (1, 57, 399, 400, 401, 1600, 100_000):
        paper = min(step**-0.5, step * 400**-1.5) / 400**-0.5
        assert learning_rate(config, Place(step, 0.0, 0)) == pytest.approx(0.02 * paper)


def test_inverse_square_root_without_warmup() -> None:
    config = TrainingConfig(learning_rate=1.0, schedule="inverse_sqrt", warmup=0)
    assert learning_rate(config, Place(4, 0.0, 0)) == pytest.approx(0.5)


def test_cosine_is_torchs() -> None:
    config = TrainingConfig(learning_rate=0.3, schedule="cosine", warmup=0, max_steps=50)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for step in range(1, 51):
        optimizer.step()
        scheduler.step()
        expected = scheduler.get_last_lr()[0]
        assert learning_rate(config, Place(step, 0.0, 50)) == pytest.approx(expected, abs=1e-9)


def test_cosine_after_warmup() -> None:
    config = TrainingConfig(learning_rate=1.0, schedule="cosine", warmup=10, max_steps=30)
    rates = [learning_rate(config, Place(step, 0.0, 30)) for step in (5, 10, 20, 30, 31)]
    assert rates == pytest.approx([0.5, 1.0, 0.5, 0.0, 0.0])
    assert learning_rate(config, Place(20, 0.0, 0)) == 1.0  # while the end is unknown


def test_constant() -> None:
    config = TrainingConfig(learning_rate=0.25, schedule="constant", warmup=4)
    rates = [learning_rate(config, Place(step, 0.0, 0)) for step in (1, 2, 4, 999)]
    assert rates == [0.0625, 0.125, 0.25, 0.25]
