"""Attention of recurrent decoders: a score for each pair of target state and source annotation.

    additive   v^T tanh(W s + U h)     Bahdanau, Cho and Bengio 2015
    dot        s^T h                   Luong, Pham and Manning 2015, section 3.1
    general    s^T W h                 the same
    concat     v^T tanh(W [s; h])      the same

Here s is a query, made of the decoder's state, and h an annotation, made by the encoder. What
depends on h alone is computed once a sentence. A softmax over the source turns scores into weights,
and the context is the weighted mean of the annotations.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.nn.attention import padding_mask
from seq2seq.nn.linear import uniform_linear


class Dot(nn.Module):
    """s^T h, which needs queries and annotations of one width and has no weights."""

    def __init__(self, query: int, width: int, initial: float) -> None:
        super().__init__()
        assert query == width, "the dot product is of two vectors of one width"

    def remember(self, annotations: Tensor) -> Tensor:
        """Return the annotations ([B, S, H]) themselves."""
        return annotations

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return scores ([B, N, S]) of queries ([B, N, H]) and keys ([B, S, H])."""
        return torch.matmul(query, keys.transpose(1, 2))


class General(nn.Module):
    """s^T W h."""

    def __init__(self, query: int, width: int, initial: float) -> None:
        super().__init__()
        self.key = uniform_linear(width, query, initial)

    def remember(self, annotations: Tensor) -> Tensor:
        """Return W h ([B, S, H]) of annotations ([B, S, D])."""
        return self.key(annotations)  # type: ignore[no-any-return]

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return scores ([B, N, S]) of queries ([B, N, H]) and keys ([B, S, H])."""
        return torch.matmul(query, keys.transpose(1, 2))


class Additive(nn.Module):
    """v^T tanh(W s + U h), through a hidden layer as wide as the query."""

    def __init__(self, query: int, width: int, initial: float) -> None:
        super().__init__()
        self.query = uniform_linear(query, query, initial)
        self.key = uniform_linear(width, query, initial)
        self.score = uniform_linear(query, 1, initial)

    def remember(self, annotations: Tensor) -> Tensor:
        """Return U h ([B, S, H]) of annotations ([B, S, D])."""
        return self.key(annotations)  # type: ignore[no-any-return]

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return scores ([B, N, S]) of queries ([B, N, H]) and keys ([B, S, H])."""
        mixed = torch.tanh(self.query(query).unsqueeze(2) + keys.unsqueeze(1))  # [B, N, S, H]
        return self.score(mixed).squeeze(-1)  # type: ignore[no-any-return]


class Concat(nn.Module):
    """v^T tanh(W [s; h]): the additive score, with both matrices in one, [H, H + D].

    The product with the concatenation is the sum of the products with its parts, so nothing is
    concatenated.
    """

    def __init__(self, query: int, width: int, initial: float) -> None:
        super().__init__()
        self.sizes = (query, width)
        self.both = uniform_linear(query + width, query, initial)
        self.score = uniform_linear(query, 1, initial)

    def remember(self, annotations: Tensor) -> Tensor:
        """Return the right part of W times annotations ([B, S, D]): [B, S, H]."""
        return F.linear(annotations, self.both.weight.split(self.sizes, dim=1)[1])

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return scores ([B, N, S]) of queries ([B, N, H]) and keys ([B, S, H])."""
        asked = F.linear(query, self.both.weight.split(self.sizes, dim=1)[0])
        mixed = torch.tanh(asked.unsqueeze(2) + keys.unsqueeze(1))  # [B, N, S, H]
        return self.score(mixed).squeeze(-1)  # type: ignore[no-any-return]


SCORES = {"dot": Dot, "general": General, "concat": Concat, "additive": Additive}


class Annotations(NamedTuple):
    """The source as attention sees it; one row a sentence, never a row a hypothesis."""

    values: Tensor  # [B, S, D]
    keys: Tensor  # [B, S, H]
    mask: Tensor | None  # [B, 1, S], very negative on padding; None where no row is padded

    def select(self, index: Tensor) -> Annotations:
        """Return the sentences at `index` ([N])."""
        return Annotations(
            self.values.index_select(0, index),
            self.keys.index_select(0, index),
            None if self.mask is None else self.mask.index_select(0, index),
        )


class Alignment(nn.Module):
    """A score of `SCORES` with the softmax and the weighted mean above it."""

    def __init__(self, score: str, query: int, width: int, initial: float) -> None:
        super().__init__()
        self.score = SCORES[score](query, width, initial)

    def remember(self, annotations: Tensor, lengths: Tensor | None) -> Annotations:
        """Return what is computed once of annotations ([B, S, D]).

        `lengths` ([B]) may be None where no row is padded.
        """
        mask = None
        if lengths is not None:
            mask = padding_mask(lengths, annotations.shape[1], annotations)
        keys: Tensor = self.score.remember(annotations)  # type: ignore[operator]
        return Annotations(annotations, keys, None if mask is None else mask.squeeze(1))

    def forward(self, query: Tensor, source: Annotations) -> tuple[Tensor, Tensor]:
        """Return contexts ([B, N, D]) and weights ([B, N, S]) for queries ([B, N, H])."""
        scores = self.score(query, source.keys)
        if source.mask is not None:
            scores = scores + source.mask
        weights = torch.softmax(scores, dim=-1)
        return torch.matmul(weights, source.values), weights

    def ask(self, query: Tensor, source: Annotations) -> tuple[Tensor, Tensor]:
        """Return contexts ([B * K, D]) and weights ([B * K, S]) for one query a hypothesis.

        The K queries of a sentence ([B * K, H]) share its row of annotations.
        """
        queries: Tensor = query.unflatten(0, (source.values.shape[0], -1))
        context, weights = self(queries, source)
        return context.flatten(0, 1), weights.flatten(0, 1)
