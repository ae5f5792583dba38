"""What a device multiplies in bfloat16: at all, and faster than in float32.

A processor's abilities can be masked, so that one machine stands for plainer ones: PyTorch's own
code by ATEN_CPU_CAPABILITY (default, avx2, avx512), and oneDNN's by ONEDNN_MAX_CPU_ISA or, where
that is not set, DNNL_MAX_CPU_ISA. What either of them takes away is not there.
"""

from __future__ import annotations

import os
import platform

import torch

X86 = ("x86_64", "amd64")
PLAIN = ("DEFAULT", "NO AVX", "AVX2")  # PyTorch's capabilities below AVX512
MASKS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")  # oneDNN heeds the first that is set
BELOW_AVX512 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2"}
EMULATING = {"AVX512_CORE", "AVX512_CORE_VNNI"}  # bfloat16 is turned into float32 and back


def has_bfloat16(device: torch.device) -> bool:
    """Return whether every product and every recurrent kernel runs in bfloat16, however slowly.

    On a processor without AVX512, oneDNN has no bfloat16 LSTM and refuses packed matrices.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device.type != "cpu":
        return False
    if _is_x86() and (_capability() in PLAIN or _mask() in BELOW_AVX512):
        return False
    return not torch.backends.mkldnn.is_available() or bool(
        torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether the device multiplies bfloat16 in hardware.

    GPUs since Ampere do, and CPUs with AMX or AVX512-BF16.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if not has_bfloat16(device) or _mask() in EMULATING:
        return False
    checks = (
        getattr(torch.cpu, name, None)
        for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    )
    return any(check() for check in checks if check is not None)


def _is_x86() -> bool:
    return platform.machine().lower() in X86


def _capability() -> str:
    """Return the instructions that PyTorch's own code uses, in its words; a mask is heeded."""
    return torch.backends.cpu.get_cpu_capability()


def _mask() -> str:
    """Return the most that oneDNN may use, in its words, or nothing where nothing is masked."""
    return next((os.environ[name].upper() for name in MASKS if os.environ.get(name)), "")
