"""In which number type products run: float32, or bfloat16 where the hardware is fast at it.

Weights that are trained are float32 always; `torch.autocast` turns them for each product.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

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
