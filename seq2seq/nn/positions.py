"""Sinusoidal positions (Vaswani et al. 2017, section 3.5).

They are computed, so that no length is too long.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


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
