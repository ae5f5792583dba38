"""When a run ends: the step counts of its limits, and which of them comes first.

Steps and epochs give a step count by arithmetic. What `max_minutes` comes to is measured on the
way: see `budget`.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from seq2seq.config.schema import TrainingConfig
from seq2seq.training.state import TrainingState

LIMITS = ("max_steps", "max_epochs", "max_minutes")  # in the order of `TrainingConfig.ends`
WARMUP_SHARE = 10  # a warm-up is suggested that takes a tenth of the run


def step_counts(config: TrainingConfig, steps_per_epoch: int) -> dict[str, int]:
    """Return the step counts of `max_steps` and `max_epochs`, as far as they are set.

    A part of an epoch that is less than a step is one step: 0 would mean no limit.
    """
    counts = {}
    if config.max_steps:
        counts["max_steps"] = config.max_steps
    if config.max_epochs:
        counts["max_epochs"] = max(1, round(config.max_epochs * steps_per_epoch))
    return counts


def known_total(config: TrainingConfig, steps_per_epoch: int) -> int:
    """Return the step count that `max_steps` and `max_epochs` allow; 0 if neither is set."""
    return min(step_counts(config, steps_per_epoch).values(), default=0)


def combined(*totals: int) -> int:
    """Return the smallest of step counts, where 0 means no limit."""
    return min((total for total in totals if total), default=0)


def setting(config: TrainingConfig, field: str) -> str:
    """Return a field as it is set on the command line, such as training.max_epochs=30."""
    return f"training.{field}={_number(getattr(config, field))}"


def deciding_limit(config: TrainingConfig, steps_per_epoch: int, total: int) -> str:
    """Return the field that ends a run of `total` steps."""
    counts = step_counts(config, steps_per_epoch)
    first = min(counts, key=lambda field: counts[field], default="max_minutes")
    return first if counts.get(first) == total else "max_minutes"


def in_force(config: TrainingConfig, lifted: list[str]) -> TrainingConfig:
    """Return the configuration without the limits that were lifted on resume."""
    return config.model_copy(update={field: 0 for field in lifted if field in LIMITS})


def limits_told(config: TrainingConfig, steps_per_epoch: int) -> list[str]:
    """Return remarks on a limit that another one makes void, and on a warm-up without an end."""
    counts = step_counts(config, steps_per_epoch)
    told = []
    if len(counts) == 2 and len(set(counts.values())) == 2:
        first, later = sorted(counts, key=lambda field: counts[field])
        told.append(_void(config, first, counts[first], later, f"{counts[later]:,} steps"))
    return told + warmup_told(config, min(counts.values(), default=0))


def time_told(config: TrainingConfig, steps_per_epoch: int, by_time: int) -> list[str]:
    """Return such remarks once it is known how many steps fit into `max_minutes`."""
    counts = step_counts(config, steps_per_epoch)
    first = min(counts, key=lambda field: counts[field], default="")
    if first and counts[first] < by_time:  # whose warm-up was spoken of before
        steps = f"about {by_time:,} steps at this speed"
        return [_void(config, first, counts[first], "max_minutes", steps)]
    return warmup_told(config, by_time)


def _void(config: TrainingConfig, first: str, total: int, later: str, steps: str) -> str:
    return (
        f"{setting(config, first)} ends the run after {total:,} steps, before "
        f"{setting(config, later)} ({steps}) does; --set training.{first}=0 takes that limit away"
    )


def warmup_told(config: TrainingConfig, total: int) -> list[str]:
    """Return a remark where the learning rate rises until the end of a run of `total` steps."""
    if not total or config.warmup < total:
        return []
    return [
        f"training.warmup={config.warmup} is not over when the run ends after {total:,} steps: "
        f"the learning rate rises to the end; training.warmup={max(1, total // WARMUP_SHARE)} "
        "would suit"
    ]


def already_finished(run: Path, state: TrainingState, config: TrainingConfig) -> str:
    """Return a line about a run that is over, with the command that lets it go on."""
    said = f"{run} is already finished, at step {state.step}"
    field = state.limit.partition("=")[0].removeprefix("training.")
    if field not in (*LIMITS, "patience") or not getattr(config, field):
        return said
    command = shlex.join(["seq2seq", "train", "--run", str(run), "--resume", "--set"])
    later = _number(getattr(config, field) * 2)
    return f"{said}, by {state.limit}; to go on: {command} training.{field}={later}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def reached_limits(
    config: TrainingConfig, steps_per_epoch: int, state: TrainingState
) -> list[str]:
    """Return the limits at which a run stands that was saved in `state`."""
    counts = step_counts(config, steps_per_epoch)
    reached = [field for field, count in counts.items() if count <= state.step]
    by_time = state.limit.startswith("training.max_minutes")
    if not state.limit and state.finished == "finished":  # saved before limits were named
        by_time = not reached
    if config.max_minutes and (by_time or state.seconds >= config.max_minutes * 60.0):
        reached.append("max_minutes")
    return reached
