"""The Transformer of Vaswani et al. 2017.

Layer normalisation stands before each block by default, or after it. Pre-norm, the default, is
x + f(norm(x)), with a last norm on top of each stack; post-norm, as in the paper, is
norm(x + f(x)).

What came later stands beside it as options: root-mean-square normalisation (Zhang and Sennrich
2019), rotary positions (Su et al. 2021), gated feed-forward blocks (Shazeer 2020), and a decoder
that is not as deep as the encoder (Kasai et al. 2021).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.models.blocks import DecoderLayer, EncoderLayer, initialise, last_norm
from seq2seq.nn.attention import causal_mask, padding_mask
from seq2seq.nn.dropout import dropout
from seq2seq.nn.embedding import WordEmbedding
from seq2seq.nn.order import reading_order, reverse_source
from seq2seq.nn.past import Past
from seq2seq.nn.positions import Positions


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


class Transformer(nn.Module):
    """An encoder and a decoder of attention and feed-forward blocks.

    See `models.contract` for the methods.
    """

    one_length_batches = False
    normalised = False

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
        self.decoder = nn.ModuleList(
            DecoderLayer(config) for _ in range(config.decoder_layers or config.layers)
        )
        self.positions = Positions(config)
        self.encoder_norm, self.decoder_norm = last_norm(config), last_norm(config)
        if config.tie != "none":
            self.output.weight = self.target_embedding.weight
        if config.tie == "all":
            self.source_embedding.weight = self.target_embedding.weight
        initialise(self, config.hidden)

    def _embed(self, table: nn.Embedding, tokens: Tensor, first: int = 0) -> Tensor:
        return dropout(self.positions.added(table(tokens), first), self.dropout, self.training)

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
        mask, turned = padding_mask(lengths, source.shape[1], x), self.positions.turned(x)
        for layer in self.encoder:
            if not self._is_left_out():
                x = layer(x, mask, turned)
        x = self.encoder_norm(x)
        parts = [layer.source.sublayer.remember(x) for layer in self.decoder]  # type: ignore[union-attr, operator]
        return TransformerMemory(tuple(k for k, _ in parts), tuple(v for _, v in parts), mask)

    def start(self, memory: TransformerMemory) -> Past:
        """Return an empty past."""
        return Past.empty(len(self.decoder), memory.keys[0])

    def step(self, tokens: Tensor, state: Past, memory: TransformerMemory) -> tuple[Tensor, Past]:
        """Feed one token a row ([B * K]); return logits and the longer past."""
        sentences = memory.keys[0].shape[0]
        x = self._embed(self.target_embedding, tokens.unsqueeze(1), state.steps)
        x = x.view(sentences, -1, self.width)  # [B, K, H]
        beam = x.shape[1]
        past = state.arranged(sentences, beam).longer(beam)
        turned = self.positions.turned(x[:, :1], state.steps)
        for number, layer in enumerate(self.decoder):
            x = layer.step(  # type: ignore[operator]
                x,
                partial(past.add, number),
                past.mask,
                turned,
                memory.keys[number],
                memory.values[number],
                memory.mask,
            )
        return self.project(self.decoder_norm(x).view(-1, self.width)), past

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return hidden states ([B, T, H]) for teacher-forced `target` ([B, T])."""
        memory = self.encode(source, lengths)
        x = self._embed(self.target_embedding, target)
        mask, turned = causal_mask(target.shape[1], x), self.positions.turned(x)
        for layer, keys, values in zip(self.decoder, memory.keys, memory.values, strict=True):
            if not self._is_left_out():
                x = layer(x, mask, turned, keys, values, memory.mask)
        return self.decoder_norm(x)  # type: ignore[no-any-return]

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return weights ([B, T, S]) of teacher-forced `target` in the source's reading order.

        They are those of the last but one decoder layer, or the only one: the last layers are busy
        with the next word, and the one below the top follows the words best (Garg et al. 2019).
        """
        memory = self.encode(source, lengths)
        x = self._embed(self.target_embedding, target)
        mask, turned = causal_mask(target.shape[1], x), self.positions.turned(x)
        last = max(len(self.decoder) - 2, 0)
        for number in range(last):
            keys, values = memory.keys[number], memory.values[number]
            x = self.decoder[number](x, mask, turned, keys, values, memory.mask)
        looking: DecoderLayer = self.decoder[last]  # type: ignore[assignment]
        weights = looking.look(x, mask, turned, memory.keys[last], memory.mask)
        return reading_order(weights, lengths) if self.source_order == "reverse" else weights

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits over the target vocabulary."""
        return self.output(hidden)  # type: ignore[no-any-return]
