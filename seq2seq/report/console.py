"""Tables on standard output: drawn with rules on a terminal, plain columns in a pipe; and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal, TextIO

from seq2seq.terminal import visible

if TYPE_CHECKING:
    from seq2seq.evaluation.system import Evaluation


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], file: TextIO | None = None
) -> None:
    """Print a table to `file` (standard output). A heading that ends in ">" aligns right."""
    stream = file or sys.stdout
    columns = [visible(name) for name in columns]
    rows = [[visible(cell) for cell in row] for row in rows]
    if stream.isatty():
        _drawn(columns, rows, stream)
        return
    headings = [name.removesuffix(">") for name in columns]
    widths = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]
    for cells in [headings, *rows]:
        padded = [
            cell.rjust(width) if name.endswith(">") else cell.ljust(width)
            for cell, width, name in zip(cells, widths, columns, strict=True)
        ]
        stream.write("  ".join(padded).rstrip() + "\n")


def score_table(evaluation: Evaluation, file: TextIO | None = None) -> None:
    """Print one line for each metric: name, value of 100, half of its interval, signature."""
    halves = {name: f"{one.half:.2f}" for name, one in evaluation.intervals.items()}
    rows = [
        [entry.name, f"{entry.value:.2f}", halves.get(name, ""), entry.signature]
        for name, entry in evaluation.scores.items()
    ]
    table(["metric", "score>", "±>", "signature"], rows, file)


def score_document(evaluation: Evaluation) -> str:
    """Return the scores as one JSON document, to 10 decimals: 100 is not 100.00000000000004."""
    document: dict[str, object] = {}
    for name, entry in evaluation.scores.items():
        interval = evaluation.intervals.get(name)
        document[name] = {
            "score": round(entry.value, 10),
            "signature": entry.signature,
            "interval": asdict(interval) if interval else None,
        }
    document["segments"] = evaluation.segments
    return json.dumps(document, indent=2)


def _drawn(columns: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        right = name.endswith(">")
        justify: Literal["left", "right"] = "right" if right else "left"
        grid.add_column(name.removesuffix(">"), justify=justify, no_wrap=right, overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    Console(file=stream).print(grid)
