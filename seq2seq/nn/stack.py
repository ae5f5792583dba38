"""Recurrent layers on top of each other, with dropout between them and residual connections."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.nn.cells import CELLS
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.dropout import dropout
from seq2seq.nn.unroll import unroll


class RecurrentStack(nn.Module):
    """L layers of one cell.

    Dropout falls on what moves upwards, never on what moves through time (Zaremba 2014). From layer
    `residual_from` on, counted from 1, a layer's input is added to its output (Wu et al. 2016,
    equation 6). With `beside`, every layer reads that many more numbers next to its input.
    """

    def __init__(
        self,
        cell: str,
        layers: int,
        input_size: int,
        hidden: int,
        *,
        dropout: float,
        residual_from: int | None = None,
        beside: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        assert residual_from != 1 or input_size == hidden, "a sum needs equal widths"
        sizes = [input_size] + [hidden] * (layers - 1)
        self.layers = nn.ModuleList(CELLS[cell](size + beside, hidden, **options) for size in sizes)
        self.dropout = dropout
        self.residual_from = layers + 1 if residual_from is None else residual_from

    def initial_states(self, batch: int, like: Tensor) -> tuple[Any, ...]:
        """Return every layer's state before the first step."""
        return tuple(layer.initial_state(batch, like) for layer in self.layers)  # type: ignore[operator]

    def forward(
        self,
        below: Tensor,
        states: tuple[Any, ...],
        lengths: Tensor | None = None,
        beside: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Run [T, B, E] through all layers; return [T, B, H] and every layer's final state.

        `beside` is [T, B, D].
        """
        after = []
        for number, (layer, state) in enumerate(zip(self.layers, states, strict=True), start=1):
            above, final = unroll(layer, self._input(below, beside), state, lengths)  # type: ignore[arg-type]
            below = above + below if number >= self.residual_from else above
            after.append(final)
        return dropout(below, self.dropout, self.training), tuple(after)

    def step(
        self, below: Tensor, states: tuple[Any, ...], beside: Tensor | None = None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Take one step of time through all layers: [B, E] to [B, H], with `beside` ([B, D])."""
        signal, after = Signal(below), []
        for number, (layer, state) in enumerate(zip(self.layers, states, strict=True), start=1):
            below = signal.output
            signal, state = layer(signal._replace(output=self._input(below, beside)), state)
            if number >= self.residual_from:
                signal = signal._replace(output=signal.output + below)
            after.append(state)
        return dropout(signal.output, self.dropout, self.training), tuple(after)

    def _input(self, below: Tensor, beside: Tensor | None) -> Tensor:
        joined = below if beside is None else torch.cat([below, beside], dim=-1)
        return dropout(joined, self.dropout, self.training)
