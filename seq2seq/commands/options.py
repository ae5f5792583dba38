"""Options that several subcommands share, and what they set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from seq2seq.terminal import tell


def _set_threads(count: int | None) -> int | None:
    if count is not None:
        import torch

        torch.set_num_threads(count)
    return count


Quiet = Annotated[bool, typer.Option("--quiet", help="no progress and no warnings on stderr")]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        max=1024,
        help="CPU threads",
        show_default="all cores",
        callback=_set_threads,
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="show a traceback where an error ends the command")
]
Device = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:N")
]
References = Annotated[
    list[Path] | None,
    typer.Option(
        "--reference", metavar="FILE", help="reference translations; repeat for several of each"
    ),
]
TokenizeFor = Annotated[
    str | None,
    typer.Option(
        "--tokenize",
        metavar="NAME",
        help="BLEU's tokenizer; none takes tokens as they are; moses-de is as in papers",
        show_default="13a",
    ),
]
Lowercase = Annotated[bool, typer.Option("--lowercase", help="ignore case")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document")]


def notes(quiet: bool, label: str = "") -> Callable[[str], None]:
    """Return what shows messages on stderr, `label` before each, or with --quiet keeps silent."""

    def show(message: str) -> None:
        if not quiet:
            tell(label + message)

    return show
