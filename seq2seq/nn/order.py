"""Reversing the source: the trick of Sutskever et al. 2014, section 3.3."""

from __future__ import annotations

import torch
from torch import Tensor


def reverse_source(source: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each row's words and leave its EOS and its padding where they are.

    `source` is [B, S] with `lengths` ([B]) that count the EOS: a b c EOS PAD becomes c b a EOS PAD.
    """
    positions = torch.arange(source.shape[1], device=source.device).expand_as(source)
    mirrored = lengths.unsqueeze(1) - 2 - positions
    return source.gather(1, torch.where(mirrored >= 0, mirrored, positions))


def reading_order(weights: Tensor, lengths: Tensor) -> Tensor:
    """Turn attention over a source that `reverse_source` reversed back into its reading order.

    `weights` is [B, T, S]; reversing twice changes nothing, so the same places are exchanged.
    """
    positions = torch.arange(weights.shape[2], device=weights.device)
    places = reverse_source(positions.expand(weights.shape[0], -1), lengths)  # [B, S]
    return weights.gather(2, places.unsqueeze(1).expand_as(weights))
