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
