"""`seq2seq train`: from raw parallel text to a model."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seq2seq.commands.options import Debug, Device, Quiet, Threads, notes
from seq2seq.errors import RecipeError, UsageError

if TYPE_CHECKING:
    from seq2seq.config.schema import Recipe, TextConfig
    from seq2seq.training.events import Event

EXAMPLES = """Examples:\n
\b
  seq2seq train --data my-texts --pair en-fr --run runs/mine
  seq2seq train multi30k-en-de-lstm --data multi30k --set training.max_minutes=15
  seq2seq train --run runs/mine --resume
  seq2seq train --from runs/mine --data other-texts --run runs/other
"""
DEFAULT = "default-transformer"
TOKENIZER_FIELDS = {"tokenizer", "vocabulary", "joint", "normalization", "sample"}  # of [text]


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", help="a TOML file, or a shipped recipe's name"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="folder with train.en train.fr valid.en valid.fr test*.en ..."
        ),
    ] = None,
    pair: Annotated[
        str | None, typer.Option(metavar="SRC-TGT", help="languages, such as en-fr")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="run directory", show_default="runs/NAME")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="change a field, such as model.layers=2"),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="RUN", help="begin with that run's weights and tokenizers"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on from the newest checkpoint")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show data, sizes and memory, and train nothing")
    ] = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Train a model. The run directory ends up holding all that `translate` needs."""
    resumed = run if resume else None
    changes = _changes(data, pair, assignments, resumed if recipe is None else None)
    if recipe is None and not (start or (resume and run)):
        _check_own_data(data, pair, resume)
    resolved = _resolved(recipe, changes, resumed, start)
    directory = run or Path("runs") / _run_name(recipe, data or start, resolved)
    if dry_run:
        _look(resolved, directory, resume=resume, start=start, device=device, quiet=quiet)
        return
    reason = _train(resolved, directory, resume=resume, start=start, device=device, quiet=quiet)
    if reason.startswith("SIG"):
        notes(quiet)(f"to go on: {_way_on(directory, device, threads)}")
        raise typer.Exit(128 + signal.Signals[reason])


def _train(
    recipe: Recipe, run: Path, *, resume: bool, start: Path | None, device: str, quiet: bool
) -> str:
    """Train, show it, and return why it ended."""
    from seq2seq.report.bar import show
    from seq2seq.training import run as training

    listener = Listener()
    events = training.train(
        recipe,
        run,
        resume=resume,
        start=start,
        device=device,
        command=shlex.join(["seq2seq", *sys.argv[1:]]),
        stop_signal=listener.name,
    )
    stopped = show(listener.along(events), quiet=quiet)
    return "" if stopped is None else stopped.reason


def _way_on(run: Path, device: str, threads: int | None) -> str:
    """Return the command that resumes a run as it was going."""
    command = ["seq2seq", "train", "--run", str(run), "--resume"]
    command += [] if device == "auto" else ["--device", device]
    command += [] if threads is None else ["--threads", str(threads)]
    return shlex.join(command)


def _changes(
    data: Path | None, pair: str | None, assignments: list[str] | None, resumed: Path | None
) -> list[str]:
    """Return all assignments; a run to resume knows its files, and is told only where they are."""
    from seq2seq.config.loading import own_data

    changes = own_data(data, pair)
    if resumed is not None and data is not None:
        from seq2seq.models.bundle import RECIPE, read_recipe
        from seq2seq.training.directory import has_files

        if (resumed / RECIPE).exists() and has_files(read_recipe(resumed).data):
            kept = ("data.path=", "data.pair=")
            changes = [change for change in changes if change.startswith(kept)]
    return changes + list(assignments or [])


def _look(
    recipe: Recipe, run: Path, *, resume: bool, start: Path | None, device: str, quiet: bool
) -> None:
    """Show what needs no data first, so that it is seen even where the data cannot be had.

    What training would refuse is refused here, too.
    """
    from seq2seq.report.dry_run import show_dry_run, show_end, show_nominal
    from seq2seq.runtime.devices import choose_device
    from seq2seq.training.dry_run import dry_run
    from seq2seq.training.rehearsal import check_end, check_start
    from seq2seq.training.sizes import nominal_sizes, require_training_memory

    note = notes(quiet)
    show_nominal(nominal_sizes(recipe))
    begun = check_start(recipe, run, resume=resume, start=start, device=device, note=note)
    result = dry_run(recipe, note, start=start, resumed=run if begun else None, device=device)
    show_dry_run(result)
    sizes = (result.sizes.source, result.sizes.target)
    require_training_memory(recipe, choose_device(device), *sizes)
    steps = result.steps_per_epoch
    first, last, training = check_end(
        recipe, run, begun=begun, data_hash=result.data_hash, steps_per_epoch=steps, note=note
    )
    show_end(first, last, training, steps)


def _check_own_data(data: Path | None, pair: str | None, resume: bool) -> None:
    if resume and data is None:
        raise UsageError("--resume needs the run to go on with", "add --run DIR")
    if data is None:
        raise UsageError("nothing to train on", "name a recipe, or give --data DIR and --pair")
    if pair is None and not resume:
        raise UsageError("--data without a recipe needs --pair", "such as --pair en-fr")


def _resolved(
    recipe: str | None, changes: list[str], resumed: Path | None, start: Path | None
) -> Recipe:
    """Return the recipe: as given, or that of the run to resume or to start from, with changes."""
    from seq2seq.config.loading import assigned, check_recipe, recipe_values

    if resumed is None and start is None:  # without torch: a mistake is told at once
        values, written = assigned(recipe_values(recipe or DEFAULT), changes)
        return check_recipe(_with_tokenizers(values), written, where=recipe or DEFAULT)
    from seq2seq.models.bundle import RECIPE, read_recipe

    begun = resumed is not None and (resumed / RECIPE).exists()
    origin = resumed if begun else start
    if recipe is None and origin is not None:
        values, _ = assigned(read_recipe(origin).model_dump(), changes)
        if not begun:  # a run has its own tokenizers; the one that they came from may be gone
            values = _with_tokenizers(values)
        resolved = check_recipe(values, set(), where=str(origin))
    elif recipe is None and not changes and resumed is not None:
        resolved = read_recipe(resumed)  # which says that there is none
    else:
        values, written = assigned(recipe_values(recipe or DEFAULT), changes)
        resolved = check_recipe(_with_tokenizers(values), written, where=recipe or DEFAULT)
    if start is not None and not begun:
        _check_same_text(resolved.text, start)
    return resolved


def _with_tokenizers(values: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe's values where `text.from` says so with that run's ways to cut text."""
    text = values.get("text")
    named = text.get("from") if isinstance(text, dict) else None
    if not isinstance(text, dict) or not isinstance(named, str) or not named:
        return values
    from seq2seq.models.bundle import read_recipe

    there = read_recipe(Path(named)).text.model_dump(include=TOKENIZER_FIELDS)
    return values | {"text": text | there}


def _check_same_text(text: TextConfig, start: Path) -> None:
    """Refuse to cut text in another way than the run to begin with."""
    from seq2seq.models.bundle import read_recipe

    here, there = (  # where tokenizers came from first is no matter
        one.model_dump(exclude={"from_"}) for one in (text, read_recipe(start).text)
    )
    told = [f"text.{key}: {there[key]} -> {here[key]}" for key in here if there[key] != here[key]]
    if told:
        raise RecipeError(
            f"{start}, whose tokenizers are to be used, has another [text]: {'; '.join(told)}",
            "leave [text] as it is there",
        )


def _run_name(recipe: str | None, data: Path | None, resolved: Recipe) -> str:
    if recipe is not None:
        return Path(recipe).stem
    assert data is not None
    return f"{data.resolve().name}-{'-'.join(resolved.data.languages)}"


class Listener:
    """Lets SIGINT, SIGTERM and SIGHUP ask the training loop to save and stop.

    It listens from the loop's start on: before, while data are prepared, a signal ends the command
    as usual. A second signal ends it at once, but for SIGHUP: a terminal that is closed sends it
    twice, by the shell and by the kernel. Where `nohup` had it ignored, it stays so.
    """

    def __init__(self) -> None:
        self.received = ""

    def name(self) -> str:
        """Return the name of the signal that arrived, or nothing."""
        return self.received

    def along(self, events: Iterator[Event]) -> Iterator[Event]:
        """Pass events on, and begin to listen when the loop starts."""
        from seq2seq.training.events import Started

        for event in events:
            if isinstance(event, Started):
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                        signal.signal(number, self._remember)
            yield event

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number).name
        for ended in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ended, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
