"""The encoder-decoder of Sutskever, Vinyals and Le 2014.

It has two deep recurrent stacks and no attention. The encoder reads the source, reversed by
default; its final states, layer by layer, are all that the decoder gets to see of it. The decoder
starts from them and predicts the target with a softmax over the vocabulary.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.models.stacks import stack_options
from seq2seq.models.words import word_layers
from seq2seq.nn.cells.cell import select_rows
from seq2seq.nn.order import reverse_source
from seq2seq.nn.stack import RecurrentStack


class StackState(NamedTuple):
    """The states of all layers; both the memory and the decoder's state of this model."""

    layers: tuple[Any, ...]

    def select(self, index: Tensor) -> StackState:
        """Return the rows at `index` ([N])."""
        return StackState(tuple(select_rows(layer, index) for layer in self.layers))


class Recurrent(nn.Module):
    """A recurrent encoder and decoder; see `models.contract` for the methods."""

    one_length_batches = True
    normalised = False

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__()
        self.source_order = source_order
        self.source_embedding, self.target_embedding, self.output = word_layers(
            config, source_size, target_size
        )
        self.encoder, self.decoder = (
            RecurrentStack(
                config.cell,
                config.layers,
                config.embedding,
                config.hidden,
                **stack_options(config),
            )
            for _ in range(2)
        )

    def encode(self, source: Tensor, lengths: Tensor) -> StackState:
        """Read [B, S]; return the final state of each layer."""
        if self.source_order == "reverse":
            source = reverse_source(source, lengths)
        embedded = self.source_embedding(source.t())  # [S, B, E]
        start = self.encoder.initial_states(source.shape[0], embedded)
        ragged = bool((lengths != source.shape[1]).any())
        _, states = self.encoder(embedded, start, lengths if ragged else None)
        return StackState(states)

    def start(self, memory: StackState) -> StackState:
        """The decoder starts where the encoder ended."""
        return memory

    def step(
        self, tokens: Tensor, state: StackState, memory: StackState
    ) -> tuple[Tensor, StackState]:
        """Feed one token a row; return logits and the next state."""
        top, layers = self.decoder.step(self.target_embedding(tokens), state.layers)
        return self.project(top), StackState(layers)

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the decoder's top outputs ([B, T, H]) for teacher-forced `target` ([B, T])."""
        state = self.start(self.encode(source, lengths))
        top, _ = self.decoder(self.target_embedding(target.t()), state.layers)  # [T, B, H]
        return top.transpose(0, 1)  # type: ignore[no-any-return]

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> None:
        """Return None: this model has no attention."""

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits over the target vocabulary."""
        return self.output(hidden)  # type: ignore[no-any-return]
