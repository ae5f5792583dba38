"""The state comes back exactly as it was."""

from __future__ import annotations

import json

import pytest

from seq2seq.errors import ModelError
from seq2seq.training.state import TrainingState, Window


def test_round_trip() -> None:
    state = TrainingState(
        step=12,
        epoch=1,
        step_in_epoch=3,
        ends=[12.0, 0.0, 1.5],
        total_steps=99,
        seconds=0.1 + 0.2,
        best_score=-1 / 3,
        best_step=6,
        stale=1,
        finished="no better",
        window=Window(loss=1e300 / 3, labels=7, grad_norm=2**-1074),
    )
    again = TrainingState.from_json(state.to_json())
    assert again == state and again.window.loss == state.window.loss
    assert again.to_json() == state.to_json()


def test_a_new_run() -> None:
    state = TrainingState.from_json(TrainingState().to_json())
    assert (state.step, state.finished, state.best_score, state.window) == (0, "", None, Window())


def test_windows_are_not_shared() -> None:
    TrainingState().window.steps += 1
    assert TrainingState().window.steps == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"null", b'{"window": {}, "surprise": 1}', b'{"window": 3}', b"\xff"],
)
def test_something_else(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"state\.json is damaged"):
        TrainingState.from_json(data)


def test_numbers_that_are_not_finite_are_never_written() -> None:
    with pytest.raises(ValueError):
        TrainingState(seconds=float("nan")).to_json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("step", "12"), ("step", -1), ("step", True), ("step", 1.5), ("step", 2**70),
        ("ends", 3), ("ends", ["1", 2, 3]), ("seconds", None), ("best_score", "high"),
        ("finished", 0), ("window", {"loss": "1"}), ("window", {"steps": [1]}), ("window", []),
    ],
)  # fmt: skip
def test_fields_of_other_types(field: str, value: object) -> None:
    values = json.loads(TrainingState().to_json())
    with pytest.raises(ModelError, match=r"state\.json is damaged"):
        TrainingState.from_json(json.dumps({**values, field: value}).encode())
