"""The global attention of Luong, Pham and Manning 2015.

Encoder and decoder are stacks as in 2014, and the decoder starts from the encoder's final states,
layer by layer. It steps first and looks then, with the output h_t of its top layer:

    a_t = softmax_j score(h_t, h_j)      c_t = sum_j a_tj h_j      h~_t = tanh(W_c [c_t ; h_t])

and h~_t is projected. The score is `model.attention`. With input feeding (their section 3.3) the
next step reads [E y_t ; h~_t], so that the decoder knows where it looked; without, nothing of the
attention enters the recurrence, and all steps run at once through the fused kernel.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.models.attentive import Attentive, AttentiveMemory, AttentiveState
from seq2seq.models.stacks import stack_options
from seq2seq.nn.alignment import Alignment, Annotations
from seq2seq.nn.dropout import dropout
from seq2seq.nn.linear import uniform_linear
from seq2seq.nn.stack import RecurrentStack


class Luong(Attentive):
    """Two equal stacks, and a decoder that looks after it stepped."""

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__(config, source_size, target_size, source_order)
        H, E = config.hidden, config.embedding  # noqa: N806
        self.input_feeding = config.input_feeding
        self.encoder, self.decoder = (
            RecurrentStack(
                config.cell,
                config.layers,
                size,
                H,
                **stack_options(config),
            )
            for size in (E, E + H if config.input_feeding else E)
        )
        self.alignment = Alignment(config.attention, H, H, config.initial)
        self.combine = uniform_linear(2 * H, H, config.initial)

    def read(self, embedded: Tensor, lengths: Tensor | None) -> tuple[Tensor, AttentiveState]:
        """Return annotations ([S, B, H]) and the final state of every layer."""
        batch = embedded.shape[1]
        start = self.encoder.initial_states(batch, embedded)
        annotations, states = self.encoder(embedded, start, lengths)
        fed = annotations.new_zeros(annotations.shape[1:]) if self.input_feeding else None
        return annotations, AttentiveState(states, fed)

    def advance(
        self, embedded: Tensor, state: AttentiveState, source: Annotations
    ) -> tuple[Tensor, Tensor, AttentiveState]:
        """Step, then look with the top layer's output."""
        below = embedded if state.fed is None else torch.cat([embedded, state.fed], dim=-1)
        top, layers = self.decoder.step(below, state.layers)
        context, weights = self.alignment.ask(top, source)
        attentional = self._attentional(context, top)
        fed = attentional if self.input_feeding else None
        return attentional, weights, AttentiveState(layers, fed)

    def decode(self, embedded: Tensor, memory: AttentiveMemory) -> tuple[Tensor, Tensor]:
        """Take all steps at once where nothing is fed back, else one after another."""
        if self.input_feeding:
            return super().decode(embedded, memory)
        top, _ = self.decoder(embedded, memory.start.layers)  # [T, B, H]
        context, weights = self.alignment(top.transpose(0, 1), memory.source)
        return self._attentional(context.transpose(0, 1), top), weights.transpose(0, 1)

    def _attentional(self, context: Tensor, top: Tensor) -> Tensor:
        return torch.tanh(self.combine(torch.cat([context, top], dim=-1)))

    def readout(self, outputs: Tensor) -> Tensor:
        """Return h~ itself; its dropout stands here, since what is fed back gets none."""
        return dropout(outputs, self.dropout, self.training)
