"""`seq2seq export`: a model for another engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from seq2seq.commands.options import Debug, Quiet
from seq2seq.terminal import tell

EXAMPLES = """Examples:\n
\b
  seq2seq export runs/mine --to ctranslate2 mine.ct2
  seq2seq export runs/mine --to ctranslate2 --quantization int8 mine.ct2
"""


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="a run directory")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a new folder")],
    to: Annotated[Literal["ctranslate2"], typer.Option("--to", help="the engine")],
    quantization: Annotated[
        Literal["float32", "int8", "int16", "float16", "bfloat16"],
        typer.Option(help="of the weights in the file"),
    ] = "float32",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a Transformer in the format of another engine, and check that it is the same model."""
    from seq2seq.export.ctranslate2 import export_ctranslate2

    done = export_ctranslate2(run, folder, quantization)
    if not quiet:
        tell(
            f"{done.folder}: {done.probes} pairs score as in {run}, "
            f"to {done.deviation:.1e} nats a piece in float32"
        )
