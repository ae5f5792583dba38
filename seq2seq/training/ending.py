"""When a run ends: a step count, decided once and kept, so that a resumed run is the same run."""

from __future__ import annotations

from seq2seq.config.schema import TrainingConfig

MEASURED_STEPS = 50  # after so many steps `max_minutes` becomes a step count
WARM_STEPS = 25  # of these, the first are not timed: caches fill, memory is asked for
TRANSLATION_SHARE = 2.0  # greedy translation of the validation set takes about twice its loss


def known_total(config: TrainingConfig, steps_per_epoch: int) -> int:
    """Return the step count that `max_steps` and `max_epochs` allow; 0 if neither is set."""
    limits = [config.max_steps, round(config.max_epochs * steps_per_epoch)]
    return min((limit for limit in limits if limit), default=0)


def total_by_time(
    config: TrainingConfig,
    done: int,
    elapsed: float,
    step_seconds: float,
    validation_seconds: float,
) -> int:
    """Return the step count that fits into `max_minutes`.

    `elapsed` seconds are spent on `done` steps; a step takes `step_seconds` from now on, and a
    validation's loss takes `validation_seconds`, to which its translations are added by rule of
    thumb.
    """
    validation = validation_seconds
    if config.validation_sentences:
        validation *= 1.0 + TRANSLATION_SHARE
    left = config.max_minutes * 60.0 - elapsed - validation  # the last validation comes at the end
    per_step = step_seconds + validation / config.validate_every
    return done + max(0, int(left / per_step))


def combined(*totals: int) -> int:
    """Return the smallest of step counts, where 0 means no limit."""
    return min((total for total in totals if total), default=0)
