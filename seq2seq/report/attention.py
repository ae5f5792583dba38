"""An alignment as a table, JSON and a picture."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from seq2seq.analysis.attention import Look
from seq2seq.report.console import table
from seq2seq.report.plots import check_format, save

BEST = 3  # source pieces named for each written one


def attention_table(found: Look) -> None:
    """Print for each written piece the source pieces that weighed most."""
    rows = []
    for piece, weights in zip(found.target, found.weights, strict=True):
        best = weights.argsort()[::-1][:BEST]
        rows.append([piece, *(f"{found.source[place]} {weights[place]:.2f}" for place in best)])
    table(["written", "looked at", *[""] * (min(BEST, len(found.source)) - 1)], rows)


def attention_document(found: Look) -> str:
    """Return all weights as one JSON document."""
    document = {
        "source": found.source,
        "target": found.target,
        "weights": found.weights.tolist(),
    }
    return json.dumps(document, ensure_ascii=False)


def draw_attention(found: Look, path: Path) -> list[str]:
    """Draw the weights: a row a written piece, a column a piece of the source.

    Raises:
        UsageError: the picture's ending is not known.
        ResourceError: the file cannot be written.
    """
    check_format(path)
    size = (1.8 + 0.34 * len(found.source), 1.6 + 0.30 * len(found.target))
    figure = Figure(figsize=size, layout="constrained")
    plot = figure.subplots()
    plot.imshow(found.weights, cmap="Greys", vmin=0.0, vmax=1.0, aspect="auto")
    plot.set_xticks(range(len(found.source)), found.source, rotation=90, fontsize=8)
    plot.set_yticks(range(len(found.target)), found.target, fontsize=8)
    plot.xaxis.tick_top()
    return save(figure, path)
