"""Language models: they write as translation models do, but nothing that they read is a source.

They learn the target side of the data, and offer what every model offers (see `models.contract`):
so they are trained, scored, sampled from and joined to translation models without being named. All
that they remember of a source is that there is one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.models.blocks import EncoderLayer, initialise, last_norm
from seq2seq.models.recurrent import StackState
from seq2seq.models.stacks import stack_options
from seq2seq.models.words import target_layers
from seq2seq.nn.attention import causal_mask
from seq2seq.nn.dropout import dropout
from seq2seq.nn.embedding import WordEmbedding
from seq2seq.nn.past import Past
from seq2seq.nn.positions import Positions
from seq2seq.nn.stack import RecurrentStack


class Sentences(NamedTuple):
    """As many rows as there are sentences, of nothing: [B, 0]."""

    rows: Tensor

    def select(self, index: Tensor) -> Sentences:
        """Return the rows at `index` ([N])."""
        return Sentences(self.rows.index_select(0, index))


class LanguageModel(nn.Module, ABC):
    """What both kinds have in common."""

    one_length_batches = False
    normalised = False
    output: nn.Linear

    def encode(self, source: Tensor, lengths: Tensor) -> Sentences:
        """Return a memory of nothing."""
        return Sentences(self.output.weight.new_zeros(len(source), 0))

    @abstractmethod
    def start(self, memory: Sentences) -> Any:
        """Return the state before the first word."""

    @abstractmethod
    def step(self, tokens: Tensor, state: Any, memory: Sentences) -> tuple[Tensor, Any]:
        """Feed one token a row; return logits and the next state."""

    @abstractmethod
    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return hidden states ([B, T, H]) for teacher-forced `target` ([B, T])."""

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> None:
        """Return None: there is nothing to look at."""

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits over the vocabulary."""
        return self.output(hidden)  # type: ignore[no-any-return]


class RecurrentLanguageModel(LanguageModel):
    """A recurrent stack that predicts the next word (Mikolov et al. 2010)."""

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__()
        self.target_embedding, self.output = target_layers(config, target_size)
        self.decoder = RecurrentStack(
            config.cell,
            config.layers,
            config.embedding,
            config.hidden,
            **stack_options(config),
        )

    def start(self, memory: Sentences) -> StackState:
        """Return every layer's state before the first step."""
        return StackState(self.decoder.initial_states(len(memory.rows), memory.rows))

    def step(
        self, tokens: Tensor, state: StackState, memory: Sentences
    ) -> tuple[Tensor, StackState]:
        """Feed one token a row; return logits and the next state."""
        top, layers = self.decoder.step(self.target_embedding(tokens), state.layers)
        return self.project(top), StackState(layers)

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the top outputs ([B, T, H]) for teacher-forced `target` ([B, T])."""
        embedded = self.target_embedding(target.t())
        top, _ = self.decoder(embedded, self.decoder.initial_states(len(target), embedded))
        return top.transpose(0, 1)  # type: ignore[no-any-return]


class TransformerLanguageModel(LanguageModel):
    """A stack of self-attention that hides the future (Vaswani et al. 2017, without a source)."""

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__()
        self.width, self.heads, self.dropout = config.hidden, config.heads, config.dropout
        self.positions = Positions(config)
        self.target_embedding = WordEmbedding(target_size, config.hidden, config)
        self.output = nn.Linear(config.hidden, target_size, bias=False)
        self.decoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))
        self.decoder_norm = last_norm(config)
        if config.tie != "none":
            self.output.weight = self.target_embedding.weight
        initialise(self, config.hidden)

    def start(self, memory: Sentences) -> Past:
        """Return an empty past."""
        nothing = memory.rows.view(len(memory.rows), self.heads, 0, self.width // self.heads)
        return Past.empty(len(self.decoder), nothing)

    def step(self, tokens: Tensor, state: Past, memory: Sentences) -> tuple[Tensor, Past]:
        """Feed one token a row ([B * K]); return logits and the longer past."""
        x = self._embed(tokens.unsqueeze(1), state.steps).view(len(memory.rows), -1, self.width)
        past = state.arranged(*x.shape[:2]).longer(x.shape[1])
        turned = self.positions.turned(x[:, :1], state.steps)
        for number, layer in enumerate(self.decoder):
            x = layer.step(x, partial(past.add, number), past.mask, turned)  # type: ignore[operator]
        return self.project(self.decoder_norm(x).view(-1, self.width)), past

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return hidden states ([B, T, H]) for teacher-forced `target` ([B, T])."""
        x = self._embed(target)
        mask, turned = causal_mask(target.shape[1], x), self.positions.turned(x)
        for layer in self.decoder:
            x = layer(x, mask, turned)
        return self.decoder_norm(x)  # type: ignore[no-any-return]

    def _embed(self, tokens: Tensor, first: int = 0) -> Tensor:
        vectors = self.positions.added(self.target_embedding(tokens), first)
        return dropout(vectors, self.dropout, self.training)
