"""How fast a model trains and translates here, measured on what users run.

Training is measured in windows of optimiser steps after some that do not count, translation in
passes over a text after one that does not; medians and spreads tell how steady the machine was.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from seq2seq.analysis.products import Recorder, best_seconds, operations
from seq2seq.config.schema import Recipe
from seq2seq.decoding.translator import Translator, unheard
from seq2seq.runtime.allocation import keep_between_steps
from seq2seq.runtime.devices import choose_device, peak_memory
from seq2seq.training.events import Step
from seq2seq.training.loop import Loop
from seq2seq.training.session import Session, open_session

Note = Callable[[str], None]


@dataclass(frozen=True)
class Rates:
    """Rates of several windows, so many a second."""

    each: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return what is reported."""
        return statistics.median(self.each)

    @property
    def spread(self) -> float:
        """Return the distance from slowest to fastest, as a share of the median."""
        return (max(self.each) - min(self.each)) / self.median


@dataclass(frozen=True)
class Limit:
    """What the machine could do if it took nothing but a step's matrix products."""

    tokens_per_second: float
    operations_per_second: float


@dataclass(frozen=True)
class TrainingSpeed:
    """How fast a recipe trains."""

    tokens: Rates  # real source and target pieces, without padding and special symbols
    updates: int  # optimiser steps a window
    padding: float  # share of all positions
    parameters: int
    precision: str
    peak_memory: int  # bytes, of this process
    limit: Limit | None


@dataclass(frozen=True)
class TranslationSpeed:
    """How fast a model translates a text."""

    sentences: Rates
    count: int  # sentences in the text
    peak_memory: int  # bytes, of this process


def training_speed(
    recipe: Recipe, *, windows: int, updates: int, limit: bool, device: str, note: Note
) -> TrainingSpeed:
    """Train for `windows` windows of `updates` steps, after one that does not count.

    With `limit`, the products of `updates` more steps are counted, and each timed alone.

    Raises:
        DataError: the text is missing or damaged.
        ResourceError: the device is not there.
    """
    endless = {"max_steps": sys.maxsize, "max_epochs": 0.0, "max_minutes": 0.0}
    quiet = {"validate_every": sys.maxsize, "save_every": sys.maxsize, "log_every": updates}
    training = recipe.training.model_copy(update={**endless, **quiet})
    place = choose_device(device)
    keep_between_steps()
    with TemporaryDirectory() as folder:
        session = open_session(
            recipe.model_copy(update={"training": training}),
            Path(folder),
            resume=False,
            device=place,
            command="",
            note=note,
        )
        events = Loop(session, lambda: "").events()
        steps = (event for event in events if isinstance(event, Step))
        note(f"warming up: {updates} steps")
        next(steps)
        seen = []
        for step in islice(steps, windows):
            note(f"{step.tokens_per_second:,.0f} pieces a second")
            seen.append(step)
        return TrainingSpeed(
            Rates(tuple(step.tokens_per_second for step in seen)),
            updates,
            statistics.mean(step.padding for step in seen),
            sum(weight.numel() for weight in session.model.parameters()),
            session.precision,
            peak_memory(),
            _limit(session, steps, note) if limit else None,
        )


def _limit(session: Session, steps: Iterator[Step], note: Note) -> Limit:
    before = session.state.pieces
    with Recorder() as recorder:
        next(steps)
    pieces = session.state.pieces - before
    note(f"timing {len(recorder.products):,} matrix products")
    seconds = best_seconds(recorder.products)
    return Limit(pieces / seconds, operations(recorder.products) / seconds)


def translation_speed(
    translator: Translator, texts: Sequence[str], *, windows: int, batch: int, note: Note
) -> TranslationSpeed:
    """Translate `texts` `windows` times, after once that does not count.

    They are handed over `batch` at a time, or all at once for 0.
    """
    rates = []
    for number in range(windows + 1):
        began = time.perf_counter()
        for start in range(0, len(texts), batch or len(texts)):
            translator.translate(texts[start : start + (batch or len(texts))], unheard)
        rate = len(texts) / (time.perf_counter() - began)
        if number:
            note(f"{rate:,.1f} sentences a second")
            rates.append(rate)
    return TranslationSpeed(Rates(tuple(rates)), len(texts), peak_memory())
