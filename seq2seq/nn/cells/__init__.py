"""The zoo of recurrent cells: one paper a file, each chosen by its name in a recipe."""

from __future__ import annotations

from seq2seq.nn.cells.lstm import LSTM

CELLS = {"lstm": LSTM}
