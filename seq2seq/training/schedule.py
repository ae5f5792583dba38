"""The learning rate as a pure function of the step: there is nothing to save.

Each schedule returns a factor for `training.learning_rate`; a linear warm-up comes before all of
them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from seq2seq.config.schema import TrainingConfig


class Place(NamedTuple):
    """Where training stands.

    `step` counts from 1, `epochs` are fractional, `total` is 0 while unknown.
    """

    step: int
    epochs: float
    total: int


def constant(config: TrainingConfig, place: Place) -> float:
    """Stay at the full rate."""
    return 1.0


def halving(config: TrainingConfig, place: Place) -> float:
    """Halve every `halve_every` epochs after `halve_after`.

    The first halving comes at the end of the first such span (Sutskever et al. 2014: every half
    epoch after the fifth).
    """
    spans = (place.epochs - config.halve_after) / config.halve_every
    return 0.5 ** max(0, math.floor(spans + 1e-9))


def inverse_sqrt(config: TrainingConfig, place: Place) -> float:
    """Fall with the square root of the step, from 1 at the end of the warm-up.

    This is the schedule of Vaswani et al. 2017, section 5.3.
    """
    warmup = max(config.warmup, 1)
    return math.sqrt(warmup / max(place.step, warmup))


def cosine(config: TrainingConfig, place: Place) -> float:
    """Fall along half a cosine from the end of the warm-up to zero at the last step."""
    if not place.total:
        return 1.0
    span = max(place.total - config.warmup, 1)
    done = min(max(place.step - config.warmup, 0) / span, 1.0)
    return 0.5 * (1.0 + math.cos(math.pi * done))


SCHEDULES = {
    "constant": constant,
    "halving": halving,
    "inverse_sqrt": inverse_sqrt,
    "cosine": cosine,
}


def learning_rate(config: TrainingConfig, place: Place) -> float:
    """Return the learning rate of a step."""
    warm = min(1.0, place.step / config.warmup) if config.warmup else 1.0
    return config.learning_rate * warm * SCHEDULES[config.schedule](config, place)
