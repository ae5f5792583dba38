"""The figures of an experiment: pictures for its page, and what they say in numbers."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Sequence

from matplotlib import rc_context
from matplotlib.figure import Figure

from seq2seq.evaluation.bands import Band
from seq2seq.experiments.results import Drawing
from seq2seq.report.fonts import take_literally
from seq2seq.report.plots import COLOURS
from seq2seq.report.vectors import vector_figure

AXES = {
    "length": "words in the source sentence",
    "frequency": "mean frequency rank of its words in the training text",
}


def figure_lines(drawing: Drawing) -> list[str]:
    """Return the numbers of a figure that can be compared without squinting."""
    if drawing.vectors:
        return [
            f"{name}, {one.family.name}: meanings are {one.separation:.2f} times as far apart as "
            "wordings of one meaning"
            for name, own in drawing.vectors
            for one in own
        ]
    return [
        f"{band.label}: "
        + ", ".join(f"{one.score:.1f} ± {one.half:.1f} at {one.place:,.0f}" for one in band.points)
        for band in drawing.bands
    ]


def picture(drawing: Drawing) -> str:
    """Return a figure as a data URI."""
    figure = (
        vector_figure(drawing.vectors)
        if drawing.vectors
        else band_figure(drawing.bands, AXES[drawing.figure.kind])
    )
    take_literally(figure)
    held = io.BytesIO()
    with (
        rc_context({"svg.hashsalt": "seq2seq", "svg.fonttype": "none"}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")  # the browser has the fonts
        figure.savefig(held, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(held.getvalue()).decode()


def band_figure(bands: Sequence[Band], axis: str) -> Figure:
    """Return lines of BLEU along groups of sentences, with their intervals as bands."""
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    plot = figure.subplots()
    for number, band in enumerate(bands):
        colour = COLOURS[number % len(COLOURS)]
        places = [one.place for one in band.points]
        scores = [one.score for one in band.points]
        plot.plot(places, scores, "o-", color=colour, label=band.label)
        low = [one.score - one.half for one in band.points]
        high = [one.score + one.half for one in band.points]
        plot.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
    plot.set_xlabel(axis)
    plot.set_ylabel("BLEU")
    plot.grid(alpha=0.3)
    plot.spines[["top", "right"]].set_visible(False)
    plot.legend(fontsize=8)
    return figure
