"""Recurrent layers that read in both directions (Schuster and Paliwal 1997).

At each position the outputs of a forward and of a backward cell are joined, so that an annotation
knows what stands before its word and what stands behind it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.nn.cells import make_cell
from seq2seq.nn.cells.cell import Cell, Signal
from seq2seq.nn.connection import connections
from seq2seq.nn.dropout import dropout
from seq2seq.nn.unroll import unroll


def reverse_time(sequence: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse [S, B, D] in time, each row within its own length ([B]); padding stays in place."""
    if lengths is None:
        return sequence.flip(0)
    time = torch.arange(sequence.shape[0], device=sequence.device).unsqueeze(1)  # [S, 1]
    mirrored = lengths.unsqueeze(0) - 1 - time  # [S, B]
    index = torch.where(mirrored >= 0, mirrored, time)
    return sequence.gather(0, index.unsqueeze(-1).expand_as(sequence))


class Bidirectional(nn.Module):
    """One layer: a forward cell and a backward cell, each of width H."""

    def __init__(self, cell: str, input_size: int, hidden: int, **options: Any) -> None:
        super().__init__()
        self.forwards = make_cell(cell, input_size, hidden, **options)
        self.backwards = make_cell(cell, input_size, hidden, **options)

    def forward(self, below: Signal, lengths: Tensor | None = None) -> Signal:
        """Return [S, B, 2H] for [S, B, E]; `lengths` ([B]) is None where no row is padded.

        The second half of the first position has read the whole row backwards. A memory ([S, B,
        2H]) is of both directions too: each reads that of its own below.
        """
        ahead, behind = (None, None) if below.memory is None else below.memory.chunk(2, dim=-1)
        turned = reverse_time(below.output, lengths)
        beneath = behind if behind is None else reverse_time(behind, lengths)
        onwards = self._run(self.forwards, Signal(below.output, ahead), lengths)
        back = self._run(self.backwards, Signal(turned, beneath), lengths)
        output = torch.cat([onwards.output, reverse_time(back.output, lengths)], dim=-1)
        if onwards.memory is None or back.memory is None:
            return Signal(output)
        return Signal(
            output, torch.cat([onwards.memory, reverse_time(back.memory, lengths)], dim=-1)
        )

    @staticmethod
    def _run(cell: Cell, below: Signal, lengths: Tensor | None) -> Signal:
        start = cell.initial_state(below.output.shape[1], below.output)
        return unroll(cell, below, start, lengths)[0]


class BidirectionalStack(nn.Module):
    """L bidirectional layers; each reads both directions of the one below.

    Dropout falls on what moves upwards, never on what moves through time (Zaremba 2014). A
    `connection` (`nn.connection`) leads around every layer from `connected_from` on.
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
        **options: Any,
    ) -> None:
        super().__init__()
        sizes = [input_size] + [2 * hidden] * (layers - 1)
        self.layers = nn.ModuleList(
            Bidirectional(cell, size, hidden, lowest=number == 0, initial=initial, **options)
            for number, size in enumerate(sizes)
        )
        self.around = connections(connection, connected_from, layers, 2 * hidden, initial)
        self.dropout = dropout

    def forward(self, below: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return [S, B, 2H] for [S, B, E]; `lengths` ([B]) is None where no row is padded."""
        signal = Signal(below)
        for layer, around in zip(self.layers, self.around, strict=True):
            dropped = dropout(signal.output, self.dropout, self.training)
            above = layer(signal._replace(output=dropped), lengths)
            signal = above._replace(output=around(signal.output, above.output))
        return dropout(signal.output, self.dropout, self.training)
