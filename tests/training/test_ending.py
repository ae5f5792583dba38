"""When a run ends, as arithmetic."""

from __future__ import annotations

import pytest

from seq2seq.config.schema import TrainingConfig
from seq2seq.training.ending import combined, known_total, total_by_time


@pytest.mark.parametrize(
    ("steps", "epochs", "total"),
    [(0, 0.0, 0), (100, 0.0, 100), (0, 3.0, 120), (100, 3.0, 100), (500, 3.0, 120), (0, 0.5, 20)],
)
def test_steps_and_epochs(steps: int, epochs: float, total: int) -> None:
    assert known_total(TrainingConfig(max_steps=steps, max_epochs=epochs), 40) == total


def test_time() -> None:
    config = TrainingConfig(max_minutes=1.0, validate_every=100, validation_sentences=0)
    # 60 - 10 spent - 2 for the last validation, at 0.5 + 2 / 100 a step
    assert total_by_time(config, 50, 10.0, 0.5, 2.0) == 50 + int(48 / 0.52)


def test_translations_take_their_time() -> None:
    config = TrainingConfig(max_minutes=1.0, validate_every=100, validation_sentences=9)
    assert total_by_time(config, 50, 10.0, 0.5, 2.0) == 50 + int((60 - 10 - 6) / (0.5 + 0.06))


def test_time_that_is_over() -> None:
    config = TrainingConfig(max_minutes=1.0)
    assert total_by_time(config, 50, 90.0, 0.5, 2.0) == 50


def test_the_first_limit_counts() -> None:
    assert combined(0, 0) == 0
    assert combined(0, 7) == combined(7, 0) == combined(9, 7) == 7
