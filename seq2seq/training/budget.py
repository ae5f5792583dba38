"""The time budget: `max_minutes` as a step count that follows the speed of the machine.

A step count is needed because schedules follow the end of the run. A machine that shares its
processor may become three times slower or faster on the way, so the count is decided anew: after
each hundredth of the budget and at each save. Between decisions the clock has the last word: the
run ends with the step after which only the last validation still fits. Where that took less than
was expected, and much of the budget is left, the run goes on.
"""

from __future__ import annotations

import math
from collections import deque

from seq2seq.config.schema import TrainingConfig

MEASURED_STEPS = 50  # the first decision comes after so many steps,
FIRST_SHARE = 0.1  # or after this share of the budget, if that is earlier
DECISION_SHARE = 0.01  # of the budget, between decisions
MEMORY_SHARE = 0.03  # of the budget: steps further back count 1/e and less in the speed
LEAST_MEMORY = 20  # steps, since steps are of unequal length
LATEST_STEPS = 8  # by whose mean a validation or save beside them is measured
WORST = 4.0  # times slower than at its best: what slows a machine down more than that passes
UNSPENT_SHARE = 0.05  # of the budget, for the sake of which a run goes on after its last validation
TRANSLATION_SHARE = 2.0  # greedy translation of the validation set takes about twice its loss


class TimeBudget:
    """What steps, validations and saves cost in one sitting, and the step count that follows.

    Validations and saves are kept in units of steps: what becomes slower, becomes slower alike.
    """

    def __init__(self, config: TrainingConfig, elapsed: float) -> None:
        self.config = config
        self.seconds = config.max_minutes * 60.0
        self.began = self.decided = elapsed
        self.steps = 0
        self.latest: deque[float] = deque(maxlen=LATEST_STEPS)  # their seconds
        self.fastest = math.inf  # seconds of a step when the machine was at its best
        self.time, self.count = 0.0, 0.0  # sums over steps, older ones fading
        self.validation, self.save = 0.0, 0.0  # in steps
        self.validation_known = False

    @property
    def step_seconds(self) -> float:
        """Return what a step takes at present."""
        return max(self.time / max(self.count, 1e-9), 1e-9)

    @property
    def lasting_seconds(self) -> float:
        """Return what a step will take on the way to the end, as far as that can be foreseen."""
        return min(self.step_seconds, WORST * self.fastest)

    def count_step(self, seconds: float) -> None:
        """Take a step's time into account."""
        memory = max(MEMORY_SHARE * self.seconds, 1e-9)
        fade = max(math.exp(-seconds / memory), 1.0 - 1.0 / LEAST_MEMORY)
        self.time, self.count = self.time * fade + seconds, self.count * fade + 1.0
        self.steps += 1
        self.latest.append(seconds)
        if self.steps >= LEAST_MEMORY:
            self.fastest = min(self.fastest, self.step_seconds)

    def count_validation(self, seconds: float) -> None:
        """Take a validation's time into account, translations included."""
        self.validation, self.validation_known = self._in_steps(seconds), True

    def count_loss(self, seconds: float) -> None:
        """Estimate a validation by the time of its loss, until there was one."""
        share = TRANSLATION_SHARE if self.config.validation_sentences else 0.0
        self.count_validation(seconds * (1.0 + share))

    def count_save(self, seconds: float) -> None:
        """Take the writing of a checkpoint into account."""
        self.save = self._in_steps(seconds)

    def measurable(self, elapsed: float) -> bool:
        """Return whether the speed of this sitting is known well enough to decide by it."""
        first = elapsed - self.began >= FIRST_SHARE * self.seconds
        return self.steps >= MEASURED_STEPS or (self.steps > 0 and first)

    def due(self, elapsed: float) -> bool:
        """Return whether it is time to decide anew."""
        return elapsed - self.decided >= DECISION_SHARE * self.seconds

    def spent(self, step: int, elapsed: float) -> bool:
        """Return whether no more than the end of the run still fits after `step`.

        A validation or save that is due after this very step would come again at the end. Where
        both no longer fit, the run ends with it now, if that is nearer to the budget.
        """
        config = self.config
        due = 0.0 if step % config.validate_every else self.validation
        due += 0.0 if step % config.save_every else self.save
        return elapsed + self._end_seconds() + due * self.lasting_seconds / 2.0 >= self.seconds

    def goes_on(self, elapsed: float) -> bool:
        """Return whether the last validation, which is over, came so early that a run goes on.

        What is left must be enough for steps and another validation.
        """
        left = self.seconds - elapsed - self._end_seconds() + self.validation * self.lasting_seconds
        again = (self.validation + self.save) * self.lasting_seconds
        return left > max(UNSPENT_SHARE * self.seconds, 1.2 * again)

    def total(self, step: int, elapsed: float) -> int:
        """Return the step count of a run that is `elapsed` seconds old and at `step`, at least 1.

        What is left of the budget, without the last validation and save, is shared out among steps
        with their part of the validations and saves on the way.
        """
        self.decided = elapsed
        left = self.seconds - elapsed - self._end_seconds()
        config = self.config
        per_step = 1.0 + self.validation / config.validate_every + self.save / config.save_every
        return max(1, step + max(0, int(left / (per_step * self.lasting_seconds))))

    def _in_steps(self, seconds: float) -> float:
        return seconds * len(self.latest) / max(sum(self.latest), 1e-9)

    def _end_seconds(self) -> float:
        tries = 2 if self.config.average_checkpoints > 1 else 1  # the mean is validated, too
        return tries * (self.validation + self.save) * self.lasting_seconds if self.count else 0.0
