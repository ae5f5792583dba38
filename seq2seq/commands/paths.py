"""Checks of paths that the command line names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from seq2seq.errors import UsageError

RUN_FILES = (  # of a run directory; `checkpoints` holds more
    "recipe.json",
    "model.safetensors",
    "source.model",
    "target.model",
    "source.vocab",
    "target.vocab",
    "log.jsonl",
    "README.md",
    ".lock",
)
CHECKPOINTS = "checkpoints"


def no_run_file(output: Path | None) -> Path | None:
    """Return `output`, an option's value, unless it is a file that a run directory consists of.

    Links are followed. Other names in a run directory, such as test.hyp, are free.

    Raises:
        UsageError: it is such a file, or would become one.
    """
    if output is None:
        return None
    target = Path(os.path.realpath(output))
    folders = [target.parent, *(above.parent for above in target.parents if _is_store(above))]
    for folder in folders:
        if os.path.lexists(folder / RUN_FILES[0]) and (
            target.name in RUN_FILES or folder != target.parent
        ):
            raise UsageError(
                f"{output} is a file of the run directory {folder}", "write to another file"
            )
    return output


def _is_store(folder: Path) -> bool:
    return folder.name == CHECKPOINTS


def check_no_input(output: Path | None, inputs: Iterable[Path | None]) -> None:
    """Raise a UsageError where writing `output` would replace one of the inputs.

    Of an input that is a run directory, that is each of its files, also by another hard link.
    """
    if output is None:
        return
    try:
        there = os.stat(output)
    except (OSError, ValueError):
        return  # what is not there yet replaces nothing
    for given in inputs:
        for path in _files(given):
            facts = path.stat()
            if (facts.st_dev, facts.st_ino) == (there.st_dev, there.st_ino):
                raise UsageError(f"{output} is also an input ({path})", "write to another file")


def _files(given: Path | None) -> Iterator[Path]:
    if given is None:
        return
    try:
        if given.is_file():
            yield given
        for path in (given / name for name in RUN_FILES):
            if path.is_file():
                yield path
        for path in (given / CHECKPOINTS).glob("*/*"):
            if path.is_file():
                yield path
    except (OSError, ValueError):
        return  # whoever reads it says what is wrong with it
