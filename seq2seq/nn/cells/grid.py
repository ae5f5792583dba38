"""The grid LSTM in two dimensions, time and depth (Kalchbrenner, Danihelka and Graves 2015).

A block has a hidden state and a memory cell along each dimension, and an LSTM for each, of weights
of its own. Both read the two hidden states; depth has priority: it reads time's new one.

    h_t, c_t = LSTM_time([h'_t ; h_d], c'_t)      h_u, c_u = LSTM_depth([h_t ; h_d], c_d)

From step to step go h_t and c_t, to the layer above h_u and c_u, which are its h_d and c_d. The
lowest layer reads its input as h_d, and c_d = V x.

What is different: h = o * tanh(c), as in the LSTM, where the paper writes tanh(o * c).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.nn.cells.cell import Cell, Product, Signal, uniform
from seq2seq.nn.cells.lstm import LSTMOptions, LSTMState, nothing_remembered


class Grid(Cell):
    """One layer: `input_weight` [8H, E] of time, then depth; `time_weight` and `depth_weight`.

    The last two are [4H, H]; their parts are stacked i f g o. The lowest layer also has `lift`
    [H, E], which is V.
    """

    Options = LSTMOptions
    gates = ("forget", "input", "output", "depth forget", "depth input", "depth output")
    reads_memory = True

    def __init__(
        self,
        input_size: int,
        hidden: int,
        *,
        initial: float,
        forget_bias: float = 0.0,
        lowest: bool = True,
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.input_weight = uniform(8 * hidden, input_size, initial=initial)
        self.time_weight = uniform(4 * hidden, hidden, initial=initial)
        self.depth_weight = uniform(4 * hidden, hidden, initial=initial)
        biases = torch.tensor((0.0, forget_bias, 0.0, 0.0)).repeat_interleave(hidden)
        self.bias = nn.Parameter(biases.repeat(2))
        self.lift = uniform(hidden, input_size, initial=initial) if lowest else None

    def initial_state(self, batch: int, like: Tensor) -> LSTMState:
        """Return zeros."""
        return nothing_remembered(batch, self.hidden, like)

    def given(self, below: Signal) -> tuple[Tensor, ...]:
        """Return what both LSTMs read of h_d, and c_d."""
        x = F.linear(below.output, self.input_weight, self.bias)
        memory = below.memory if self.lift is None else F.linear(below.output, self.lift)
        assert memory is not None, "a layer above the lowest reads memory"
        return (*x.chunk(2, dim=-1), memory)

    def recurrent(self) -> tuple[Tensor, ...]:
        """Return U of time and of depth."""
        return self.time_weight, self.depth_weight

    def recur(
        self, given: tuple[Tensor, ...], state: LSTMState, *products: Product
    ) -> tuple[Signal, LSTMState]:
        """Take one step of time, then one of depth."""
        (in_time, in_depth, memory), (U_t, U_d) = given, products  # noqa: N806
        after = _lstm(in_time + U_t(state.hidden), state.memory)
        upwards = _lstm(in_depth + U_d(after.hidden), memory)
        return Signal(*upwards), after


def _lstm(gates: Tensor, memory: Tensor) -> LSTMState:
    i, f, g, o = gates.chunk(4, dim=-1)
    c = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)
    return LSTMState(torch.sigmoid(o) * torch.tanh(c), c)
