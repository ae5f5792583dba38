"""Checks of paths that the command line names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seq2seq.errors import UsageError


def check_no_input(output: Path | None, inputs: Iterable[Path | None]) -> None:
    """Raise a UsageError where writing `output` would replace one of the inputs."""
    if output is None or not output.is_file():
        return
    for given in inputs:
        if given is not None and given.is_file() and output.samefile(given):
            raise UsageError(f"{output} is also an input", "write to another file")
