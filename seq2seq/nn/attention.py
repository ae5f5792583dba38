"""Scaled dot-product attention with several heads (Vaswani et al. 2017, section 3.2).

It is written as plain products: at the sentence lengths of translation they beat the fused
attention kernel on CPUs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.nn.positions import Rotation

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "silu": F.silu,
}


def attention_weights(query: Tensor, keys: Tensor, mask: Tensor | None) -> Tensor:
    """Return softmax(query keys^T / sqrt(D) + mask), [B, A, T, S]; shapes as for `attend`."""
    scores = torch.matmul(query * (1.0 / math.sqrt(query.shape[-1])), keys.transpose(-1, -2))
    if mask is not None:
        scores = scores + mask
    return torch._softmax(scores, -1, False)  # autocast would turn scores into float32, and back


def attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """Return softmax(query keys^T / sqrt(D) + mask) values.

    `query` is [B, A, T, D], `keys` and `values` are [B, A, S, D], `mask` is 0 where a position may
    be seen and very negative where not, and broadcasts to [B, A, T, S]. The result is
    [B, T, A * D].
    """
    mixed = torch.matmul(attention_weights(query, keys, mask), values)  # [B, A, T, D]
    return mixed.transpose(1, 2).flatten(2)


def split_heads(vectors: Tensor, heads: int) -> Tensor:
    """Turn [B, T, A * D] into [B, A, T, D]."""
    split: Tensor = vectors.unflatten(-1, (heads, -1))
    return split.transpose(1, 2)


class SelfAttention(nn.Module):
    """Attention of a sequence to itself; queries, keys and values come from one product."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def parts(self, x: Tensor, turned: Rotation | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values of `x` ([B, T, H]), each [B, A, T, D].

        The first two are turned by their positions, if they are told.
        """
        query, keys, values = (
            split_heads(part, self.heads) for part in self.inputs(x).chunk(3, dim=-1)
        )
        if turned is not None:
            query, keys = turned.turn(query), turned.turn(keys)
        return query, keys, values

    def forward(self, x: Tensor, mask: Tensor | None, turned: Rotation | None = None) -> Tensor:
        """Return [B, T, H]; `mask` broadcasts to [B, A, T, T]."""
        return self.output(attend(*self.parts(x, turned), mask))  # type: ignore[no-any-return]


class CrossAttention(nn.Module):
    """Attention of the target to the source, whose keys and values are computed once a sentence."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.memory = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def remember(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keys and values of `encoded` ([B, S, H]), each [B, A, S, D]."""
        keys, values = self.memory(encoded).chunk(2, dim=-1)
        return split_heads(keys, self.heads), split_heads(values, self.heads)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Return [B, T, H] for `x` ([B, T, H]); `mask` broadcasts to [B, A, T, S]."""
        query = split_heads(self.query(x), self.heads)
        return self.output(attend(query, keys, values, mask))  # type: ignore[no-any-return]

    def weights(self, x: Tensor, keys: Tensor, mask: Tensor | None) -> Tensor:
        """Return the weights of `x` ([B, T, H]) over the source, averaged over heads: [B, T, S]."""
        query = split_heads(self.query(x), self.heads)
        return attention_weights(query, keys, mask).mean(dim=1)


class FeedForward(nn.Module):
    """Two products with an activation f between them (Vaswani et al. 2017, section 3.3).

    A gated one is W_o (f(W x) * V x) (Shazeer 2020), W and V stacked in `inner`.
    """

    def __init__(self, width: int, inner: int, activation: str = "relu", gated: bool = False):
        super().__init__()
        self.inner = nn.Linear(width, 2 * inner if gated else inner)
        self.outer = nn.Linear(inner, width)
        self.activation = ACTIVATIONS[activation]
        self.gated = gated

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., H] for [..., H]."""
        if not self.gated:
            return self.outer(self.activation(self.inner(x)))  # type: ignore[no-any-return]
        gate, value = self.inner(x).chunk(2, dim=-1)
        return self.outer(self.activation(gate) * value)  # type: ignore[no-any-return]


def padding_mask(lengths: Tensor, longest: int, like: Tensor) -> Tensor | None:
    """Return [B, 1, 1, S], very negative behind each row's length; None where no row is padded."""
    behind = torch.arange(longest, device=lengths.device) >= lengths.unsqueeze(1)
    if not bool(behind.any()):
        return None
    mask = torch.zeros(behind.shape, dtype=like.dtype, device=like.device)
    return mask.masked_fill_(behind, torch.finfo(like.dtype).min / 2)[:, None, None, :]


def causal_mask(length: int, like: Tensor) -> Tensor:
    """Return [T, T], very negative where a position lies in the future."""
    lowest = torch.finfo(like.dtype).min / 2
    return torch.full((length, length), lowest, dtype=like.dtype, device=like.device).triu(1)
