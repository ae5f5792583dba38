"""A whole training run in a run directory: the one function that commands and experiments call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seq2seq.config.schema import Recipe
from seq2seq.models.build import check_cell_options
from seq2seq.runtime.allocation import keep_between_steps
from seq2seq.runtime.devices import choose_device
from seq2seq.training.card import write_card
from seq2seq.training.directory import CARD, LOCK, locked, refuse_used
from seq2seq.training.ending import already_finished
from seq2seq.training.events import Event, Noted, Stopped
from seq2seq.training.loop import Loop, StopSignal
from seq2seq.training.session import open_session


def train(
    recipe: Recipe,
    run: Path,
    *,
    resume: bool = False,
    start: Path | None = None,
    device: str = "auto",
    command: str = "",
    stop_signal: StopSignal = lambda: "",
) -> Iterator[Event]:
    """Train `recipe` in the directory `run`; yield events until it is over.

    `stop_signal` is asked once a step; the name of a signal makes the run save and stop. The same
    recipe, data, machine, package versions and thread count end in the same bytes, however often
    the run was killed and resumed. `start` is another run whose weights and tokenizers this one
    begins with; it must be of the same shape, and `recipe.text` the same.

    Raises:
        UsageError: the directory is in use for something else.
        RecipeError: the cell has no such option.
        DataError: the text is missing or damaged.
        ModelError: the run cannot be resumed as it is.
        ResourceError: the disk is full, or the device is not there.
        DivergedError: the loss is no number any more.
    """
    check_cell_options(recipe.model)
    place = choose_device(device)
    keep_between_steps()
    if not resume and not (run / LOCK).exists():  # whether a lock is held is asked below
        refuse_used(run)
    with locked(run):
        if not resume:
            refuse_used(run)  # another may have begun while this one waited
        yield Noted(
            "preparing text: reading, training tokenizers, encoding; cached for the next time"
        )
        notes: list[str] = []
        session = open_session(
            recipe,
            run,
            resume=resume,
            start=start,
            device=place,
            command=command,
            note=notes.append,
        )
        yield from map(Noted, notes)
        if session.state.finished:
            yield Noted(already_finished(run, session.state, recipe.training))
            late = list(Loop(session, stop_signal).averaged())
            yield from late
            if late or not (run / CARD).exists():  # killed between its last checkpoint and its card
                write_card(session)
            state = session.state
            yield Stopped(state.step, "already finished", state.seconds, state.limit)
            return
        for event in Loop(session, stop_signal).events():
            if isinstance(event, Stopped):
                write_card(session)
            yield event
