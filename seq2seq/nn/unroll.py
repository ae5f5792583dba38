"""One cell over time.

It runs through its fused kernel where it has one, and step by step where it has none or lengths
differ.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from seq2seq.nn.cells.cell import Cell, Signal
from seq2seq.nn.recurrence import recurrent_product


def unroll(
    cell: Cell, below: Signal, state: Any, lengths: Tensor | None = None
) -> tuple[Signal, Any]:
    """Run `cell` over `below` from `state`; return what it hands upwards and the final state.

    The output of `below` is [T, B, E], that of the signal [T, B, H]. With `lengths` ([B]), each
    row's state stays as it was after its own last step, so the padding behind it changes nothing.
    """
    whole = getattr(cell, "whole", None)
    if lengths is None and whole is not None:
        signal, state = whole(below, state)
        return signal, state
    products = [recurrent_product(weight) for weight in cell.recurrent()]
    steps = zip(*(part.unbind(0) for part in cell.given(below)), strict=True)
    signals = []
    for time, given in enumerate(steps):
        signal, after = cell.recur(given, state, *products)
        if lengths is not None:
            running = (lengths > time).unsqueeze(-1)  # [B, 1]
            after = type(after)(
                *(torch.where(running, new, old) for new, old in zip(after, state, strict=True))
            )
        state = after
        signals.append(signal)
    memories = [signal.memory for signal in signals if signal.memory is not None]
    together = torch.stack(memories) if cell.reads_memory else None
    return Signal(torch.stack([signal.output for signal in signals]), together), state
