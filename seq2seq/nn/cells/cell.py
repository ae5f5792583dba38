"""What a recurrent cell is: one step of time in one layer.

Time, depth, direction, residual connections and dropout stand around it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.config.schema import Section

Product: TypeAlias = Callable[[Tensor], Tensor]  # x to x U^T


class Signal(NamedTuple):
    """What a layer hands to the layer above.

    This is its output, and its memory where the cell above reads that.
    """

    output: Tensor
    memory: Tensor | None = None


class Cell(nn.Module, ABC):
    """A cell; its state is a NamedTuple of tensors with B as their first axis.

    The first of them is the hidden state ([B, H]), with which attention asks.

    What a step needs of its input alone is computed apart (`given`), so that one product does it
    for all steps; what it needs of the step before goes through the recurrent matrices, which
    `recur` is handed as functions, so that their gradient too is one product. A cell with a fused
    kernel also has `whole(below, state)`: the same over all steps, time first.
    """

    Options: ClassVar[type[Section]]  # what a recipe may set in `model.cell_options`
    reads_memory: ClassVar[bool] = False  # of the layer below, where it is not the lowest
    gates: Sequence[str] = ()  # what a step's sigmoids are, in the order in which it takes them
    unused: int = 0  # weights that stand in a matrix and take no part

    @abstractmethod
    def initial_state(self, batch: int, like: Tensor) -> Any:
        """Return the state before the first step, on the device and in the type of `like`."""

    @abstractmethod
    def given(self, below: Signal) -> tuple[Tensor, ...]:
        """Return what steps need of their inputs, for one step ([B, ...]) or all ([T, B, ...])."""

    @abstractmethod
    def recurrent(self) -> tuple[Tensor, ...]:
        """Return the matrices U that `recur` multiplies with."""

    @abstractmethod
    def recur(
        self, given: tuple[Tensor, ...], state: Any, *products: Product
    ) -> tuple[Signal, Any]:
        """Take one step from what is given ([B, ...]) and a function x to x U^T for each matrix."""

    def forward(self, below: Signal, state: Any) -> tuple[Signal, Any]:
        """Take one step: `below.output` is [B, E], the signal's output [B, H]."""
        products = [partial(F.linear, weight=weight) for weight in self.recurrent()]
        return self.recur(self.given(below), state, *products)


class Gated(Cell):
    """A cell of G parts that read the same: `input_weight` [GH, E], `recurrent_weight`, `bias`.

    The recurrent weight is [GH, H]. `biases` are where the parts' biases start.
    """

    def __init__(
        self, input_size: int, hidden: int, *, initial: float, biases: Sequence[float]
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.input_weight = uniform(len(biases) * hidden, input_size, initial=initial)
        self.recurrent_weight = uniform(len(biases) * hidden, hidden, initial=initial)
        self.bias = nn.Parameter(torch.tensor(biases).repeat_interleave(hidden))

    def given(self, below: Signal) -> tuple[Tensor, ...]:
        """Return W x + b."""
        return (F.linear(below.output, self.input_weight, self.bias),)

    def recurrent(self) -> tuple[Tensor, ...]:
        """Return U."""
        return (self.recurrent_weight,)


def uniform(*shape: int, initial: float) -> nn.Parameter:
    """Return a parameter that starts in U(-initial, initial)."""
    return nn.Parameter(torch.empty(*shape).uniform_(-initial, initial))


def select_rows(state: Any, index: Tensor) -> Any:
    """Return a state (a NamedTuple of tensors) with the rows at `index` ([N])."""
    return type(state)(*(part.index_select(0, index) for part in state))
