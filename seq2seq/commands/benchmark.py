"""`seq2seq benchmark`: how fast this machine trains and translates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seq2seq.analysis.works import WorkName
from seq2seq.commands.command import Command
from seq2seq.commands.options import AsJson, Debug, Device, Quiet, Threads, notes
from seq2seq.errors import DataError, UsageError
from seq2seq.terminal import put

EXAMPLES = """Examples:\n
\b
  seq2seq benchmark train --work T --data multi30k --pair en-de --limit
  seq2seq benchmark train multi30k-en-de-lstm --data multi30k --set model.hidden=1024
  seq2seq benchmark translate runs/mine --input test.en --beam 1
"""

benchmark = typer.Typer(
    name="benchmark", help="Measure speed.", epilog=EXAMPLES, no_args_is_help=True
)
Windows = Annotated[
    int, typer.Option("--windows", min=1, help="measured windows; the median is told")
]


@benchmark.callback()
def _group() -> None:
    """Measure speed."""


@benchmark.command("train", cls=Command, epilog=EXAMPLES)
def train_speed(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", help="a TOML file, or a shipped recipe's name"),
    ] = None,
    work: Annotated[
        WorkName | None,
        typer.Option(help="Transformer, LSTM with attention, or LSTM without, as in docs/speed.md"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="folder with train.en train.fr ...")
    ] = None,
    pair: Annotated[
        str | None, typer.Option(metavar="SRC-TGT", help="languages, such as en-fr")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="change a field, such as model.layers=2"),
    ] = None,
    windows: Windows = 5,
    updates: Annotated[int, typer.Option(min=5, help="optimiser steps a window")] = 10,
    limit: Annotated[
        bool, typer.Option("--limit", help="also time each matrix product of a window alone")
    ] = False,
    as_json: AsJson = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Train for a while, and tell how many source and target pieces a second were learned from."""
    if (recipe is None) == (work is None):
        raise UsageError("one thing is measured at a time", "name a recipe, or give --work")
    from seq2seq.analysis.throughput import training_speed
    from seq2seq.analysis.works import work as values_of
    from seq2seq.config.loading import assigned, check_recipe, own_data, recipe_values
    from seq2seq.report.benchmark import training_document, training_table

    if work is not None and (data is None or pair is None):
        raise UsageError(f"work {work} has no text of its own", "add --data DIR and --pair SRC-TGT")
    name = recipe or str(work)
    values = recipe_values(recipe) if work is None else values_of(work)
    values, written = assigned(values, own_data(data, pair) + list(assignments or []))
    found = training_speed(
        check_recipe(values, written, where=name),
        windows=windows,
        updates=updates,
        limit=limit,
        device=device,
        note=notes(quiet),
    )
    if as_json:
        put(training_document(name, found) + "\n")
    else:
        training_table(name, found)


@benchmark.command("translate", cls=Command, epilog=EXAMPLES)
def translate_speed(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="run directory; several are an ensemble")
    ],
    input_file: Annotated[
        Path, typer.Option("--input", metavar="FILE", help="text, plain or gzip")
    ],
    beam: Annotated[
        int | None, typer.Option(min=1, max=1000, help="hypotheses kept", show_default="its own")
    ] = None,
    batch: Annotated[
        int, typer.Option(min=0, help="sentences handed over at a time; 0: all of them")
    ] = 0,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="decoding.KEY=VALUE", help="change how it is searched"),
    ] = None,
    windows: Windows = 5,
    as_json: AsJson = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Translate a text several times, models loaded, and tell how many sentences a second."""
    from seq2seq.analysis.throughput import translation_speed
    from seq2seq.config.loading import decoding_overrides
    from seq2seq.decoding.translator import Translator
    from seq2seq.evaluation.testsets import read_texts
    from seq2seq.report.benchmark import translation_document, translation_table

    texts, _ = read_texts(input_file)
    if not texts:
        raise DataError(f"{input_file} is empty", "give a text to translate")
    translator = Translator.load(runs, device=device)
    changes = [*(assignments or []), *([f"decoding.beam={beam}"] if beam else [])]
    translator.decoding = decoding_overrides(translator.decoding, changes)
    note = notes(quiet)
    found = translation_speed(translator, texts, windows=windows, batch=batch, note=note)
    if as_json:
        put(translation_document(found) + "\n")
    else:
        translation_table(found)
