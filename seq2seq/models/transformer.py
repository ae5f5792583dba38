"""The Transformer of Vaswani et al. 2017.

Layer normalisation stands before each block by default, or after it. Pre-norm, the default, is
x + f(norm(x)), with a last norm on top of each stack; post-norm, as in the paper, is
norm(x + f(x)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.nn.attention import (
    CrossAttention,
    FeedForward,
    SelfAttention,
    attend,
    causal_mask,
    padding_mask,
)
from seq2seq.nn.dropout import dropout
from seq2seq.nn.embedding import WordEmbedding
from seq2seq.nn.order import reading_order, reverse_source
from seq2seq.nn.positions import sinusoids


class TransformerMemory(NamedTuple):
    """Keys and values of the source for every decoder layer, and the padding mask.

    Keys and values are [B, A, S, D] each.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    mask: Tensor | None  # [B, 1, 1, S]

    def select(self, index: Tensor) -> TransformerMemory:
        """Return the sentences at `index` ([N])."""
        return TransformerMemory(
            tuple(part.index_select(0, index) for part in self.keys),
            tuple(part.index_select(0, index) for part in self.values),
            None if self.mask is None else self.mask.index_select(0, index),
        )


class TransformerState(NamedTuple):
    """Keys and values of the target so far for every decoder layer: [B * K, A, t, D] each."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]

    def select(self, index: Tensor) -> TransformerState:
        """Return the hypotheses at `index` ([N])."""
        return TransformerState(
            tuple(part.index_select(0, index) for part in self.keys),
            tuple(part.index_select(0, index) for part in self.values),
        )


Sublayer = TypeVar("Sublayer", bound=nn.Module)


class Block(nn.Module, Generic[Sublayer]):
    """A residual connection around one sublayer, with dropout and a norm before or after."""

    def __init__(self, config: ModelConfig, sublayer: Sublayer) -> None:
        super().__init__()
        self.sublayer = sublayer
        self.norm = nn.LayerNorm(config.hidden)
        self.dropout = config.dropout
        self.norm_first = config.norm == "pre"

    def forward(self, x: Tensor, apply: Callable[[Tensor], Tensor]) -> Tensor:
        """Return x + apply(norm(x)), or norm(x + apply(x)).

        `apply` calls the sublayer with what it needs.
        """
        if self.norm_first:
            return x + dropout(apply(self.norm(x)), self.dropout, self.training)
        return self.norm(x + dropout(apply(x), self.dropout, self.training))  # type: ignore[no-any-return]


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward block."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = Block(config, SelfAttention(config.hidden, config.heads))
        self.feed_forward = Block(config, FeedForward(config.hidden, config.feed_forward))

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Return [B, S, H] for [B, S, H]."""
        x = self.attention(x, lambda y: self.attention.sublayer(y, mask))
        return self.feed_forward(x, self.feed_forward.sublayer)  # type: ignore[no-any-return]


class DecoderLayer(nn.Module):
    """Self-attention to the past, attention to the source, then a feed-forward block."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = Block(config, SelfAttention(config.hidden, config.heads))
        self.source = Block(config, CrossAttention(config.hidden, config.heads))
        self.feed_forward = Block(config, FeedForward(config.hidden, config.feed_forward))

    def forward(
        self, x: Tensor, mask: Tensor, keys: Tensor, values: Tensor, source_mask: Tensor | None
    ) -> Tensor:
        """Return [B, T, H] for the whole target [B, T, H]; `mask` hides the future."""
        x = self.attention(x, lambda y: self.attention.sublayer(y, mask))
        return self._above(x, keys, values, source_mask)

    def step(
        self,
        x: Tensor,
        past: tuple[Tensor, Tensor] | None,
        keys: Tensor,
        values: Tensor,
        source_mask: Tensor | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Take one position, [B, K, H], with the `past` keys and values, [B * K, A, t, D] each."""
        sentences, beam, width = x.shape
        sublayer = self.attention.sublayer
        seen: list[tuple[Tensor, Tensor]] = []

        def attend_to_past(y: Tensor) -> Tensor:
            query, new_keys, new_values = sublayer.parts(y.view(sentences * beam, 1, width))
            if past is not None:
                new_keys = torch.cat([past[0], new_keys], dim=2)
                new_values = torch.cat([past[1], new_values], dim=2)
            seen.append((new_keys, new_values))
            mixed: Tensor = sublayer.output(attend(query, new_keys, new_values, None))
            return mixed.view(sentences, beam, width)

        x = self.attention(x, attend_to_past)
        return self._above(x, keys, values, source_mask), seen[0]

    def look(self, x: Tensor, mask: Tensor, keys: Tensor, source_mask: Tensor | None) -> Tensor:
        """Return the weights ([B, T, S]) that the whole target ([B, T, H]) gives the source."""
        x = self.attention(x, lambda y: self.attention.sublayer(y, mask))
        query = self.source.norm(x) if self.source.norm_first else x
        return self.source.sublayer.weights(query, keys, source_mask)

    def _above(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        x = self.source(x, lambda y: self.source.sublayer(y, keys, values, mask))
        return self.feed_forward(x, self.feed_forward.sublayer)  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """An encoder and a decoder of attention and feed-forward blocks.

    See `models.contract` for the methods.
    """

    one_length_batches = False

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__()
        self.source_order = source_order
        self.width, self.dropout = config.hidden, config.dropout
        self.layer_dropout = config.layer_dropout
        self.source_embedding = WordEmbedding(source_size, config.hidden, config)
        self.target_embedding = WordEmbedding(target_size, config.hidden, config)
        self.output = nn.Linear(config.hidden, target_size, bias=False)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        last = nn.LayerNorm if config.norm == "pre" else nn.Identity
        self.encoder_norm = last(config.hidden)
        self.decoder_norm = last(config.hidden)
        if config.tie != "none":
            self.output.weight = self.target_embedding.weight
        if config.tie == "all":
            self.source_embedding.weight = self.target_embedding.weight
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear) and module is not self.output:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        # Embeddings are scaled up by sqrt(H) when read; as a projection they give logits of about
        # unit size.
        for weight in (
            self.source_embedding.weight,
            self.target_embedding.weight,
            self.output.weight,
        ):
            nn.init.normal_(weight, std=self.width**-0.5)

    def _embed(self, table: nn.Embedding, tokens: Tensor, first: int = 0) -> Tensor:
        vectors = table(tokens) * math.sqrt(self.width)
        places = sinusoids(tokens.shape[1], self.width, first=first, like=vectors)
        return dropout(vectors + places, self.dropout, self.training)

    def _is_left_out(self) -> bool:
        """Decide whether a layer is skipped in this pass (LayerDrop: Fan et al. 2020)."""
        return bool(
            self.training and self.layer_dropout and torch.rand(()).item() < self.layer_dropout
        )

    def encode(self, source: Tensor, lengths: Tensor) -> TransformerMemory:
        """Read [B, S]; return every decoder layer's keys and values of the source."""
        if self.source_order == "reverse":
            source = reverse_source(source, lengths)
        x = self._embed(self.source_embedding, source)
        mask = padding_mask(lengths, source.shape[1], x)
        for layer in self.encoder:
            if not self._is_left_out():
                x = layer(x, mask)
        x = self.encoder_norm(x)
        parts = [layer.source.sublayer.remember(x) for layer in self.decoder]  # type: ignore[union-attr, operator]
        return TransformerMemory(tuple(k for k, _ in parts), tuple(v for _, v in parts), mask)

    def start(self, memory: TransformerMemory) -> TransformerState:
        """Return an empty past."""
        empty = tuple(keys[:, :, :0] for keys in memory.keys)
        return TransformerState(empty, empty)

    def step(
        self, tokens: Tensor, state: TransformerState, memory: TransformerMemory
    ) -> tuple[Tensor, TransformerState]:
        """Feed one token a row ([B * K]); return logits and the longer past."""
        sentences = memory.keys[0].shape[0]
        position = state.keys[0].shape[2]
        x = self._embed(self.target_embedding, tokens.unsqueeze(1), position)
        x = x.view(sentences, -1, self.width)  # [B, K, H]
        past = []
        for number, layer in enumerate(self.decoder):
            before = (state.keys[number], state.values[number]) if position else None
            x, seen = layer.step(  # type: ignore[operator]
                x, before, memory.keys[number], memory.values[number], memory.mask
            )
            past.append(seen)
        logits = self.project(self.decoder_norm(x).view(-1, self.width))
        return logits, TransformerState(tuple(k for k, _ in past), tuple(v for _, v in past))

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return hidden states ([B, T, H]) for teacher-forced `target` ([B, T])."""
        memory = self.encode(source, lengths)
        x = self._embed(self.target_embedding, target)
        mask = causal_mask(target.shape[1], x)
        for layer, keys, values in zip(self.decoder, memory.keys, memory.values, strict=True):
            if not self._is_left_out():
                x = layer(x, mask, keys, values, memory.mask)
        return self.decoder_norm(x)  # type: ignore[no-any-return]

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return weights ([B, T, S]) of teacher-forced `target` in the source's reading order.

        They are those of the last but one decoder layer, or the only one: the last layers are busy
        with the next word, and the one below the top follows the words best (Garg et al. 2019).
        """
        memory = self.encode(source, lengths)
        x = self._embed(self.target_embedding, target)
        mask = causal_mask(target.shape[1], x)
        last = max(len(self.decoder) - 2, 0)
        for number in range(last):
            keys, values = memory.keys[number], memory.values[number]
            x = self.decoder[number](x, mask, keys, values, memory.mask)
        looking: DecoderLayer = self.decoder[last]  # type: ignore[assignment]
        weights = looking.look(x, mask, memory.keys[last], memory.mask)
        return reading_order(weights, lengths) if self.source_order == "reverse" else weights

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits over the target vocabulary."""
        return F.linear(hidden, self.output.weight)
