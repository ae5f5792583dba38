"""Where a word stands: sinusoidal (Vaswani et al. 2017, section 3.5) and rotary positions.

They are computed, so that no length is too long.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.config.schema import ModelConfig
from seq2seq.nn.mixed import product_type


def sinusoids(length: int, width: int, *, first: int = 0, like: Tensor) -> Tensor:
    """Return position vectors [length, width] for positions `first`, `first + 1`, ...

    The first half of a vector holds sines, the second half cosines, of wavelengths from 2 pi to
    10000 * 2 pi.
    """
    half = width // 2
    step = math.log(10000.0) / max(half - 1, 1)
    rates = torch.exp(torch.arange(half, device=like.device, dtype=torch.float32) * -step)
    places = torch.arange(first, first + length, device=like.device, dtype=torch.float32)
    angles = places.unsqueeze(1) * rates  # [length, half]
    vectors = torch.cat([angles.sin(), angles.cos()], dim=1)
    if width % 2:
        vectors = torch.cat([vectors, vectors.new_zeros(length, 1)], dim=1)
    return vectors.to(like.dtype)


class Rotation(NamedTuple):
    """Cosines and sines of the angles by which heads are turned, [T, D / 2] each."""

    cosines: Tensor
    sines: Tensor

    def turn(self, heads: Tensor) -> Tensor:
        """Turn each pair of numbers of [..., T, D], one of each half, by its angle."""
        one, other = heads.chunk(2, dim=-1)
        return torch.cat(
            [
                one * self.cosines - other * self.sines,
                one * self.sines + other * self.cosines,
            ],
            dim=-1,
        )


def rotation(length: int, width: int, *, first: int = 0, like: Tensor) -> Rotation:
    """Return the rotations of positions `first`, `first + 1`, ... (Su et al. 2021, RoFormer).

    Queries and keys that are turned so have products that depend on how far they are apart. The
    pairs of a head of `width` turn at rates from 1 to 1 / 10000.
    """
    half = width // 2
    rates = 10000.0 ** (-torch.arange(half, device=like.device, dtype=torch.float32) / half)
    places = torch.arange(first, first + length, device=like.device, dtype=torch.float32)
    angles = places.unsqueeze(1) * rates  # [T, D / 2]
    return Rotation(angles.cos().to(like.dtype), angles.sin().to(like.dtype))


class Positions:
    """How a Transformer tells positions: added to its word vectors, or turning its heads."""

    def __init__(self, config: ModelConfig) -> None:
        self.width = config.hidden
        self.head = config.hidden // config.heads if config.positions == "rotary" else 0

    def added(self, vectors: Tensor, first: int = 0) -> Tensor:
        """Return word vectors ([B, T, H]) scaled up, with sinusoids added where heads do not turn.

        The paper's scale, sqrt(H), lets words be heard beside positions. They come in the type of
        the products, which the blocks above then keep to.
        """
        vectors = vectors * math.sqrt(self.width)
        if not self.head:
            vectors = vectors + sinusoids(vectors.shape[1], self.width, first=first, like=vectors)
        return vectors.to(product_type(vectors))

    def turned(self, like: Tensor, first: int = 0) -> Rotation | None:
        """Return what turns queries and keys of [B, T, H], where positions are told so."""
        if not self.head:
            return None
        return rotation(like.shape[1], self.head, first=first, like=like)
