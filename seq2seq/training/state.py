"""Where a run stands.

This is everything that is neither a weight nor derived from the recipe and the step.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from seq2seq.documents import is_number, parse_table
from seq2seq.errors import ModelError

State = TypeVar("State")
DIGITS = 2  # of BLEU, as it is printed


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
    best_loss: float | None = None  # of the best model
    lowest_loss: float | None = None  # of all validations
    stale: int = 0  # validations since BLEU or loss got better
    finished: str = ""  # why, once it is over
    limit: str = ""  # which then ended it, such as training.max_epochs=30
    averaged: int = 0  # checkpoints whose mean was tried at the end
    window: Window = field(default_factory=Window)

    def is_better(self, bleu: float | None, loss: float, signature: str) -> bool:
        """Return whether a model of this BLEU and validation loss is better than the best so far.

        The higher BLEU is, and where BLEU is the same as printed, or was counted in another way, or
        is not counted, the lower loss.
        """
        if self.best_score is None:
            return True
        if bleu is not None and self.best_bleu is not None and signature == self.best_signature:
            before, now = round(self.best_bleu, DIGITS), round(bleu, DIGITS)
            if before != now:
                return now > before
        best_loss = self.best_loss
        if best_loss is None and self.best_bleu is None:  # states of older versions
            best_loss = -self.best_score
        return best_loss is None or loss < best_loss

    def to_json(self) -> bytes:
        """Return the state as JSON; floats are written so that they come back exactly."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, allow_nan=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> TrainingState:
        """Read what `to_json` wrote; a ModelError if it is something else."""
        try:
            values = parse_table(data)
            window = _checked(Window, values["window"])
            return _checked(cls, {**values, "window": window})
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(
                f"state.json is damaged: {error}", "delete that checkpoint, then resume from before"
            ) from error


def _checked(kind: type[State], values: Any) -> State:
    """Return an instance of a state class from JSON values of its fields' types.

    Raises:
        ValueError: a field has another type, is negative where it counts, or is unknown.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{kind.__name__} is no JSON object")
    types = get_type_hints(kind)
    for name, value in values.items():
        if name not in types:
            raise ValueError(f"{name[:40]!r} is no field")
        if not _fits(value, types[name]):
            raise ValueError(f"{name} has the wrong type or value: {str(value)[:40]}")
        if types[name] is float:
            values = {**values, name: float(value)}
    return kind(**values)


def _fits(value: Any, expected: Any) -> bool:
    if expected is int:
        return type(value) is int and value >= 0
    if expected is float:
        return is_number(value)
    if expected is str or expected is bool:
        return type(value) is expected
    if get_origin(expected) in (list, UnionType):
        arguments = get_args(expected)
        if get_origin(expected) is list:
            return isinstance(value, list) and all(_fits(item, arguments[0]) for item in value)
        return any(value is None if kind is NoneType else _fits(value, kind) for kind in arguments)
    return isinstance(value, expected)
