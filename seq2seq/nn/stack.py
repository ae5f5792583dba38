"""Recurrent layers on top of each other, with dropout between them and ways around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.nn.cells import make_cell
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.connection import connections
from seq2seq.nn.dropout import dropout
from seq2seq.nn.unroll import unroll


class RecurrentStack(nn.Module):
    """L layers of one cell.

    Dropout falls on what moves upwards, never on what moves through time (Zaremba 2014). A
    `connection` (`nn.connection`) leads around every layer from `connected_from` on, counted from
    1. With `beside`, every layer reads that many more numbers next to its input.
    """

    def __init__(
        self,
        cell: str,
        layers: int,
        input_size: int,
        hidden: int,
        *,
        dropout: float,
        initial: float,
        connection: str = "none",
        connected_from: int = 2,
        beside: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        assert connected_from > 1 or input_size == hidden, "a sum needs equal widths"
        sizes = [input_size] + [hidden] * (layers - 1)
        self.layers = nn.ModuleList(
            make_cell(cell, size + beside, hidden, lowest=number == 0, initial=initial, **options)
            for number, size in enumerate(sizes)
        )
        self.around = connections(connection, connected_from, layers, hidden, initial)
        self.dropout = dropout

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
        return self._upwards(below, states, beside, partial(unroll, lengths=lengths))

    def step(
        self, below: Tensor, states: tuple[Any, ...], beside: Tensor | None = None
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Take one step of time through all layers: [B, E] to [B, H], with `beside` ([B, D])."""
        return self._upwards(below, states, beside, lambda cell, *now: cell(*now))

    def _upwards(
        self,
        below: Tensor,
        states: tuple[Any, ...],
        beside: Tensor | None,
        through: Callable[[Any, Signal, Any], tuple[Signal, Any]],
    ) -> tuple[Tensor, tuple[Any, ...]]:
        """Pass all layers: one step of time, or all."""
        signal, after = Signal(below), []
        for layer, around, state in zip(self.layers, self.around, states, strict=True):
            read = signal._replace(output=self._input(signal.output, beside))
            above, state = through(layer, read, state)
            signal = above._replace(output=around(signal.output, above.output))
            after.append(state)
        return dropout(signal.output, self.dropout, self.training), tuple(after)

    def _input(self, below: Tensor, beside: Tensor | None) -> Tensor:
        joined = below if beside is None else torch.cat([below, beside], dim=-1)
        return dropout(joined, self.dropout, self.training)
