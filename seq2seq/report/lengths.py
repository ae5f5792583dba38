"""What a sentence costs by its length, as a table, JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from seq2seq.analysis.lengths import Costs
from seq2seq.report.console import table
from seq2seq.report.plots import COLOURS, check_format, save


def length_table(found: Sequence[Costs]) -> None:
    """Print rates at each length, and the exponents of cost by length."""
    rows = []
    for one in found:
        for kind, seconds in (("training", one.training), ("translation", one.translation)):
            each = (
                [
                    f"{2 * length / cost:,.0f}"
                    for length, cost in zip(one.lengths, seconds, strict=True)
                ]
                if kind == "training"
                else [f"{1 / cost:,.1f}" for cost in seconds]
            )
            unit = "pieces/s" if kind == "training" else "sentences/s"
            rows.append(
                [one.name, f"{kind}, {unit}", *each, f"{one.slope(one.lengths, seconds):.2f}"]
            )
    lengths = [f"{length}>" for length in found[0].lengths]
    table(["model", "rate at so many pieces", *lengths, "cost ~ length^>"], rows)


def length_document(found: Sequence[Costs]) -> str:
    """Return seconds a sentence and the exponents as one JSON document."""
    document = {
        one.name: {
            "lengths": one.lengths,
            "training": {
                "seconds_a_sentence": one.training,
                "exponent": one.slope(one.lengths, one.training),
            },
            "translation": {
                "seconds_a_sentence": one.translation,
                "exponent": one.slope(one.lengths, one.translation),
            },
        }
        for one in found
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def draw_lengths(found: Sequence[Costs], path: Path) -> list[str]:
    """Draw rates over length, training beside translation, on logarithmic scales.

    Raises:
        UsageError: the picture's ending is not known.
        ResourceError: the file cannot be written.
    """
    check_format(path)
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    training, translation = figure.subplots(1, 2)
    for number, one in enumerate(found):
        colour = COLOURS[number % len(COLOURS)]
        for plot, seconds in ((training, one.training), (translation, one.translation)):
            rates = [2 * length / cost for length, cost in zip(one.lengths, seconds, strict=True)]
            label = f"{one.name} (cost ~ length^{one.slope(one.lengths, seconds):.2f})"
            plot.loglog(one.lengths, rates, "o-", color=colour, label=label)
    for plot, title in ((training, "training"), (translation, "translation, one sentence")):
        plot.set_title(title, size=10)
        plot.set_xlabel("pieces a side")
        plot.set_ylabel("source and target pieces a second")
        plot.grid(alpha=0.3)
        plot.spines[["top", "right"]].set_visible(False)
        plot.legend(fontsize=8)
    return save(figure, path)
