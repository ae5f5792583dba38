"""Linear layers for translation on a CPU: bfloat16, packed once in the order that oneDNN wants."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seq2seq.nn.mixed import has_fast_bfloat16


class PackedLinear(nn.Module):
    """What a linear layer computes under autocast, without reordering its matrix in each call.

    With few rows, reordering the matrix costs more than the product (docs/log.md). It has no
    gradients.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        narrow = linear.weight.detach().to(torch.bfloat16)
        self.weight = nn.Parameter(narrow, requires_grad=False)  # some attention takes it apart
        self.matrix = torch.ops.mkldnn._reorder_linear_weight(narrow)
        self.bias = None if linear.bias is None else linear.bias.detach().to(torch.bfloat16)

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., O] for [..., I]."""
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            x.to(torch.bfloat16), self.matrix, self.bias, "none", [], ""
        )
        return product


def packs(linear: nn.Module) -> bool:
    """Return whether a module is a linear layer that oneDNN can pack here."""
    return (
        type(linear) is nn.Linear
        and linear.weight.device.type == "cpu"
        and has_fast_bfloat16(linear.weight.device)  # elsewhere oneDNN may refuse bfloat16
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )
