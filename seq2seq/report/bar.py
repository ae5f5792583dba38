"""Training as it is seen on standard error: a live bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from seq2seq.terminal import visible
from seq2seq.training.events import Event, Noted, Saved, Started, Step, Stopped, Validated

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY = 10.0  # seconds between two plain lines about steps
SAMPLES = 3  # translations shown after a validation


def show(
    events: Iterable[Event], *, quiet: bool = False, file: TextIO | None = None
) -> Stopped | None:
    """Consume a training's events and draw them; return how it stopped.

    Quiet draws nothing.
    """
    stream = file or sys.stderr
    view: Lines | Bar = Bar(stream) if stream.isatty() and not quiet else Lines(stream, quiet=quiet)
    last = None
    with view:
        for event in events:
            view.draw(event)
            if isinstance(event, Stopped):
                last = event
    return last


class Lines:
    """Plain lines: every validation, note and end, and a step now and then."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self.stream = stream
        self.quiet = quiet
        self.shown_at = 0.0

    def __enter__(self) -> Lines:
        """Return the view itself; there is nothing to set up."""
        return self

    def __exit__(self, *error: object) -> None:
        """Leave; there is nothing to put back."""

    def draw(self, event: Event) -> None:
        """Write the lines of one event."""
        from time import monotonic

        if self.quiet:
            return
        if isinstance(event, Step):
            if monotonic() - self.shown_at < LINE_EVERY:
                return
            self.shown_at = monotonic()
        try:
            for line in described(event):
                self.stream.write(visible(line) + "\n")
            self.stream.flush()
        except (OSError, ValueError):
            self.quiet = True  # the reader has left; the training goes on


class Bar:
    """A live bar with loss, tokens a second, padding and time to go; other events scroll above."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.progress: Progress | None = None
        self.task: TaskID | None = None
        self.closed = False  # the terminal, while the training goes on to its next checkpoint

    def __enter__(self) -> Bar:
        """Start the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.progress = Progress(
            TextColumn("step {task.completed:.0f}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(),
            console=Console(file=self.stream),
            transient=True,
            expand=True,
        )
        self.progress.start()
        self.task = self.progress.add_task("train", total=None, numbers="")
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar away, also after an error."""
        if self.progress is not None:
            with suppress(OSError):
                self.progress.stop()

    def draw(self, event: Event) -> None:
        """Move the bar by a step, or print an event above it."""
        if self.closed:
            return
        try:
            self._draw(event)
        except OSError:
            self.closed = True

    def _draw(self, event: Event) -> None:
        assert self.progress is not None and self.task is not None, "the view is not entered"
        if isinstance(event, Started):
            self.progress.update(self.task, total=event.total_steps, completed=event.step)
        if isinstance(event, Step):
            self.progress.update(
                self.task, total=event.total_steps, completed=event.step, numbers=_numbers(event)
            )
            return
        from rich.text import Text

        for line in described(event):
            self.progress.console.print(Text(visible(line)))


def described(event: Event) -> list[str]:
    """Return the lines that say what an event was; some say nothing."""
    if isinstance(event, Started):
        of = f" of {event.total_steps}" if event.total_steps else ""
        return [f"training from step {event.step}{of}"]
    if isinstance(event, Step):
        of = f"/{event.total_steps}" if event.total_steps else ""
        return [f"step {event.step}{of}  epoch {event.epoch:.2f}  {_numbers(event)}"]
    if isinstance(event, Validated):
        return _validation(event)
    if isinstance(event, Noted):
        return [event.message]
    if isinstance(event, Stopped):
        by = f", by {event.limit}" if event.limit else ""
        return [f"stopped at step {event.step} after {duration(event.seconds)}: {event.reason}{by}"]
    assert isinstance(event, Saved)
    return []


def duration(seconds: float) -> str:
    """Return a time in words that are short: 42 s, 3 min 20 s, 5 h 3 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _numbers(event: Step) -> str:
    return (
        f"loss {event.loss:.3f}  {event.tokens_per_second:,.0f} tokens/s  "
        f"padding {event.padding:.1%}  lr {event.learning_rate:.2e}"
    )


def _validation(event: Validated) -> list[str]:
    of = f" of the mean of {event.averaged} checkpoints" if event.averaged else ""
    line = f"validation{of} at step {event.step}: loss {event.loss:.3f}"
    line += f", perplexity {event.perplexity:.2f}"
    if event.bleu is not None:
        line += f", BLEU {event.bleu:.2f} ({event.signature})"
    lines = [line + (", the best so far" if event.best else "")]
    for source, reference, translation in event.samples[:SAMPLES]:
        lines += [f"  source       {source}", f"  reference    {reference}"]
        lines += [f"  translation  {translation}"]
    return lines
