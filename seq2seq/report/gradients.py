"""Gradients by their distance from the loss, as a table, JSON and a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seq2seq.analysis.gradients import Flow, Over
from seq2seq.report.console import table
from seq2seq.report.plots import COLOURS, STYLES, check_format, save

AXES: dict[Over, str] = {
    "steps": "steps of time back from the loss",
    "layers": "layers down from the loss",
    "words": "words of the source before this one",
}
SHOWN = (0, 10, 20, 40)  # distances in the table


def gradient_table(flows: Sequence[Flow]) -> None:
    """Print norms at a few distances, and by what factor they change with each step."""
    rows = []
    for flow in flows:
        for part, norms in flow.norms.items():
            few = [f"{norms[place]:.2e}" if place < len(norms) else "" for place in SHOWN]
            rows.append(
                [flow.name, f"{part} over {flow.over}", *few, f"{flow.slope(part):.4f}",
                 _life(flow.half_life(part))]
            )  # fmt: skip
    table(
        [
            "what",
            "gradient by",
            *(f"at {place}>" for place in SHOWN),
            "factor a step>",
            "halves in>",
        ],
        rows,
    )


def _life(distance: float) -> str:
    return "never" if math.isinf(distance) else f"{distance:.1f}"


def gradient_document(flows: Sequence[Flow]) -> str:
    """Return every norm, with the factors, as one JSON document."""
    document = [
        {
            "name": flow.name,
            "over": flow.over,
            "gradients": {
                part: {
                    "norms": norms,
                    "factor": flow.slope(part),
                    "half_life": None if math.isinf(flow.half_life(part)) else flow.half_life(part),
                }
                for part, norms in flow.norms.items()
            },
        }
        for flow in flows
    ]
    return json.dumps(document, indent=2, ensure_ascii=False)


def draw_gradients(flows: Sequence[Flow], path: Path) -> list[str]:
    """Draw a panel for each kind of distance, a line for each flow, on a logarithmic scale.

    Raises:
        UsageError: the picture's ending is not known.
        ResourceError: the file cannot be written.
    """
    check_format(path)
    kinds = list(dict.fromkeys(flow.over for flow in flows))
    figure = Figure(figsize=(7.0 * len(kinds), 4.6), layout="constrained")
    for plot, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        _draw(plot, [flow for flow in flows if flow.over == kind])
        plot.set_xlabel(AXES[kind])
        plot.set_ylabel("norm of the gradient")
    return save(figure, path)


def _draw(plot: Axes, flows: Sequence[Flow]) -> None:
    for number, flow in enumerate(flows):
        first = next(iter(flow.norms))
        plot.semilogy(
            flow.norms[first],
            STYLES[number // len(COLOURS) % len(STYLES)],
            color=COLOURS[number % len(COLOURS)],
            label=f"{flow.name} (x {flow.slope(first):.3f} a step)",
        )
    plot.grid(alpha=0.3)
    plot.spines[["top", "right"]].set_visible(False)
    plot.legend(fontsize=8)
