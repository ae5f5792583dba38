"""Sentence vectors: how well they tell meanings apart, as a table, JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seq2seq.analysis.vectors import Seen
from seq2seq.report.console import table
from seq2seq.report.plots import COLOURS, check_format, save

LABEL = (0.6, 0.12)  # how wide and high a label is, as shares of what the points take
Named = Sequence[tuple[str, Sequence[Seen]]]


def vector_table(found: Named) -> None:
    """Print for each model and family how far meanings are apart."""
    rows = [
        [name, one.family.name, f"{one.separation:.2f}", f"{one.between:.3f}", f"{one.within:.3f}",
         f"{one.explained:.0%}", f"{one.width:,}"]
        for name, own in found
        for one in own
    ]  # fmt: skip
    headings = ["model", "family", "separation>", "between meanings>", "within>", "in the plane>"]
    table([*headings, "numbers>"], rows)


def vector_document(found: Named) -> str:
    """Return the same, and the places in the plane, as one JSON document."""
    return json.dumps(vector_values(found), indent=2, ensure_ascii=False)


def vector_values(found: Named) -> dict[str, Any]:
    """Return what that document holds."""
    return {
        name: [
            {
                "family": one.family.name,
                "separation": one.separation,
                "between": one.between,
                "within": one.within,
                "explained": one.explained,
                "width": one.width,
                "phrases": [
                    {"meaning": meaning, "phrase": phrase, "place": list(map(float, place))}
                    for (meaning, phrase), place in zip(one.family.phrases, one.plane, strict=True)
                ],
            }
            for one in own
        ]
        for name, own in found
    }


def draw_vectors(found: Named, path: Path) -> list[str]:
    """Draw the plane of the two principal components: a row for each model, a column a family.

    Raises:
        UsageError: the picture's ending is not known.
        ResourceError: the file cannot be written.
    """
    check_format(path)
    return save(vector_figure(found), path)


def vector_figure(found: Named) -> Figure:
    """Return that picture."""
    columns = max(len(own) for _, own in found)
    figure = Figure(figsize=(6.2 * columns, 4.6 * len(found)), layout="constrained")
    axes = figure.subplots(len(found), columns, squeeze=False)
    for row, (name, own) in zip(axes, found, strict=True):
        for plot, one in zip(row, own, strict=False):
            _draw(plot, name, one)
    return figure


def _draw(plot: Axes, name: str, seen: Seen) -> None:
    meanings = list(dict.fromkeys(meaning for meaning, _ in seen.family.phrases))
    near = np.ptp(seen.plane, axis=0) * LABEL
    above: list[Any] = []  # places whose label stands above them, where it hides no other
    pairs = zip(seen.family.phrases, seen.plane, strict=True)
    for (meaning, phrase), place in sorted(pairs, key=lambda pair: -float(pair[1][1])):
        colour = COLOURS[meanings.index(meaning) % len(COLOURS)]
        plot.plot(*place, "o", color=colour, markersize=6)
        free = not any((abs(place - other) < near).all() for other in above)
        above += [place] if free else []
        plot.annotate(
            phrase, tuple(place), textcoords="offset points", xytext=(0, 7 if free else -7),
            fontsize=8, ha="center", va="bottom" if free else "top", color=colour,
        )  # fmt: skip
    plot.margins(x=0.35, y=0.18)
    plot.set_title(f"{name}: {seen.family.name}, separation {seen.separation:.2f}", size=10)
    plot.set_xlabel("first principal component")
    plot.set_ylabel("second")
    plot.spines[["top", "right"]].set_visible(False)
