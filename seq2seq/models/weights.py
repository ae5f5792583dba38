"""Tensors on disk as safetensors.

Nothing in the file can run, and nothing is allocated before it was checked. The one metadata entry
is the SHA-256 of the tensors' bytes, since the format itself notices no flipped bit; more entries
would make the file's bytes differ from process to process.
"""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from seq2seq.errors import ModelError

LARGEST_HEADER = 10 << 20  # bytes
WAY_OUT = "take the file from a backup, or train again"
DTYPES = {"F32": torch.float32, "F64": torch.float64, "BF16": torch.bfloat16, "I64": torch.int64}


def pack(tensors: dict[str, Tensor]) -> bytes:
    """Return the bytes of a safetensors file; equal tensors give equal bytes."""
    plain = {name: value.detach().cpu().contiguous() for name, value in sorted(tensors.items())}
    digest = _digest(plain)
    return safetensors.torch.save(plain, metadata={"sha256": digest})


def unpack(path: Path, expected: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
    """Read a file written by `pack`, and check it.

    `expected` holds tensors (of the "meta" device, say) whose names, shapes and types the file must
    have.

    Raises:
        ModelError: the file is missing or damaged, does not fit, or holds numbers that are not
            finite.
    """
    header = _header(path)
    if expected is not None:
        _check_fit(path, header, expected)
    try:
        tensors = safetensors.torch.load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged: {error}", WAY_OUT) from error
    said = header.get("__metadata__", {}).get("sha256")
    if said != _digest(dict(sorted(tensors.items()))):
        raise ModelError(f"{path} is damaged: its SHA-256 does not match", WAY_OUT)
    for name, value in tensors.items():
        if not bool(torch.isfinite(value).all()):
            raise ModelError(f"{path}: {name} holds numbers that are not finite", WAY_OUT)
    return tensors


def _digest(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, value in tensors.items():
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _header(path: Path) -> dict[str, Any]:
    """Return the JSON header, read without touching the tensors."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ModelError(f"{path} is no regular file", "put the file itself there")
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):  # a link may lead anywhere, a pipe may never answer
            raise ModelError(f"{path} is not a plain file", WAY_OUT)
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if facts.st_size < 8 or length > min(LARGEST_HEADER, facts.st_size - 8):
                raise ModelError(f"{path} is damaged: its header has no sensible length", WAY_OUT)
            header = json.loads(file.read(length))
    except FileNotFoundError as error:
        raise ModelError(
            f"{path} is missing", "give the directory of a finished training run"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: {error}", WAY_OUT) from error
    if not isinstance(header, dict) or not all(
        isinstance(value, dict) for value in header.values()
    ):
        raise ModelError(f"{path} is damaged: its header is no table of tensors", WAY_OUT)
    return header


def _check_fit(path: Path, header: dict[str, Any], expected: dict[str, Tensor]) -> None:
    found = {name: entry for name, entry in header.items() if name != "__metadata__"}
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or extra:
        what = f"lacks {missing[0]}" if missing else f"has {extra[0][:80]!r} too many"
        raise ModelError(f"{path} does not fit its recipe: it {what}", WAY_OUT)
    for name, tensor in expected.items():
        shape, dtype = found[name].get("shape"), found[name].get("dtype")
        if shape != list(tensor.shape) or DTYPES.get(str(dtype)) != tensor.dtype:
            raise ModelError(
                f"{path} does not fit its recipe: {name} is {dtype} {shape}, "
                f"not {tensor.dtype} {list(tensor.shape)}",
                WAY_OUT,
            )
