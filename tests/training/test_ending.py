"""When a run ends, as arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from seq2seq.config.schema import TrainingConfig
from seq2seq.errors import ModelError
from seq2seq.training.ending import (
    already_finished,
    combined,
    deciding_limit,
    in_force,
    known_total,
    limits_told,
    warmup_told,
)
from seq2seq.training.resuming import take_new_ends
from seq2seq.training.state import TrainingState

EPOCH = 40  # steps


@pytest.mark.parametrize(
    ("steps", "epochs", "total"),
    [(0, 0.0, 0), (100, 0.0, 100), (0, 3.0, 120), (100, 3.0, 100), (500, 3.0, 120), (0, 0.5, 20)],
)
def test_steps_and_epochs(steps: int, epochs: float, total: int) -> None:
    assert known_total(TrainingConfig(max_steps=steps, max_epochs=epochs), EPOCH) == total


@pytest.mark.parametrize("epochs", [0.1, 1e-9])
def test_a_part_of_an_epoch_is_at_least_a_step(epochs: float) -> None:
    assert known_total(TrainingConfig(max_epochs=epochs), 3) == 1


def test_the_first_limit_counts() -> None:
    assert combined(0, 0) == 0
    assert combined(0, 7) == combined(7, 0) == combined(9, 7) == 7


def test_the_limit_that_decides() -> None:
    both = TrainingConfig(max_steps=100, max_epochs=3.0, max_minutes=5.0)
    assert deciding_limit(both, EPOCH, 100) == "max_steps"
    assert deciding_limit(both, 20, 60) == "max_epochs"
    assert deciding_limit(both, EPOCH, 77) == "max_minutes"
    assert deciding_limit(TrainingConfig(max_minutes=5.0), EPOCH, 77) == "max_minutes"


def test_a_limit_without_effect_is_told() -> None:
    config = TrainingConfig(max_steps=2000, max_epochs=3.0, warmup=10)
    (told,) = limits_told(config, EPOCH)
    assert told.startswith("training.max_epochs=3 ends the run after 120 steps, before training.")
    assert "--set training.max_epochs=0" in told
    assert limits_told(TrainingConfig(max_steps=120, max_epochs=3.0, warmup=10), EPOCH) == []
    assert limits_told(TrainingConfig(max_steps=2000, warmup=10), EPOCH) == []


def test_a_warm_up_without_end_is_told() -> None:
    config = TrainingConfig(max_steps=90, warmup=300)
    (told,) = limits_told(config, EPOCH)
    assert "training.warmup=300 is not over when the run ends after 90 steps" in told
    assert "training.warmup=9 " in told
    assert warmup_told(config, 0) == [] and warmup_told(config, 301) == []
    assert len(warmup_told(config, 300)) == 1


def test_what_lets_a_finished_run_go_on() -> None:
    config = TrainingConfig(max_steps=1_000_000, max_epochs=30.0)
    for limit, later in (
        ("max_epochs=30", "training.max_epochs=60"),
        ("max_steps=1000000", "training.max_steps=2000000"),
        ("patience=10", "training.patience=20"),
    ):
        state = TrainingState(step=5, limit=f"training.{limit}")
        told = already_finished(Path("my runs/a"), state, config)
        assert told.startswith("my runs/a is already finished, at step 5, by training.")
        assert told.endswith(f"seq2seq train --run 'my runs/a' --resume --set {later}")
    assert already_finished(Path("a"), TrainingState(step=5), config) == (
        "a is already finished, at step 5"
    )


def ended(by: str, config: TrainingConfig, **changes: object) -> TrainingState:
    """Return the state of a run of 120 steps, three epochs and five minutes, that is over."""
    finished = "no better" if by == "patience" else "finished"
    values = {"step": 120, "epoch": 3, "seconds": 300.0, "total_steps": 120, "stale": 4}
    limit = f"training.{by}=x" if by else ""
    return TrainingState(**{**values, "ends": config.ends, "finished": finished, "limit": limit,
                            **changes})  # type: ignore[arg-type]  # fmt: skip


LIMIT_VALUES = {"max_steps": 120, "max_epochs": 3.0, "max_minutes": 5.0}
LATER = {"max_steps": 240, "max_epochs": 6.0, "max_minutes": 10.0}


@pytest.mark.parametrize("by", LIMIT_VALUES)
@pytest.mark.parametrize("raised", LATER)
@pytest.mark.parametrize("named", [True, False])  # older states do not name it
def test_any_limit_can_be_raised(by: str, raised: str, named: bool) -> None:
    """The one that ended a run by its own field, or by a later one of another."""
    old = TrainingConfig.model_validate({by: LIMIT_VALUES[by]})
    new = old.model_copy(update={raised: LATER[raised]})
    state = ended(by if named else "", old)
    told = take_new_ends(state, new, Path("run"), lambda: EPOCH)
    assert (state.finished, state.limit, state.ends) == ("", "", new.ends)
    assert state.lifted == ([] if by == raised else [by])
    assert len(told) == len(state.lifted)
    known = known_total(in_force(new, state.lifted), EPOCH)
    assert known == (0 if raised == "max_minutes" else 240)
    # the same command once more: nothing is lifted or told again
    assert take_new_ends(state, new, Path("run"), lambda: EPOCH) == []
    assert known_total(in_force(new, state.lifted), EPOCH) == known


def test_two_limits_at_once() -> None:
    old = TrainingConfig(max_steps=120, max_epochs=3.0)
    state = ended("max_steps", old)
    take_new_ends(state, TrainingConfig(max_steps=120, max_epochs=3.0, max_minutes=9.0),
                  Path("run"), lambda: EPOCH)  # fmt: skip
    assert state.lifted == ["max_steps", "max_epochs"]


@pytest.mark.parametrize(("patience", "goes_on"), [(3, False), (4, False), (5, True), (0, True)])
def test_patience_can_be_raised(patience: int, goes_on: bool) -> None:
    config = TrainingConfig(max_epochs=30.0, patience=4)
    state = ended("patience", config)
    patient = config.model_copy(update={"patience": patience})
    take_new_ends(state, patient, Path("run"), lambda: EPOCH)
    assert (state.finished == "") == goes_on and state.stale == 4


def test_a_later_end_gives_patience_a_new_start() -> None:
    config = TrainingConfig(max_epochs=30.0, patience=4)
    state = ended("patience", config)
    take_new_ends(state, config.model_copy(update={"max_steps": 9000}), Path("run"), lambda: EPOCH)
    assert (state.finished, state.stale, state.lifted) == ("", 0, [])


def test_a_limit_that_is_taken_away_lifts_no_other() -> None:
    config = TrainingConfig(max_steps=120, max_epochs=30.0)
    state = ended("max_steps", config)
    take_new_ends(state, TrainingConfig(max_steps=120), Path("run"), lambda: EPOCH)
    assert state.lifted == []


@pytest.mark.parametrize("end", [{"max_steps": 119}, {"max_epochs": 2.9}, {"max_minutes": 4.9}])
def test_an_end_that_lies_behind(end: dict[str, float]) -> None:
    state = ended("max_steps", TrainingConfig(max_steps=120))
    with pytest.raises(ModelError, match="give it a later end"):
        new = TrainingConfig.model_validate({"max_steps": 120, **end})
        take_new_ends(state, new, Path("run"), lambda: EPOCH)
