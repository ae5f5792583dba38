"""What a recurrent cell is: one step of time in one layer.

Time, depth and dropout stand around it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor


class Signal(NamedTuple):
    """What a layer hands to the layer above.

    This is its output, and its memory where the cell above reads that.
    """

    output: Tensor
    memory: Tensor | None = None


class Cell(Protocol):
    """A cell; its state is a NamedTuple of tensors with B as their first axis.

    The first of them is the output of the last step ([B, H]), with which attention asks.

    A cell with a fused kernel also has `whole(below, state)`: the same over all steps, time first.
    """

    def initial_state(self, batch: int, like: Tensor) -> Any:
        """Return the state before the first step, on the device and in the type of `like`."""
        ...

    def forward(self, below: Signal, state: Any) -> tuple[Signal, Any]:
        """Take one step: `below.output` is [B, E], the signal's output [B, H]."""
        ...

    def __call__(self, below: Signal, state: Any) -> tuple[Signal, Any]:
        """As `forward`."""
        ...


def select_rows(state: Any, index: Tensor) -> Any:
    """Return a state (a NamedTuple of tensors) with the rows at `index` ([N])."""
    return type(state)(*(part.index_select(0, index) for part in state))
