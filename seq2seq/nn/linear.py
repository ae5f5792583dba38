"""Linear layers that start as the papers on recurrent nets start them."""

from __future__ import annotations

from torch import nn


def uniform_linear(inputs: int, outputs: int, initial: float, *, bias: bool = False) -> nn.Linear:
    """Return a layer with weights ([outputs, inputs]) from U(-initial, initial) and zero bias."""
    layer = nn.Linear(inputs, outputs, bias=bias)
    nn.init.uniform_(layer.weight, -initial, initial)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer
