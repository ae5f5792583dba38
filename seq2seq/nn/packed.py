"""Linear layers for translation on a CPU, packed once in the order that oneDNN wants.

Products in bytes go twice as fast as in bfloat16, but rounding what they read takes time too: they
pay where a layer returns many more numbers than it reads, as the projection to words does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seq2seq.runtime.processor import has_fast_bfloat16

LARGEST, ZERO = 127, 128  # of a signed byte; which unsigned byte stands for 0
TINY = 1e-30  # not to divide by 0
WIDER = 8  # so many times as wide as what it reads is a layer that multiplies in bytes


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


class ByteLinear(nn.Module):
    """About what `PackedLinear` computes, from bytes.

    The largest weight of each output and the largest of all inputs become 127, the others whole
    numbers in proportion. That moves the results by about a hundredth of their deviation.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        self.steps = weight.abs().amax(dim=1).clamp(min=TINY) / LARGEST
        self.zeros = torch.zeros(len(weight), dtype=torch.int32)
        rounded = (weight / self.steps.unsqueeze(1)).round().to(torch.int8)
        self.matrix = torch.ops.onednn.qlinear_prepack(rounded, None)
        self.bias = None if linear.bias is None else linear.bias.detach().float()

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., O] in bfloat16 for [..., I]."""
        step = float(x.abs().amax()) / LARGEST + TINY
        # unsigned: for signed ones oneDNN falls back on code that is slower than float32
        rounded = x.float().div(step).add_(ZERO).round_().to(torch.uint8)
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            rounded,
            step,
            ZERO,
            self.matrix,
            self.steps,
            self.zeros,
            self.bias,
            1.0,
            0,
            torch.bfloat16,
            "none",
            [],
            "",
        )
        return product


def packed(layer: nn.Module) -> nn.Module:
    """Return a module that computes the same faster where it is a linear layer and can be packed.

    Anything else is returned as it is.
    """
    if type(layer) is not nn.Linear or not _can_pack(layer.weight.device):
        return layer
    if layer.out_features >= WIDER * layer.in_features and _has_byte_products():
        return ByteLinear(layer)
    return PackedLinear(layer)


def _can_pack(device: torch.device) -> bool:
    return (
        device.type == "cpu"
        and has_fast_bfloat16(device)  # elsewhere oneDNN may refuse bfloat16
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def _has_byte_products() -> bool:
    return hasattr(torch.ops.onednn, "qlinear_pointwise") and hasattr(
        torch.ops.onednn, "qlinear_prepack"
    )
