"""`seq2seq reproduce`: a whole paper's tables and figures from one experiment file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seq2seq.commands.options import Debug, Device, Quiet, notes
from seq2seq.terminal import tell

EXAMPLES = """Examples:\n
\b
  seq2seq reproduce sutskever2014 --scale small --data tatoeba --pair en-fr
  seq2seq reproduce my-experiment.toml --scale full --data my-texts --pair en-de --run runs/mine
"""


def reproduce(
    experiment: Annotated[
        str, typer.Argument(metavar="EXPERIMENT", help="a TOML file, or a shipped one's name")
    ],
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="folder with train.en train.fr valid.en ... test.fr")
    ],
    pair: Annotated[str, typer.Option(metavar="SRC-TGT", help="languages, such as en-fr")],
    scale: Annotated[
        str, typer.Option(metavar="NAME", help="how large, as the file names it")
    ] = "small",
    run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="folder of results", show_default="runs/NAME-SCALE"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="trainings side by side", show_default="one a core"),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train, translate and score all that an experiment names, and report it beside the paper.

    What is done is kept: a stopped experiment goes on, and a finished one only reports.
    """
    import os

    from seq2seq.config.experiment import load_experiment
    from seq2seq.config.shipped import EXPERIMENT
    from seq2seq.experiments.reproduction import Reproduction
    from seq2seq.report.reproduction import show_reproduced, write_report
    from seq2seq.runtime.devices import choose_device

    wanted, path = load_experiment(experiment)
    name = path.parent.name if path.name == EXPERIMENT else path.stem
    folder = run or Path("runs") / f"{name}-{scale}"
    place = choose_device(device)
    found = Reproduction(
        wanted,
        scale,
        data,
        pair,
        folder,
        device=place,
        workers=workers or (1 if place != "cpu" else os.cpu_count() or 1),
        note=notes(quiet),
    ).carried_out()
    page = write_report(found, folder)
    show_reproduced(found)
    tell(f"report: {page}")
