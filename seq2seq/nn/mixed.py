"""In which number type products run: that of `torch.autocast`, where it is on."""

from __future__ import annotations

import torch
from torch import Tensor


def product_type(operand: Tensor) -> torch.dtype:
    """Return the type to which autocast would turn an operand of a product."""
    device = operand.device.type
    if torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return operand.dtype
