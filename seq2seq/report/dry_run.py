"""The dry run of a training, on standard output."""

from __future__ import annotations

from seq2seq.config.schema import TrainingConfig
from seq2seq.report.console import table
from seq2seq.terminal import put
from seq2seq.training.dry_run import DryRun
from seq2seq.training.ending import deciding_limit, setting
from seq2seq.training.sizes import Sizes


def show_nominal(sizes: Sizes) -> None:
    """Print the sizes that a recipe names."""
    _show_sizes("nominal sizes, as the recipe names them", sizes)


def show_dry_run(found: DryRun) -> None:
    """Print what the data hold, what the model would be, and two examples."""
    write = put
    for line in found.report.lines():
        write(line + "\n")
    write(found.round_trip.line("validation references") + "\n")
    _show_sizes("sizes for this data", found.sizes)
    write(f"steps an epoch: about {found.steps_per_epoch:,}\n")
    there = "" if found.available is None else f"; {found.available / 2**30:.1f} GiB is available"
    write(f"memory: about {found.memory / 2**30:.1f} GiB (an estimate){there}\n")
    for example in found.examples:
        write(f"\nsource  {example.source}\n  pieces  {' '.join(example.source_pieces)}\n")
        write(f"  back    {example.source_again}\n")
        write(f"target  {example.target}\n  pieces  {' '.join(example.target_pieces)}\n")
        write(f"  back    {example.target_again}\n")


def show_end(first: int, last: int, training: TrainingConfig, steps_per_epoch: int) -> None:
    """Print from which step to which a run would go, and what ends it."""
    limit = deciding_limit(training, steps_per_epoch, last) if last else ""
    earlier = [
        setting(training, field)
        for field in ("max_minutes", "patience")
        if getattr(training, field) and field != limit
    ]
    text = f"from step {first:,}"
    if last:
        text += f" to {last:,}, by {setting(training, limit)}"
    if earlier:
        text += f"{', or earlier,' if last else ', until ended'} by {' or '.join(earlier)}"
    put(f"\nthe run: {text}\n")


def _show_sizes(title: str, sizes: Sizes) -> None:
    write = put
    write(f"\n{title}: vocabularies of {sizes.source:,} and {sizes.target:,}\n")
    rows = [[part.replace("_", " "), f"{count:,}"] for part, count in sizes.parts.items()]
    rows.append(["all", f"{sizes.all:,}"])
    rows.append(["all without biases", f"{sizes.all - sizes.biases:,}"])
    if sizes.recurrent:
        rows.append(["recurrent without biases", f"{sizes.recurrent:,}"])
    table(["part", "parameters>"], rows)
    write("\n")
