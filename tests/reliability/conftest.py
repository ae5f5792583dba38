"""Training in this process, stopped where a test wants it, and what must come out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.config.schema import Recipe

APART = ("seconds", "tokens_per_second", "total_steps")  # of the clock, and of where it shall end


def history(run: Path) -> list[dict[str, Any]]:
    """Return the log without what may differ."""
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{key: record[key] for key in record if key not in APART} for record in records]


@pytest.fixture
def outcome() -> Callable[[Path], tuple[bytes, list[dict[str, Any]]]]:
    """Return what two runs must share: the best model, and all that was measured on the way."""
    return lambda run: ((run / "model.safetensors").read_bytes(), history(run))


@pytest.fixture
def train_to() -> Callable[..., Any]:
    """Train; a signal arrives after each of the steps in `stops`. Return the last event.

    `leave` does not go on after the last of them.
    """
    from seq2seq.training.events import Started, Stopped
    from seq2seq.training.run import train

    def go(
        recipe: Recipe, run: Path, stops: Iterable[int] = (), *, resume: bool = False,
        leave: bool = False,
    ) -> Any:  # fmt: skip
        last: Any = None
        for stop in [*stops, *([] if leave else [0])]:
            resume = resume or (run / "recipe.json").exists()
            done = [0]

            def signal(stop: int = stop, done: list[int] = done) -> str:
                done[0] += 1
                return "SIGTERM" if done[0] == stop else ""

            for last in train(recipe, run, resume=resume, device="cpu", stop_signal=signal):
                if isinstance(last, Started):
                    done[0] = last.step
            if stop:
                assert last == Stopped(stop, "SIGTERM", last.seconds)
        return last

    return go
