"""Learning curves as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from seq2seq.analysis.curves import Axis, Curve, Judged, Trained
from seq2seq.report.console import table
from seq2seq.terminal import put

MOST_ROWS = 20  # of validations in the table; of more, every second, third, ... is shown


def curve_tables(curves: Sequence[Curve], by: Axis) -> None:
    """Print how each run went, and its validations side by side."""
    rows = [_summary(curve) for curve in curves]
    table(
        ["run", "steps>", "epochs>", "minutes>", "tokens/s>", "best BLEU>", "loss there>", "at>"],
        rows,
    )
    points = sorted({_place(one, by) for curve in curves for one in curve.validations})
    if not points:
        return
    every = -(-len(points) // MOST_ROWS)
    shown = [point for number, point in enumerate(reversed(points)) if number % every == 0][::-1]
    put("\n")
    pairs = [f"{curve.name} {what}>" for curve in curves for what in ("loss", "BLEU")]
    lines = []
    for point in shown:
        cells = [f"{point:g}"]
        for curve in curves:
            cells += _cells([one for one in curve.validations if _place(one, by) == point])
        lines.append(cells)
    table([f"{by}>", *pairs], lines)
    for signature in sorted({curve.signature for curve in curves if curve.signature}):
        put(f"\nBLEU (greedy, on the validation text): {signature}\n")


def curve_document(curves: Sequence[Curve]) -> str:
    """Return the curves as one JSON document."""
    runs = [{**asdict(curve), "run": str(curve.run)} for curve in curves]
    return json.dumps({"runs": runs}, indent=1)


def _summary(curve: Curve) -> list[str]:
    if not curve.training and not curve.validations:
        return [curve.name, "0", "0", "0", "", "", "", ""]
    last: list[Trained | Judged] = [*curve.training[-1:], *curve.validations[-1:]]
    end = max(last, key=lambda one: one.step)
    speeds = sorted(one.tokens_per_second for one in curve.training)
    best = curve.best
    return [
        curve.name,
        f"{end.step:,}",
        f"{end.epoch:.2f}",
        f"{end.minutes:.1f}",
        f"{speeds[len(speeds) // 2]:,.0f}" if speeds else "",
        "" if best is None or best.bleu is None else f"{best.bleu:.2f}",
        "" if best is None else f"{best.loss:.3f}",
        "" if best is None else f"{best.step:,}" + (" (mean)" if best.averaged else ""),
    ]


def _place(one: Judged, by: Axis) -> float:
    return one.step if by == "step" else round(getattr(one, by), 2)


def _cells(found: Sequence[Judged]) -> list[str]:
    """Return loss and BLEU of a moment; of several, the last, which is the averaged one."""
    if not found:
        return ["", ""]
    bleu = found[-1].bleu
    return [f"{found[-1].loss:.3f}", "" if bleu is None else f"{bleu:.2f}"]
