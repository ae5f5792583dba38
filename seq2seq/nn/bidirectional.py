"""Recurrent layers that read in both directions (Schuster and Paliwal 1997).

At each position the outputs of a forward and of a backward cell are joined, so that an annotation
knows what stands before its word and what stands behind it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.nn.cells import CELLS
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
        self.forwards = CELLS[cell](input_size, hidden, **options)
        self.backwards = CELLS[cell](input_size, hidden, **options)

    def forward(self, below: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return [S, B, 2H] for [S, B, E]; `lengths` ([B]) is None where no row is padded.

        The second half of the first position has read the whole row backwards.
        """
        batch = below.shape[1]
        turned = reverse_time(below, lengths)
        onwards, _ = unroll(
            self.forwards, below, self.forwards.initial_state(batch, below), lengths
        )
        back, _ = unroll(
            self.backwards, turned, self.backwards.initial_state(batch, below), lengths
        )
        return torch.cat([onwards, reverse_time(back, lengths)], dim=-1)


class BidirectionalStack(nn.Module):
    """L bidirectional layers; each reads both directions of the one below.

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
        sizes = [input_size] + [2 * hidden] * (layers - 1)
        self.layers = nn.ModuleList(Bidirectional(cell, size, hidden, **options) for size in sizes)
        self.dropout = dropout

    def forward(self, below: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return [S, B, 2H] for [S, B, E]; `lengths` ([B]) is None where no row is padded."""
        for layer in self.layers:
            below = layer(dropout(below, self.dropout, self.training), lengths)
        return dropout(below, self.dropout, self.training)
