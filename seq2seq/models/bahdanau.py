"""The model of Bahdanau, Cho and Bengio 2015, "RNNsearch".

A bidirectional encoder annotates every source position: h_j = [h->_j ; h<-_j]. The decoder looks at
the annotations before each step, with what it was after the last one:

    e_tj = v^T tanh(W s_(t-1) + U h_j)      a_t = softmax(e_t)      c_t = sum_j a_tj h_j
    s_t = f(s_(t-1), [E y_(t-1) ; c_t])     s_0 = tanh(W_s h<-_1)
    p(y_t) = softmax(W_o maxout(U_o [s_t ; E y_(t-1) ; c_t]))

What is different: the cell is that of the recipe, not the paper's gated unit, and both sides may
have several layers, of which the top one asks; of a cell that has more than its output to remember,
the rest starts as the cell starts it; maxout (over pairs, as in the paper) leaves H units, not 500.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.models.attentive import Attentive, AttentiveState
from seq2seq.models.stacks import stack_options
from seq2seq.nn.alignment import Alignment, Annotations
from seq2seq.nn.bidirectional import BidirectionalStack
from seq2seq.nn.dropout import dropout
from seq2seq.nn.linear import uniform_linear
from seq2seq.nn.stack import RecurrentStack


class Bahdanau(Attentive):
    """A bidirectional encoder, and a decoder that looks before it steps."""

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__(config, source_size, target_size, source_order)
        H, E, D = config.hidden, config.embedding, 2 * config.hidden  # noqa: N806
        options = stack_options(config)
        self.encoder = BidirectionalStack(config.cell, config.layers, E, H, **options)
        self.decoder = RecurrentStack(config.cell, config.layers, E + D, H, **options)
        self.alignment = Alignment("additive", H, D, config.initial)
        self.first = uniform_linear(H, config.layers * H, config.initial, bias=True)
        self.deep = uniform_linear(H + E + D, 2 * H, config.initial, bias=True)

    def read(self, embedded: Tensor, lengths: Tensor | None) -> tuple[Tensor, AttentiveState]:
        """Return annotations ([S, B, 2H]) and the start, s_0 in every layer."""
        annotations = self.encoder(embedded, lengths)
        backward = annotations[0].chunk(2, dim=-1)[1]  # [B, H]: all of the source, read backwards
        first = torch.tanh(self.first(backward)).chunk(len(self.decoder.layers), dim=-1)
        states = self.decoder.initial_states(embedded.shape[1], embedded)
        pairs = zip(states, first, strict=True)
        return annotations, AttentiveState(
            tuple(type(state)(output, *state[1:]) for state, output in pairs)
        )

    def advance(
        self, embedded: Tensor, state: AttentiveState, source: Annotations
    ) -> tuple[Tensor, Tensor, AttentiveState]:
        """Look with the top layer's last output, then step."""
        context, weights = self.alignment.ask(state.layers[-1][0], source)
        top, layers = self.decoder.step(torch.cat([embedded, context], dim=-1), state.layers)
        return torch.cat([top, embedded, context], dim=-1), weights, AttentiveState(layers)

    def readout(self, outputs: Tensor) -> Tensor:
        """Return the larger of each pair of units above [s_t ; E y_(t-1) ; c_t]."""
        one, other = self.deep(outputs).chunk(2, dim=-1)
        return dropout(torch.maximum(one, other), self.dropout, self.training)
