"""One cell over time.

It runs through its fused kernel where it has one, and step by step where lengths differ.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from seq2seq.nn.cells.cell import Cell, Signal


def unroll(
    cell: Cell, below: Tensor, state: Any, lengths: Tensor | None = None
) -> tuple[Tensor, Any]:
    """Run `cell` over `below` from `state`; return the outputs and the final state.

    `below` is [T, B, E], the outputs are [T, B, H]. With `lengths` ([B]), each row's state stays as
    it was after its own last step, so the padding behind it changes nothing; that path steps in
    Python and is meant for rare batches.
    """
    if lengths is None:
        whole = getattr(cell, "whole", None)
        if whole is not None:
            signal, state = whole(Signal(below), state)
            return signal.output, state
    outputs = []
    for time, step_input in enumerate(below.unbind(0)):
        signal, after = cell(Signal(step_input), state)
        if lengths is not None:
            running = (lengths > time).unsqueeze(-1)  # [B, 1]
            after = type(after)(
                *(torch.where(running, new, old) for new, old in zip(after, state, strict=True))
            )
        state = after
        outputs.append(signal.output)
    return torch.stack(outputs), state
