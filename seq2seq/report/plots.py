"""Pictures, by matplotlib, without a display."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seq2seq.analysis.curves import Axis, Curve, Judged
from seq2seq.errors import ResourceError, UsageError
from seq2seq.report.fonts import take_literally, use_fonts

DOTS = 150  # an inch
MOST_PIXELS = 100_000_000  # of four bytes; an alignment of about 200 pieces and 200
FORMATS = (".png", ".svg", ".pdf")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = ("-", "--", ":", "-.")  # when the colours are used up
LABELS = {"step": "steps", "epoch": "epochs", "minutes": "minutes of training"}


def draw_curves(curves: Sequence[Curve], by: Axis, path: Path) -> list[str]:
    """Draw losses above each other's BLEU into a file, PNG, SVG or PDF by its ending.

    Raises:
        UsageError: another ending.
        ResourceError: the file cannot be written.
    """
    check_format(path)
    with_bleu = any(one.bleu is not None for curve in curves for one in curve.validations)
    figure = Figure(figsize=(10, 4.2) if with_bleu else (5.6, 4.2), layout="constrained")
    axes = figure.subplots(1, 2 if with_bleu else 1, squeeze=False)[0]
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        style = STYLES[number // len(COLOURS) % len(STYLES)]
        _draw_losses(axes[0], curve, by, colour, style)
        if with_bleu:
            _draw_bleu(axes[1], curve, by, colour, style)
    axes[0].set_ylabel("loss, nats a piece (thin: training, thick: validation)")
    if with_bleu:
        axes[1].set_ylabel("BLEU on the validation text")
        axes[1].set_title(" ".join(sorted({c.signature for c in curves if c.signature})), size=7)
    for plot in axes:
        plot.set_xlabel(LABELS[by])
        plot.grid(alpha=0.3)
        plot.spines[["top", "right"]].set_visible(False)
    axes[-1].legend(fontsize=8)
    return save(figure, path)


def check_format(path: Path) -> None:
    """Raise an error for a picture that cannot be written, by its ending or its folder."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: a picture is one of {', '.join(FORMATS)}", "name it so")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ResourceError(f"cannot write into {path.parent}", "choose another --output")


def _draw_losses(plot: Axes, curve: Curve, by: Axis, colour: str, style: str) -> None:
    training, judged = curve.training, _in_order(curve)
    plot.plot(
        [getattr(one, by) for one in training],
        [one.loss for one in training],
        style,
        color=colour,
        alpha=0.4,
        linewidth=0.8,
    )
    places, losses = [getattr(one, by) for one in judged], [one.loss for one in judged]
    _draw_validations(plot, curve.name, places, losses, colour, style)


def _draw_bleu(plot: Axes, curve: Curve, by: Axis, colour: str, style: str) -> None:
    judged = [one for one in _in_order(curve) if one.bleu is not None]
    places, scores = [getattr(one, by) for one in judged], [one.bleu or 0.0 for one in judged]
    _draw_validations(plot, curve.name, places, scores, colour, style)
    for one in curve.validations:
        if one.averaged and one.bleu is not None:
            plot.plot([getattr(one, by)], [one.bleu], "*", color=colour, markersize=10)


def _draw_validations(
    plot: Axes, name: str, places: list[float], values: list[float], colour: str, style: str
) -> None:
    plot.plot(
        places, values, style, label=name, color=colour, linewidth=2.0, marker="o", markersize=3
    )


def _in_order(curve: Curve) -> list[Judged]:
    """Return the validations of single moments, without those of averaged checkpoints."""
    return [one for one in curve.validations if not one.averaged]


def save(figure: Figure, path: Path) -> list[str]:
    """Write a figure.

    Returns:
        A message about characters that no font of this machine has, or none.

    Raises:
        UsageError: it is too large to be drawn.
        ResourceError: the file cannot be written.
    """
    width, height = (int(DOTS * inches) for inches in figure.get_size_inches())
    if width * height > MOST_PIXELS:
        raise UsageError(
            f"{path} would have {width:,} times {height:,} pixels, more than {MOST_PIXELS:,}",
            "show less, such as a shorter sentence, or take --json in place of --output",
        )
    take_literally(figure)
    remarks = use_fonts(figure)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")  # told in one line
            figure.savefig(path, dpi=DOTS)
    except OSError as error:
        raise ResourceError(
            f"cannot write {path}: {error.strerror}", "choose another --output"
        ) from error
    return remarks
