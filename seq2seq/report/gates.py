"""Gates over the words of a sentence, as a table, JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seq2seq.analysis.gates import Read
from seq2seq.report.console import table
from seq2seq.report.plots import check_format, save
from seq2seq.terminal import put


def gate_table(found: Sequence[Read]) -> None:
    """Print the mean of each gate, and of what states hold, at each piece."""
    for read in found:
        names = list(read.values)
        rows = [
            [piece, *(f"{_mean(read, name, place):.3f}" for name in names)]
            for place, piece in enumerate(read.pieces)
        ]
        table([f"layer {read.layer}", *(f"{_label(name)}>" for name in names)], rows)
        for name, steps in read.half_lives().items():
            median, long = np.quantile(steps, [0.5, 0.9])
            put(
                f"{name}: half of what a unit held is lost after {median:.1f} steps (median), "
                f"in one unit of ten after more than {long:.1f}\n"
            )
        put("\n")


def _label(name: str) -> str:
    return f"|{name}|" if name in ("hidden", "memory") else name


def _mean(read: Read, name: str, place: int) -> float:
    values = read.values[name][place]
    return float((values.abs() if name in ("hidden", "memory") else values).mean())


def gate_document(found: Sequence[Read]) -> str:
    """Return every unit's values as one JSON document."""
    document = [
        {
            "layer": read.layer,
            "pieces": read.pieces,
            "half_lives": read.half_lives(),
            "values": {name: values.tolist() for name, values in read.values.items()},
        }
        for read in found
    ]
    return json.dumps(document, ensure_ascii=False)


def draw_gates(found: Sequence[Read], path: Path) -> list[str]:
    """Draw units over pieces: a column a layer, a row a gate; units sorted by their mean.

    Raises:
        UsageError: the picture's ending is not known.
        ResourceError: the file cannot be written.
    """
    check_format(path)
    rows = max(len(read.values) for read in found)
    width = max(3.0, 0.28 * len(found[0].pieces))
    figure = Figure(figsize=(width * len(found), 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, len(found), squeeze=False)
    for column, read in zip(axes.T, found, strict=True):
        for plot, (name, values) in zip(column, read.values.items(), strict=False):
            between = name in read.values and name not in ("hidden", "memory")
            spread = 1.0 if between else max(float(values.abs().max()), 1e-9)
            order = values.mean(0).argsort()
            image = plot.imshow(
                values[:, order].t().numpy(),
                aspect="auto",
                interpolation="nearest",
                cmap="viridis" if between else "RdBu_r",
                vmin=0.0 if between else -spread,
                vmax=spread,
            )
            figure.colorbar(image, ax=plot)
            plot.set_title(f"layer {read.layer}: {name}", size=10)
            plot.set_xticks(range(len(read.pieces)), read.pieces, rotation=90, fontsize=7)
            plot.set_yticks([])
            plot.set_ylabel("units")
    return save(figure, path)
