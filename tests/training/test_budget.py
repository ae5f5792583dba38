"""A time budget on a machine whose speed changes, by a simulated clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from seq2seq.config.schema import TrainingConfig
from seq2seq.training.budget import MEASURED_STEPS, TimeBudget

MINUTES = 3.0
SECONDS = 60.0 * MINUTES
Speed = Callable[[float], float]  # how many times slower the machine is, by the elapsed time


def config(**changes: Any) -> TrainingConfig:
    values = {"max_minutes": MINUTES, "validate_every": 100, "save_every": 50}
    return TrainingConfig.model_validate({**values, **changes})


def simulate(
    training: TrainingConfig,
    speed: Speed,
    *,
    step: float = 0.2,
    validation: float = 4.0,
    save: float = 0.5,
    noise: float = 0.3,
    stop: float = 0.0,
    estimate: float = 1.0,
    seed: int = 1,
) -> tuple[float, list[int]]:
    """Return when a run ends that decides as the loop does, and the step counts on the way.

    `estimate` is by how much the first estimate of a validation is wrong.
    A `stop` begins a new sitting at that time: what was measured is lost, the decision is kept.
    """
    draw, elapsed, total, number, totals = random.Random(seed), 0.0, 0, 0, []
    budget, decided = TimeBudget(training, 0.0), False
    while not total or number < total:
        if stop and elapsed > stop:
            budget, decided, stop = TimeBudget(training, elapsed), False, 0.0
        spent = step * speed(elapsed) * draw.uniform(1.0 - noise, 1.0 + noise)
        elapsed, number = elapsed + spent, number + 1
        budget.count_step(spent)
        if budget.spent(number, elapsed):
            total = number
        elif budget.measurable(elapsed) and (
            not decided or number % training.save_every == 0 or budget.due(elapsed)
        ):
            if not budget.validation_known:
                spent = validation / 3.0 * speed(elapsed)
                elapsed += spent
                budget.count_loss(spent * estimate)
            total, decided = budget.total(number, elapsed), True
            totals.append(total)
        if number == total or number % training.validate_every == 0:
            spent = validation * speed(elapsed)
            elapsed += spent
            budget.count_validation(spent)
            if number == total and budget.goes_on(elapsed):
                total = budget.total(number, elapsed)
        if number == total or number % training.save_every == 0:
            spent = save * speed(elapsed)
            elapsed += spent
            budget.count_save(spent)
    return elapsed, totals


SPEEDS: dict[str, Speed] = {
    "steady": lambda elapsed: 1.0,
    "busy while it is first measured": lambda elapsed: 3.0 if elapsed < 30.0 else 1.0,
    "busy from 20 to 80 s": lambda elapsed: 3.0 if 20.0 <= elapsed < 80.0 else 1.0,
    "ten times slower from 20 to 80 s": lambda elapsed: 10.0 if 20.0 <= elapsed < 80.0 else 1.0,
    "slower for good": lambda elapsed: 1.0 if elapsed < 90.0 else 3.0,
    "faster for good": lambda elapsed: 3.0 if elapsed < 90.0 else 1.0,
    "slower near the end": lambda elapsed: 1.0 if elapsed < 165.0 else 3.0,
    "faster near the end": lambda elapsed: 3.0 if elapsed < 165.0 else 1.0,
    "back and forth": lambda elapsed: 1.0 if elapsed % 20.0 < 10.0 else 3.0,
}


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("step", [0.02, 0.2, 1.5])
@pytest.mark.parametrize("save_every", [50, 500])
@pytest.mark.parametrize("stop", [0.0, 100.0])
def test_it_is_kept_within_a_tenth(speed: str, step: float, save_every: int, stop: float) -> None:
    ended, _ = simulate(config(save_every=save_every), SPEEDS[speed], step=step, stop=stop)
    assert 0.9 * SECONDS <= ended <= 1.1 * SECONDS


@pytest.mark.parametrize("estimate", [0.2, 5.0, 20.0])
def test_a_validation_that_takes_less_or_more_than_expected(estimate: float) -> None:
    """A model that has learned nothing may translate to the length limit, or end at once."""
    training = config(validate_every=10_000)
    for speed in SPEEDS.values():
        ended, _ = simulate(training, speed, estimate=estimate)
        assert 0.9 * SECONDS <= ended <= 1.1 * SECONDS


@pytest.mark.parametrize("validate_every", [10, 10_000])
@pytest.mark.parametrize("average", [0, 2])
def test_validations_and_saves_are_part_of_it(validate_every: int, average: int) -> None:
    training = config(validate_every=validate_every, average_checkpoints=average)
    for speed in SPEEDS.values():
        ended, _ = simulate(training, speed, validation=3.0, save=1.0)
        if average:  # the mean of checkpoints is validated and saved after the last step
            ended += 4.0 * speed(ended)
        assert 0.9 * SECONDS <= ended <= 1.1 * SECONDS


def test_the_count_is_steady_where_the_machine_is() -> None:
    """A cosine follows the count: it must not jump by more than a few percent."""
    _, totals = simulate(config(), SPEEDS["steady"])
    assert len(totals) > 50
    late = totals[len(totals) // 4 :]
    assert max(late) - min(late) < 0.1 * min(late)


def test_a_budget_of_less_than_a_step_takes_one() -> None:
    assert simulate(config(max_minutes=0.001), SPEEDS["steady"])[1] in ([], [1])


def test_the_first_decision_waits_for_steps_or_a_tenth_of_the_budget() -> None:
    quick, slow = TimeBudget(config(), 0.0), TimeBudget(config(), 0.0)
    for number in range(MEASURED_STEPS):
        assert not quick.measurable(0.1 * number)
        quick.count_step(0.1)
    assert quick.measurable(5.0)
    assert not slow.measurable(60.0)  # nothing is measured yet
    slow.count_step(10.0)
    assert not slow.measurable(10.0) and slow.measurable(20.0)
