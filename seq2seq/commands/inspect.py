"""`seq2seq inspect`: what runs and models did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from seq2seq.commands.command import Command
from seq2seq.commands.options import AsJson, Debug, Device, Quiet, Threads, notes
from seq2seq.commands.paths import no_run_file
from seq2seq.errors import UsageError
from seq2seq.terminal import put

EXAMPLES = """Examples:\n
\b
  seq2seq inspect curve runs/a runs/b --output curves.png
  seq2seq inspect curve lstm=runs/a attention=runs/b --by minutes
  seq2seq inspect vectors runs/a runs/b --output vectors.png
  seq2seq inspect gradients --cell rnn --cell lstm:forget_bias=1 --steps 60 --output flow.png
  seq2seq inspect gradients forward=runs/a reversed=runs/b --source test.en --target test.de
  seq2seq inspect gates runs/a --sentence "A dog runs." --output gates.png
  seq2seq inspect attention runs/a --sentence "A dog runs." --output look.png
  seq2seq inspect speed --output speed.png
"""
Picture = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="a picture: .png, .svg or .pdf",
        callback=no_run_file,
    ),
]
Cells = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CELL[:OPTION=VALUE,...]",
        help="a cell as it starts; repeat for several",
        show_default="without runs: rnn, lstm, gru in several forms",
    ),
]
Found = TypeVar("Found")
Sentence = Annotated[str, typer.Option(help="what the model reads")]

inspect = typer.Typer(
    name="inspect", help="Look into runs and models.", epilog=EXAMPLES, no_args_is_help=True
)


def _check_picture(output: Path | None) -> None:
    """Refuse a picture that cannot be written, before the work."""
    if output is not None:
        from seq2seq.report.plots import check_format

        check_format(output)


def _show(
    found: Found,
    output: Path | None,
    as_json: bool,
    draw: Callable[[Found, Path], list[str]],
    document: Callable[[Found], str],
    table: Callable[[Found], None],
    quiet: bool,
) -> None:
    """Draw what was found, if a picture is asked for, and print it in one of two ways."""
    if output is not None:
        _tell(draw(found, output), output, quiet)
    if as_json:
        put(document(found) + "\n")
    else:
        table(found)


def _tell(remarks: list[str], output: Path, quiet: bool) -> None:
    for remark in remarks:
        notes(quiet, "warning: ")(f"{output}: {remark}")


@inspect.callback()
def _group() -> None:
    """Look into runs and models."""


@inspect.command(cls=Command, epilog=EXAMPLES)
def curve(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="a run directory, or name=directory")
    ],
    by: Annotated[
        Literal["step", "epoch", "minutes"], typer.Option("--by", help="what they are drawn over")
    ] = "step",
    output: Picture = None,
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

        _tell(draw_curves(curves, by, output), output, quiet)
    if tensorboard is not None:
        from seq2seq.report.tensorboard import write_tensorboard

        write_tensorboard(curves, tensorboard)
    if as_json:
        put(curve_document(curves) + "\n")
    else:
        curve_tables(curves, by)


@inspect.command(cls=Command, epilog=EXAMPLES)
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
    output: Picture = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show what models keep of a sentence: do its vectors tell meanings apart, or wordings?"""
    from seq2seq.analysis.runs import named_runs
    from seq2seq.analysis.vectors import families, see
    from seq2seq.report.vectors import draw_vectors, vector_document, vector_table

    _check_picture(output)
    named, wanted = named_runs(runs), families(phrases)
    found = [(name, see(run, wanted)) for name, run in named]
    _show(found, output, as_json, draw_vectors, vector_document, vector_table, quiet)


@inspect.command(cls=Command, epilog=EXAMPLES)
def gradients(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN", help="a run directory, or name=directory", show_default=False
        ),
    ] = None,
    cell: Cells = None,
    steps: Annotated[int, typer.Option(min=5, max=2000, help="of time to look back")] = 60,
    layers: Annotated[
        int, typer.Option(min=0, max=500, help="also through so many layers; 0: not")
    ] = 40,
    width: Annotated[int, typer.Option(min=1, max=2048, help="of the cells")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="of weights and inputs")] = 1,
    source: Annotated[Path | None, typer.Option(help="sentences that runs read")] = None,
    target: Annotated[Path | None, typer.Option(help="their translations, by lines")] = None,
    most: Annotated[
        int, typer.Option("--sentences", min=1, help="how many of them are looked at")
    ] = 200,
    output: Picture = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show how far back a loss is heard: gradients by their distance, in time, depth or words.

    Cells are measured as they start, in time and (lstm or the first cell named) through a deep
    stack, plain and residual; runs as they started and as they are, by the words of the source.
    """
    from seq2seq.analysis.gradients import DEEP, USUAL, by_word, of_cells, read_pairs
    from seq2seq.analysis.runs import named_runs
    from seq2seq.report.gradients import draw_gradients, gradient_document, gradient_table

    _check_picture(output)
    if runs and (source is None or target is None):
        raise UsageError("runs are looked at on sentences", "add --source FILE and --target FILE")
    cells = list(cell or ([] if runs else USUAL))
    flows = of_cells(cells, cell[0] if cell else DEEP, steps, layers, width, seed)
    for name, run in named_runs(runs or []):
        assert source is not None and target is not None
        pairs = read_pairs(source, target)[:most]
        flows += [
            flow for trained in (False, True) for flow in by_word(name, run, pairs, trained=trained)
        ]
    _show(flows, output, as_json, draw_gradients, gradient_document, gradient_table, quiet)


@inspect.command(cls=Command, epilog=EXAMPLES)
def gates(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="of the architecture recurrent")],
    sentence: Sentence,
    output: Picture = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show what the gates of an encoder do while it reads a sentence, and how long it remembers."""
    from seq2seq.analysis.gates import read_gates
    from seq2seq.report.gates import draw_gates, gate_document, gate_table

    _check_picture(output)
    found = read_gates(run, sentence)
    _show(found, output, as_json, draw_gates, gate_document, gate_table, quiet)


@inspect.command(cls=Command, epilog=EXAMPLES)
def attention(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="of a model with attention")],
    sentence: Sentence,
    target: Annotated[
        str | None, typer.Option(help="a translation of it", show_default="the model's own")
    ] = None,
    output: Picture = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Show where a model looks while it writes a translation, piece by piece."""
    from seq2seq.analysis.attention import look
    from seq2seq.report.attention import attention_document, attention_table, draw_attention

    _check_picture(output)
    found = look(run, sentence, target)
    _show(found, output, as_json, draw_attention, attention_document, attention_table, quiet)


@inspect.command(cls=Command, epilog=EXAMPLES)
def speed(
    recipes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE",
            help="recipes whose models are measured",
            show_default="four models of width 256",
        ),
    ] = None,
    lengths: Annotated[
        list[int] | None,
        typer.Option("--length", min=1, max=2000, help="pieces a sentence; repeat for several"),
    ] = None,
    output: Picture = None,
    as_json: AsJson = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Show what a sentence costs by its length, in training and in translation."""
    from seq2seq.analysis.lengths import LENGTHS, USUAL, measure
    from seq2seq.config.loading import load_recipe
    from seq2seq.report.lengths import draw_lengths, length_document, length_table

    _check_picture(output)
    models = {name: load_recipe(name).model for name in recipes} if recipes else USUAL
    wanted = sorted(set(lengths)) if lengths else LENGTHS
    if len(wanted) < 2:
        raise UsageError("costs by length need two lengths", "give --length twice or more")
    found = measure(models, wanted, device, notes(quiet))
    _show(found, output, as_json, draw_lengths, length_document, length_table, quiet)
