"""In which number type products run: float32, or bfloat16 where the hardware is fast at it.

Weights that are trained are float32 always; `torch.autocast` turns them for each product.
"""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from seq2seq.config.schema import PrecisionName


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether the device multiplies bfloat16 in hardware.

    GPUs since Ampere do, and CPUs with AMX or AVX512-BF16.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        checks = (
            getattr(torch.cpu, name, None)
            for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
        )
        return any(check() for check in checks if check is not None)
    return False


def resolve_precision(wanted: PrecisionName, device: torch.device) -> str:
    """Turn "auto" into "bfloat16" where the hardware has it, else into "float32"."""
    if wanted == "auto":
        return "bfloat16" if has_fast_bfloat16(device) else "float32"
    return wanted


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the forward pass runs."""
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


def product_type(operand: Tensor) -> torch.dtype:
    """Return the type to which autocast would turn an operand of a product."""
    device = operand.device.type
    if torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return operand.dtype


class PackedLinear(nn.Module):
    """A linear layer in bfloat16 whose matrix lies as oneDNN wants it, so that no call reorders it.

    With few rows, reordering the matrix costs more than the product (docs/log.md).
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = nn.Parameter(_narrow(linear.weight), requires_grad=False)  # for who asks
        self.matrix = torch.ops.mkldnn._reorder_linear_weight(self.weight)
        self.bias = None if linear.bias is None else _narrow(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., O] for [..., I]."""
        narrow = x.to(torch.bfloat16)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            narrow, self.matrix, self.bias, "none", [], ""
        )
        return product


def with_narrow_matrices(model: nn.Module) -> nn.Module:
    """Return a copy for use within `autocast`, without gradients, whose matrices are bfloat16.

    What a model computes there is the same, but its matrices are turned once and not for each
    product. What is no matrix of a product (word vectors, biases, norms) is shared.
    """
    result = copy.deepcopy(model, {id(weight): weight for weight in model.parameters()})
    for module in list(result.modules()):
        for name, layer in list(module.named_children()):
            if type(layer) is nn.Linear and _packs(layer.weight):
                setattr(module, name, PackedLinear(layer))
    for module in result.modules():
        if isinstance(module, nn.Embedding):
            continue
        for name, weight in module.named_parameters(recurse=False):
            if weight.dim() > 1:
                setattr(module, name, nn.Parameter(_narrow(weight), requires_grad=False))
    return result


def _narrow(weight: Tensor) -> Tensor:
    return weight.detach().to(torch.bfloat16)


def _packs(weight: Tensor) -> bool:
    """Return whether oneDNN may keep a matrix in an order of its own."""
    return (
        weight.device.type == "cpu"
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )
