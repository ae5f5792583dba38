"""In which number type products run: float32, or bfloat16 where the hardware is fast at it.

Weights that are trained are float32 always; `torch.autocast` turns them for each product.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from seq2seq.config.schema import PrecisionName
from seq2seq.errors import ResourceError
from seq2seq.runtime.processor import has_bfloat16, has_fast_bfloat16


def resolve_precision(
    wanted: PrecisionName, device: torch.device, note: Callable[[str], object] = str
) -> str:
    """Turn "auto" into "bfloat16" where the hardware has it, else into "float32".

    `note` is told where bfloat16 is wanted and would be slow.

    Raises:
        ResourceError: bfloat16 is wanted where some of its products cannot run.
    """
    if wanted == "auto":
        return "bfloat16" if has_fast_bfloat16(device) else "float32"
    if wanted == "bfloat16" and not has_bfloat16(device):
        raise ResourceError(
            f"training.precision=bfloat16: this {device.type} has no bfloat16",
            "use --set training.precision=auto, which is float32 here; a run that was begun in "
            "bfloat16 goes on as a new one, with --from and another --run",
        )
    if wanted == "bfloat16" and not has_fast_bfloat16(device):
        note(f"this {device.type} has no bfloat16 unit: float32 would be faster")
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
