"""The depth-gated LSTM (Yao et al. 2015): a gate lets the memory below into the memory above.

With c_l the memory of the layer below at the same step, and i f g o as in the LSTM:

    d = sigmoid(W_d x + w_c * c' + w_l * c_l + b_d)
    c = d * c_l + f * c' + i * g                       h = o * tanh(c)

The lowest layer has no memory below it, and is the plain LSTM.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.nn.cells.cell import Product, Signal, uniform
from seq2seq.nn.cells.lstm import FourParts, LSTMOptions, LSTMState


class DepthGatedOptions(LSTMOptions):
    """The depth gate's bias too: far below zero the layers are plain LSTMs."""

    depth_bias: float = Field(0.0, ge=-100.0, le=20.0)


class DepthGated(FourParts):
    """One layer; above the lowest `depth_weight` is [H, E], `depth_peep` [2, H] w_c and w_l."""

    Options = DepthGatedOptions
    gates: Sequence[str] = ("forget", "input", "depth", "output")
    reads_memory = True

    def __init__(
        self,
        input_size: int,
        hidden: int,
        *,
        initial: float,
        forget_bias: float = 0.0,
        depth_bias: float = 0.0,
        lowest: bool = True,
    ) -> None:
        super().__init__(input_size, hidden, initial=initial, forget_bias=forget_bias)
        self.lowest = lowest
        if lowest:
            self.gates = tuple(name for name in self.gates if name != "depth")
        else:
            self.depth_weight = uniform(hidden, input_size, initial=initial)
            self.depth_bias = nn.Parameter(torch.full((hidden,), depth_bias))
            self.depth_peep = uniform(2, hidden, initial=initial)

    def given(self, below: Signal) -> tuple[Tensor, ...]:
        """Return W x + b, and above the lowest layer c_l and all of d that is known before time."""
        if self.lowest:
            return super().given(below)
        assert below.memory is not None, "a layer above the lowest reads memory"
        depth = F.linear(below.output, self.depth_weight, self.depth_bias)
        depth = depth + self.depth_peep[1] * below.memory
        return (*super().given(below), below.memory, depth)

    def recur(
        self, given: tuple[Tensor, ...], state: LSTMState, *products: Product
    ) -> tuple[Signal, LSTMState]:
        """Take one step of time."""
        (x, *lower), (U,) = given, products  # noqa: N806
        i, f, g, o = (x + U(state.hidden)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * state.memory + torch.sigmoid(i) * torch.tanh(g)
        if lower:
            c_l, d = lower
            c = c + torch.sigmoid(d + self.depth_peep[0] * state.memory) * c_l
        h = torch.sigmoid(o) * torch.tanh(c)
        return Signal(h, c), LSTMState(h, c)
