"""What the recurrent models with attention share: all but their two stacks and how these meet.

The encoder's annotations, one a source position, are kept for the decoder, which looks at a mixture
of them at each step. An architecture says how the source is read (`read`), what one step of the
decoder is (`advance`), and what stands between the decoder and the projection (`readout`). Where
nothing that was looked at goes back into the recurrence, it also overrides `decode` to take all
steps at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.models.words import word_layers
from seq2seq.nn.alignment import Alignment, Annotations
from seq2seq.nn.cells.cell import select_rows
from seq2seq.nn.order import reading_order, reverse_source


class AttentiveState(NamedTuple):
    """The decoder between two steps."""

    layers: tuple[Any, ...]  # the state of every layer
    fed: Tensor | None = None  # [B * K, ...]: what the next step reads of this one's look

    def select(self, index: Tensor) -> AttentiveState:
        """Return the rows at `index` ([N])."""
        layers = tuple(select_rows(layer, index) for layer in self.layers)
        return AttentiveState(layers, None if self.fed is None else self.fed.index_select(0, index))


class AttentiveMemory(NamedTuple):
    """The annotations of the source, and where the decoder starts from."""

    source: Annotations
    start: AttentiveState

    def select(self, index: Tensor) -> AttentiveMemory:
        """Return the sentences at `index` ([N])."""
        return AttentiveMemory(self.source.select(index), self.start.select(index))


class Attentive(nn.Module, ABC):
    """A recurrent encoder and decoder with attention; see `models.contract` for the methods."""

    one_length_batches = True
    normalised = False
    alignment: Alignment

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__()
        self.source_order = source_order
        self.dropout = config.dropout
        self.source_embedding, self.target_embedding, self.output = word_layers(
            config, source_size, target_size
        )

    @abstractmethod
    def read(self, embedded: Tensor, lengths: Tensor | None) -> tuple[Tensor, AttentiveState]:
        """Read [S, B, E]; return annotations ([S, B, D]) and the decoder's first state.

        `lengths` ([B]) is None where no row is padded.
        """

    @abstractmethod
    def advance(
        self, embedded: Tensor, state: AttentiveState, source: Annotations
    ) -> tuple[Tensor, Tensor, AttentiveState]:
        """Take one step with embedded words ([B * K, E]).

        Return the input of `readout` ([B * K, X]), the weights ([B * K, S]) and the next state.
        """

    @abstractmethod
    def readout(self, outputs: Tensor) -> Tensor:
        """Return hidden states ([..., H]), ready for the projection, of decoder outputs."""

    def decode(self, embedded: Tensor, memory: AttentiveMemory) -> tuple[Tensor, Tensor]:
        """Take the steps of [T, B, E] one after another.

        Return the inputs of `readout` ([T, B, X]) and the weights ([T, B, S]).
        """
        state, outputs, looks = memory.start, [], []
        for now in embedded.unbind(0):
            output, weights, state = self.advance(now, state, memory.source)
            outputs.append(output)
            looks.append(weights)
        return torch.stack(outputs), torch.stack(looks)

    def encode(self, source: Tensor, lengths: Tensor) -> AttentiveMemory:
        """Read [B, S]; return the annotations and the decoder's first state."""
        if self.source_order == "reverse":
            source = reverse_source(source, lengths)
        ragged = lengths if bool((lengths != source.shape[1]).any()) else None
        annotations, start = self.read(self.source_embedding(source.t()), ragged)
        return AttentiveMemory(self.alignment.remember(annotations.transpose(0, 1), ragged), start)

    def start(self, memory: AttentiveMemory) -> AttentiveState:
        """Return the decoder's first state, one row a sentence."""
        return memory.start

    def step(
        self, tokens: Tensor, state: AttentiveState, memory: AttentiveMemory
    ) -> tuple[Tensor, AttentiveState]:
        """Feed one token a row ([B * K]); return logits and the next state."""
        output, _, after = self.advance(self.target_embedding(tokens), state, memory.source)
        return self.project(self.readout(output)), after

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return hidden states ([B, T, H]) for teacher-forced `target` ([B, T])."""
        memory = self.encode(source, lengths)
        outputs, _ = self.decode(self.target_embedding(target.t()), memory)
        return self.readout(outputs).transpose(0, 1)

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the weights ([B, T, S]) of teacher-forced `target`, in reading order."""
        memory = self.encode(source, lengths)
        weights = self.decode(self.target_embedding(target.t()), memory)[1].transpose(0, 1)
        return reading_order(weights, lengths) if self.source_order == "reverse" else weights

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits over the target vocabulary."""
        return self.output(hidden)  # type: ignore[no-any-return]
