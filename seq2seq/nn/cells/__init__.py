"""The zoo of recurrent cells: one paper a file, each chosen by its name in a recipe."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from seq2seq.config.cells import CELLS
from seq2seq.nn.cells.cell import Cell


def cell_class(name: str) -> type[Cell]:
    """Return a cell's class by its name in a recipe."""
    module, _, kind = CELLS[name].rpartition(".")
    found: type[Cell] = getattr(import_module(f"{__name__}.{module}"), kind)
    return found


def make_cell(
    name: str, input_size: int, hidden: int, *, lowest: bool = True, **options: Any
) -> Cell:
    """Return a layer of a cell; one that is not the lowest reads the memory of the one below."""
    kind: Any = cell_class(name)
    above = {"lowest": lowest} if kind.reads_memory else {}
    cell: Cell = kind(input_size, hidden, **above, **options)
    return cell
