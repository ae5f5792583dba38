"""The runs of an experiment: each is trained once, several side by side, each in its own process.

A run has one thread, so that its bytes do not depend on how many others run beside it. A stopped
experiment goes on with the runs where they stand; a finished run is not begun again.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seq2seq.config.schema import Recipe
from seq2seq.errors import DataError, DivergedError, ModelError, ResourceError, Seq2SeqError
from seq2seq.models.bundle import RECIPE, read_recipe
from seq2seq.training.checkpoint import newest_checkpoint
from seq2seq.training.directory import CHECKPOINTS
from seq2seq.training.session import STATE
from seq2seq.training.state import TrainingState

Note = Callable[[str], None]
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
POLL = 0.5  # seconds
PATIENCE = 120.0  # seconds that a stopped child has to save


@dataclass(frozen=True)
class Planned:
    """A run that an experiment needs."""

    name: str
    seed: int
    run: Path
    recipe: Recipe
    arguments: tuple[str, ...]  # of `seq2seq train`

    @property
    def shown(self) -> str:
        """Return what it is called."""
        return f"{self.name}-{self.seed}"


@dataclass(frozen=True)
class TrainingCost:
    """What a finished run took."""

    steps: int
    minutes: float
    pieces_per_second: float
    peak_memory: int  # bytes


def train_all(planned: Sequence[Planned], workers: int, device: str, note: Note) -> None:
    """Train what is not trained yet, `workers` at a time.

    Raises:
        Seq2SeqError: a run ended with an error, whose last line is told.
    """
    waiting = [one for one in planned if not is_finished(one)]
    for one in planned:
        note(f"{one.shown}: {'to be trained' if one in waiting else 'trained already'}")
    running: list[tuple[Planned, subprocess.Popen[bytes], IO[bytes]]] = []
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                one = waiting.pop(0)
                note(f"{one.shown}: training, history in {one.run}")
                running.append((one, *_start(one, device)))
            time.sleep(POLL)
            for entry in [each for each in running if each[1].poll() is not None]:
                running.remove(entry)
                _conclude(*entry)
                note(f"{entry[0].shown}: trained")
    finally:
        for _, child, _ in running:
            child.terminate()
        for _, child, log in running:
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
            log.close()


def is_finished(planned: Planned) -> bool:
    """Return whether a run has ended by itself, as it was planned.

    Raises:
        ModelError: there is another run in its place.
    """
    if not (planned.run / RECIPE).exists():
        return False
    if read_recipe(planned.run) != planned.recipe:
        raise ModelError(
            f"{planned.run} was trained by another recipe than the experiment's",
            "take it away, or choose another folder for the experiment",
        )
    state = _state(planned.run)
    return state is not None and bool(state.finished)


def cost_of(run: Path) -> TrainingCost:
    """Return what a finished run took; raises ModelError for a run without a checkpoint."""
    state = _state(run)
    if state is None:
        raise ModelError(f"{run} has no checkpoint", "take it away and run again")
    rate = state.pieces / max(state.seconds, 1e-9)
    return TrainingCost(state.step, state.seconds / 60.0, rate, state.peak_memory)


def _state(run: Path) -> TrainingState | None:
    place = newest_checkpoint(run / CHECKPOINTS, lambda message: None)
    return None if place is None else TrainingState.from_json((place / STATE).read_bytes())


def _start(planned: Planned, device: str) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    planned.run.parent.mkdir(parents=True, exist_ok=True)
    log = planned.run.with_suffix(".log").open("ab")
    command = [sys.executable, "-m", "seq2seq", "train", *planned.arguments, "--resume"]
    command += ["--run", str(planned.run), "--device", device, "--threads", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=environment,
        preexec_fn=_die_with_parent if LIBC is not None else None,  # noqa: PLW1509 (one call, no lock)
    )
    return child, log


def _die_with_parent() -> None:
    """Let the kernel kill this process with its parent: nobody else would, were that one killed."""
    assert LIBC is not None
    LIBC.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)


def _conclude(planned: Planned, child: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Close a child's log; raise what it died of."""
    log.close()
    if child.returncode == 0:
        return
    path = planned.run.with_suffix(".log")
    lines = path.read_text(encoding="utf-8", errors="replace").strip().split("\n")
    said = lines[-1].removeprefix("error: ")[:500]
    kind: type[Seq2SeqError] = {
        3: DataError,
        5: ResourceError,
        6: DivergedError,
    }.get(child.returncode, ModelError)
    raise kind(f"{planned.shown}: {said}", f"its whole log is {path}")
