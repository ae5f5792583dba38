"""Where a run stands.

This is everything that is neither a weight nor derived from the recipe and the step.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from seq2seq.errors import ModelError


@dataclass
class Window:
    """Sums over the steps since the last line of the log."""

    loss: float = 0.0
    labels: int = 0
    pieces: int = 0
    filled: int = 0
    positions: int = 0
    grad_norm: float = 0.0
    steps: int = 0


@dataclass
class TrainingState:
    """Counters that are saved with every checkpoint, and taken up again by a resumed run."""

    step: int = 0  # optimiser steps done
    epoch: int = 0
    step_in_epoch: int = 0
    ends: list[float] = field(default_factory=list)  # max_steps, max_epochs, max_minutes
    lifted: list[str] = field(default_factory=list)  # of them: those that had ended the run before
    total_steps: int = 0  # decided from them; 0 while unknown
    seconds: float = 0.0  # wall time spent in the loop, over all sittings
    pieces: int = 0  # real source and target pieces read
    peak_memory: int = 0  # bytes, of the largest process so far
    best_score: float | None = None  # BLEU, or minus the loss where nothing is translated
    best_step: int = 0
    best_bleu: float | None = None
    best_signature: str = ""
    stale: int = 0  # validations since the best one
    finished: str = ""  # why, once it is over
    limit: str = ""  # which then ended it, such as training.max_epochs=30
    averaged: int = 0  # checkpoints whose mean was tried at the end
    window: Window = field(default_factory=Window)

    def to_json(self) -> bytes:
        """Return the state as JSON; floats are written so that they come back exactly."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, allow_nan=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> TrainingState:
        """Read what `to_json` wrote; a ModelError if it is something else."""
        try:
            values: dict[str, Any] = json.loads(data)
            return cls(**{**values, "window": Window(**values["window"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(f"state.json is damaged: {error}") from error
