"""What leads around a layer of a stack: nothing, a sum, or a gated mixture."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from seq2seq.nn.linear import uniform_linear


class Plain(nn.Module):
    """Nothing: a layer's output goes up as it is."""

    def __init__(self, width: int, initial: float) -> None:
        super().__init__()

    def forward(self, below: Tensor, above: Tensor) -> Tensor:
        """Return what goes up, [..., H], of a layer's input and its output."""
        return above


class Residual(nn.Module):
    """Their sum (He et al. 2016; Wu et al. 2016, equation 6)."""

    def __init__(self, width: int, initial: float) -> None:
        super().__init__()

    def forward(self, below: Tensor, above: Tensor) -> Tensor:
        """Return x + y."""
        return above + below


class Highway(nn.Module):
    """T y + (1 - T) x, T = sigmoid(W x + b) (Srivastava, Greff and Schmidhuber 2015).

    b starts below zero, so that at first a layer mostly passes on what it got.
    """

    START: ClassVar[float] = -1.0

    def __init__(self, width: int, initial: float) -> None:
        super().__init__()
        self.gate = uniform_linear(width, width, initial, bias=True)
        nn.init.constant_(self.gate.bias, self.START)

    def forward(self, below: Tensor, above: Tensor) -> Tensor:
        """Return the mixture."""
        return below + torch.sigmoid(self.gate(below)) * (above - below)


CONNECTIONS: dict[str, type[Plain] | type[Residual] | type[Highway]] = {
    "none": Plain,
    "residual": Residual,
    "highway": Highway,
}


def connections(name: str, first: int, layers: int, width: int, initial: float) -> nn.ModuleList:
    """Return what leads around each of so many layers: nothing below layer `first`."""
    return nn.ModuleList(
        (CONNECTIONS[name] if number >= first else Plain)(width, initial)
        for number in range(1, layers + 1)
    )
