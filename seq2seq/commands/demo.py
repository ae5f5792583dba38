"""`seq2seq demo`: the embedded corpus, a small model, translations, scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seq2seq.commands.options import Debug, Device, Quiet, Threads, notes

EXAMPLES = """Examples:\n
\b
  seq2seq demo
  echo "The little cats do not sleep." | seq2seq translate runs/demo
"""


def demo(
    run: Annotated[Path, typer.Option(metavar="DIR", help="run directory")] = Path("runs/demo"),
    recipe: Annotated[str, typer.Option(metavar="RECIPE", help="what to train")] = "demo-lstm",
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="change a field of the recipe"),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Train the 2014 model on the embedded English-French corpus in a few minutes, and score it."""
    from seq2seq.config.loading import load_recipe
    from seq2seq.experiments.demo import score_demo, train_demo
    from seq2seq.report.bar import show
    from seq2seq.report.demo import show_demo

    resolved = load_recipe(recipe, assignments or [])
    show(train_demo(resolved, run, device=device, command="seq2seq demo"), quiet=quiet)
    show_demo(score_demo(run, device=device, note=notes(quiet, "warning: ")))
