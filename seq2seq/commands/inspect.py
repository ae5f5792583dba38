"""`seq2seq inspect`: what runs and models did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from seq2seq.commands.options import AsJson, Debug, Quiet

EXAMPLES = """Examples:\n
\b
  seq2seq inspect curve runs/a runs/b --output curves.png
  seq2seq inspect curve lstm=runs/a attention=runs/b --by minutes
  seq2seq inspect vectors runs/a runs/b --output vectors.png
"""

inspect = typer.Typer(
    name="inspect", help="Look into runs and models.", epilog=EXAMPLES, no_args_is_help=True
)


@inspect.callback()
def _group() -> None:
    """Look into runs and models."""


@inspect.command(epilog=EXAMPLES)
def curve(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="a run directory, or name=directory")
    ],
    by: Annotated[
        Literal["step", "epoch", "minutes"], typer.Option("--by", help="what they are drawn over")
    ] = "step",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a picture: .png, .svg or .pdf")
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="write event files, if tensorboard is installed"),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show learning curves of runs side by side: a table, and a picture with --output."""
    from seq2seq.analysis.curves import read_curves
    from seq2seq.report.curves import curve_document, curve_tables

    curves = read_curves(runs)
    if output is not None:
        from seq2seq.report.plots import draw_curves

        draw_curves(curves, by, output)
    if tensorboard is not None:
        from seq2seq.report.tensorboard import write_tensorboard

        write_tensorboard(curves, tensorboard)
    if as_json:
        typer.echo(curve_document(curves))
    else:
        curve_tables(curves, by)


@inspect.command(epilog=EXAMPLES)
def vectors(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="a run directory, or name=directory")
    ],
    phrases: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="meaning, tab, phrase on each line; blank lines between families",
            show_default="those of the 2014 paper, in English",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a picture: .png, .svg or .pdf")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show what models keep of a sentence: do its vectors tell meanings apart, or wordings?"""
    from seq2seq.analysis.runs import named_runs
    from seq2seq.analysis.vectors import families, see
    from seq2seq.report.plots import check_format
    from seq2seq.report.vectors import draw_vectors, vector_document, vector_table

    if output is not None:
        check_format(output)  # before the work
    named, wanted = named_runs(runs), families(phrases)
    found = [(name, see(run, wanted)) for name, run in named]
    if output is not None:
        draw_vectors(found, output)
    if as_json:
        typer.echo(vector_document(found))
    else:
        vector_table(found)
