"""Recurrent layers on top of each other, with dropout between them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from seq2seq.nn.cells import CELLS
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.dropout import dropout
from seq2seq.nn.unroll import unroll


class RecurrentStack(nn.Module):
    """L layers of one cell.

    Dropout falls on what moves upwards, never on what moves through time (Zaremba 2014).
    """

    def __init__(
        self,
        cell: str,
        layers: int,
        input_size: int,
        hidden: int,
        *,
        dropout: float,
        **options: Any,
    ) -> None:
        super().__init__()
        sizes = [input_size] + [hidden] * (layers - 1)
        self.layers = nn.ModuleList(CELLS[cell](size, hidden, **options) for size in sizes)
        self.dropout = dropout

    def initial_states(self, batch: int, like: Tensor) -> tuple[Any, ...]:
        """Return every layer's state before the first step."""
        return tuple(layer.initial_state(batch, like) for layer in self.layers)  # type: ignore[operator]

    def forward(
        self, below: Tensor, states: tuple[Any, ...], lengths: Tensor | None = None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Run [T, B, E] through all layers; return [T, B, H] and every layer's final state."""
        after = []
        for layer, state in zip(self.layers, states, strict=True):
            below = dropout(below, self.dropout, self.training)
            below, final = unroll(layer, below, state, lengths)  # type: ignore[arg-type]
            after.append(final)
        return dropout(below, self.dropout, self.training), tuple(after)

    def step(self, below: Tensor, states: tuple[Any, ...]) -> tuple[Tensor, tuple[Any, ...]]:
        """Take one step of time through all layers: [B, E] to [B, H]."""
        signal, after = Signal(below), []
        for layer, state in zip(self.layers, states, strict=True):
            signal, state = layer(signal, state)
            after.append(state)
        return signal.output, tuple(after)
