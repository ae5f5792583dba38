"""The layers of Transformers: blocks with a residual connection around each of their parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeAlias, TypeVar, cast

import torch
from torch import Tensor, nn

from seq2seq.config.schema import ModelConfig
from seq2seq.nn.attention import CrossAttention, FeedForward, SelfAttention, attend
from seq2seq.nn.dropout import dropout
from seq2seq.nn.positions import Rotation


class LayerNorm(nn.LayerNorm):
    """Layer normalisation that returns the type that it reads, where a kernel can do that.

    Under autocast torch's own would turn all into float32, and the next product turn it back. Sums
    are in float32 always.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., H] for [..., H]."""
        if x.device.type != "cpu":
            return super().forward(x)
        shape = self.normalized_shape
        return torch.native_layer_norm(x, shape, self.weight, self.bias, self.eps)[0]


class RMSNorm(nn.RMSNorm):
    """Root-mean-square normalisation, in the type of its gains, as layer normalisation has it."""

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., H] for [..., H]."""
        return super().forward(x.to(self.weight.dtype))


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "layer": LayerNorm,
    "rms": partial(RMSNorm, eps=1e-6),
}
Sublayer = TypeVar("Sublayer", bound=nn.Module)
Remember: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # of `nn.past.Past.add`


class Block(nn.Module, Generic[Sublayer]):
    """A residual connection around one sublayer, with dropout and a norm before or after."""

    def __init__(self, config: ModelConfig, sublayer: Sublayer) -> None:
        super().__init__()
        self.sublayer = sublayer
        self.norm = NORMS[config.normalisation](config.hidden)
        self.dropout = config.dropout
        self.norm_first = config.norm == "pre"

    def forward(self, x: Tensor, apply: Callable[[Tensor], Tensor]) -> Tensor:
        """Return x + apply(norm(x)), or norm(x + apply(x)).

        `apply` calls the sublayer with what it needs.
        """
        if self.norm_first:
            return x + dropout(apply(self.norm(x)), self.dropout, self.training)
        return self.norm(x + dropout(apply(x), self.dropout, self.training))  # type: ignore[no-any-return]


def last_norm(config: ModelConfig) -> nn.Module:
    """Return what stands on top of a stack: a norm, where the blocks normalise what they read."""
    return NORMS[config.normalisation](config.hidden) if config.norm == "pre" else nn.Identity()


def feed_forward(config: ModelConfig) -> FeedForward:
    """Return a feed-forward block as the recipe has it."""
    return FeedForward(config.hidden, config.feed_forward, config.activation, config.gated)


def _attend_to_past(
    block: Block[SelfAttention],
    x: Tensor,
    remember: Remember,
    visible: Tensor,
    turned: Rotation | None,
) -> Tensor:
    """Let one position of K hypotheses ([B, K, H]) attend to itself and what stands before it."""

    def apply(y: Tensor) -> Tensor:
        query, *new = block.sublayer.parts(y, turned)
        mixed: Tensor = block.sublayer.output(attend(query, *remember(*new), visible))
        return mixed

    return block(x, apply)  # type: ignore[no-any-return]


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward block."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = Block(config, SelfAttention(config.hidden, config.heads))
        self.feed_forward = Block(config, feed_forward(config))

    def forward(self, x: Tensor, mask: Tensor | None, turned: Rotation | None) -> Tensor:
        """Return [B, S, H] for [B, S, H]; `turned` tells rotary positions."""
        x = self.attention(x, lambda y: self.attention.sublayer(y, mask, turned))
        return self.feed_forward(x, self.feed_forward.sublayer)  # type: ignore[no-any-return]

    def step(
        self, x: Tensor, remember: Remember, visible: Tensor, turned: Rotation | None
    ) -> Tensor:
        """Take one position of K hypotheses, [B, K, H], as a layer of a decoder does."""
        x = _attend_to_past(self.attention, x, remember, visible, turned)
        return self.feed_forward(x, self.feed_forward.sublayer)  # type: ignore[no-any-return]


class DecoderLayer(nn.Module):
    """Self-attention to the past, attention to the source, then a feed-forward block."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = Block(config, SelfAttention(config.hidden, config.heads))
        self.source = Block(config, CrossAttention(config.hidden, config.heads))
        self.feed_forward = Block(config, feed_forward(config))

    def forward(
        self,
        x: Tensor,
        mask: Tensor,
        turned: Rotation | None,
        keys: Tensor,
        values: Tensor,
        source_mask: Tensor | None,
    ) -> Tensor:
        """Return [B, T, H] for the whole target [B, T, H]; `mask` hides the future."""
        x = self.attention(x, lambda y: self.attention.sublayer(y, mask, turned))
        return self._above(x, keys, values, source_mask)

    def step(
        self,
        x: Tensor,
        remember: Remember,
        visible: Tensor,
        turned: Rotation | None,
        keys: Tensor,
        values: Tensor,
        source_mask: Tensor | None,
    ) -> Tensor:
        """Take one position of K hypotheses, [B, K, H].

        `remember` takes its keys and values ([B, A, K, D] each) and returns those of the past with
        them, of which `visible` ([B, 1, K, C]) hides what is not a hypothesis' own.
        """
        x = _attend_to_past(self.attention, x, remember, visible, turned)
        return self._above(x, keys, values, source_mask)

    def look(
        self,
        x: Tensor,
        mask: Tensor,
        turned: Rotation | None,
        keys: Tensor,
        source_mask: Tensor | None,
    ) -> Tensor:
        """Return the weights ([B, T, S]) that the whole target ([B, T, H]) gives the source."""
        x = self.attention(x, lambda y: self.attention.sublayer(y, mask, turned))
        query = self.source.norm(x) if self.source.norm_first else x
        return self.source.sublayer.weights(query, keys, source_mask)

    def _above(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        x = self.source(x, lambda y: self.source.sublayer(y, keys, values, mask))
        return self.feed_forward(x, self.feed_forward.sublayer)  # type: ignore[no-any-return]


def initialise(model: nn.Module, width: int) -> None:
    """Draw a Transformer's first weights.

    Embeddings are scaled up by sqrt(H) when read; as a projection they give logits of about unit
    size.
    """
    words = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding) or name == "output":
            words.append(cast(Tensor, module.weight))
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    for weight in words:
        nn.init.normal_(weight, std=width**-0.5)
