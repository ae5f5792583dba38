"""Learning curves: what log.jsonl of a run tells, against steps, epochs or minutes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from seq2seq.analysis.runs import named_runs
from seq2seq.documents import parse_table
from seq2seq.errors import ModelError
from seq2seq.files import read_plain
from seq2seq.models.bundle import RECIPE
from seq2seq.training.directory import LARGEST_LOG, LOG

Axis = Literal["step", "epoch", "minutes"]


@dataclass(frozen=True)
class Trained:
    """The mean over a few steps, told at the last of them."""

    step: int
    epoch: float
    minutes: float
    loss: float  # nats a target piece, label smoothing included
    learning_rate: float
    grad_norm: float
    tokens_per_second: float


@dataclass(frozen=True)
class Judged:
    """A validation."""

    step: int
    epoch: float
    minutes: float
    loss: float  # nats a target piece, without label smoothing
    bleu: float | None
    averaged: int  # of how many checkpoints' mean; 0: of the weights as they were


@dataclass(frozen=True)
class Curve:
    """The history of one run."""

    name: str
    run: Path
    training: list[Trained]
    validations: list[Judged]
    signature: str  # of BLEU; "" where none was measured

    @property
    def best(self) -> Judged | None:
        """Return the validation with the best BLEU, or else the lowest loss; the earliest such."""
        if not self.validations:
            return None
        return max(
            self.validations,
            key=lambda one: -one.loss if one.bleu is None else one.bleu,
        )


def read_curves(systems: Sequence[str]) -> list[Curve]:
    """Read runs given as a directory or as name=directory; names must differ.

    Raises:
        ModelError: a run has no log, or a damaged one.
        UsageError: two have one name.
    """
    return [_read(name, run) for name, run in named_runs(systems)]


def _read(name: str, run: Path) -> Curve:
    if not (run / RECIPE).is_file():
        raise ModelError(
            f"{run} is no run directory: it has no {RECIPE}", "give the directory of a training run"
        )
    path = run / LOG
    if not path.is_file():
        raise ModelError(f"{run} has no {LOG}", "let it train a few steps first")
    records = _records(path)
    steps = [record for record in records if record["event"] == "step"]
    try:
        epochs = _Epochs(steps)
        training = [_trained(record) for record in steps]
        judged = [record for record in records if record["event"] == "validation"]
        validations = [_judged(record, epochs) for record in judged]
        signatures = {str(record["signature"]) for record in judged} - {""}
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"{error}") from error
    return Curve(name, run, training, validations, " ".join(sorted(signatures)))


def _records(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a log; a last line that a kill left half written is passed over."""
    lines = read_plain(path, LARGEST_LOG).split(b"\n")
    records = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            record = parse_table(line)
            record["event"], record["step"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number == len(lines):
                continue
            raise _damaged(path, f"line {number} is no event") from error
        records.append(record)
    return records


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError(f"{path} is damaged: {why}", "resume the run, or take it from a backup")


def _trained(record: dict[str, Any]) -> Trained:
    return Trained(
        int(record["step"]),
        float(record["epoch"]),
        float(record["seconds"]) / 60.0,
        float(record["loss"]),
        float(record["learning_rate"]),
        float(record["grad_norm"]),
        float(record["tokens_per_second"]),
    )


def _judged(record: dict[str, Any], epochs: _Epochs) -> Judged:
    bleu = record["bleu"]
    return Judged(
        int(record["step"]),
        epochs.at(int(record["step"])),
        float(record["seconds"]) / 60.0,
        float(record["loss"]),
        None if bleu is None else float(bleu),
        int(record.get("averaged", 0)),
    )


class _Epochs:
    """Epochs of steps that were not logged themselves, by a straight line between two that were."""

    def __init__(self, records: Sequence[dict[str, Any]]) -> None:
        self.known = [(0, 0.0), *((int(one["step"]), float(one["epoch"])) for one in records)]

    def at(self, step: int) -> float:
        """Return how many epochs were done at a step."""
        after = bisect_left(self.known, (step, -1.0))
        if after < len(self.known) and self.known[after][0] == step:
            return self.known[after][1]
        low, high = self.known[max(0, after - 1)], self.known[min(after, len(self.known) - 1)]
        if high[0] == low[0]:  # beyond the last line: as fast as on the average so far
            return low[1] * step / low[0] if low[0] else 0.0
        return low[1] + (high[1] - low[1]) * (step - low[0]) / (high[0] - low[0])
