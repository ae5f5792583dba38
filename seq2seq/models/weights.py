"""Tensors on disk as safetensors.

Nothing in the file can run, and nothing is allocated before it was checked. The one metadata entry
is the SHA-256 of the tensors' bytes, since the format itself notices no flipped bit; more entries
would make the file's bytes differ from process to process.
"""

from __future__ import annotations

import hashlib
import math
import os
from io import BufferedReader
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from seq2seq.documents import parse_table
from seq2seq.errors import ModelError
from seq2seq.files import open_plain

LARGEST_HEADER = 10 << 20  # bytes
LARGEST_RANK = 8  # dimensions; ours have up to 3
LARGEST_EMPTY = 1 << 32  # strides of a tensor without elements overflow beyond that
LARGEST_NUMBER = 1e18  # products of two have a float32
WAY_OUT = "take the file from a backup, or train again"
DTYPES = {"F32": torch.float32, "F64": torch.float64, "BF16": torch.bfloat16, "I64": torch.int64}
Entry = tuple[torch.dtype, list[int], int]  # type, shape, where its bytes begin


def pack(tensors: dict[str, Tensor]) -> bytes:
    """Return the bytes of a safetensors file; equal tensors give equal bytes."""
    plain = {name: value.detach().cpu().contiguous() for name, value in sorted(tensors.items())}
    digest = _digest(plain)
    return safetensors.torch.save(plain, metadata={"sha256": digest})


def unpack(path: Path, expected: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
    """Read a file written by `pack`, and check it.

    The file is opened once and read into memory, so that a trainer may replace it, or another
    program shorten it, at any moment. `expected` holds tensors (of the "meta" device, say) whose
    names, shapes and types the file must have; the tensors are views of one block of memory.

    Raises:
        ModelError: the file is missing or damaged, does not fit, or holds numbers that are not
            finite, or so large that products of two of them would not be.
    """
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        header, start = _header(path, file, size)
        if expected is not None:
            _check_fit(path, header, expected)
        entries = _entries(path, header, size - start)
        block = bytearray(size - start)
        if file.readinto(block) != len(block) or file.read(1):
            raise ModelError(f"{path} is damaged: it changed while it was read", WAY_OUT)
    tensors = {name: _tensor(block, *entry) for name, entry in entries.items()}
    metadata = header.get("__metadata__", {})
    if metadata.get("sha256") != _digest(dict(sorted(tensors.items()))):
        raise ModelError(f"{path} is damaged: its SHA-256 does not match", WAY_OUT)
    for name, value in tensors.items():
        largest = max(map(abs, map(float, torch.aminmax(value)))) if value.numel() else 0.0
        if not math.isfinite(largest):
            raise ModelError(f"{path}: {name} holds numbers that are not finite", WAY_OUT)
        if largest > LARGEST_NUMBER and value.is_floating_point():
            raise ModelError(f"{path}: {name} holds numbers above {LARGEST_NUMBER:g}", WAY_OUT)
    return tensors


def _digest(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, value in tensors.items():
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _header(path: Path, file: BufferedReader, size: int) -> tuple[dict[str, Any], int]:
    """Return the JSON header, read without touching the tensors, and where the tensors begin."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(LARGEST_HEADER, size - 8):
        raise ModelError(f"{path} is damaged: its header has no sensible length", WAY_OUT)
    try:
        header = parse_table(file.read(length))
    except ValueError as error:
        raise ModelError(f"{path} is damaged: its header: {error}", WAY_OUT) from None
    if not all(isinstance(value, dict) for value in header.values()):
        raise ModelError(f"{path} is damaged: its header is no table of tensors", WAY_OUT)
    return header, 8 + length


def _entries(path: Path, header: dict[str, Any], size: int) -> dict[str, Entry]:
    """Return type, shape and begin of each tensor; together they cover `size` bytes, once each."""
    entries: dict[str, Entry] = {}
    spans: list[tuple[int, int]] = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype, shape, span = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
        known = isinstance(dtype, str) and dtype in DTYPES  # a list cannot be looked up
        if not known or not _are_sizes(shape) or not _are_sizes(span, 2):
            raise ModelError(f"{path} is damaged: {name[:80]!r} is no tensor", WAY_OUT)
        item = DTYPES[dtype].itemsize
        if span[1] - span[0] != math.prod(shape) * item or span[0] % item:
            raise ModelError(f"{path} is damaged: {name[:80]!r} has another size", WAY_OUT)
        if 0 in shape and max(shape) > LARGEST_EMPTY:
            raise ModelError(f"{path} is damaged: {name[:80]!r} has no sensible shape", WAY_OUT)
        entries[name] = (DTYPES[dtype], shape, span[0])
        spans.append((span[0], span[1]))
    end = 0
    for begin, after in sorted(spans):
        if begin != end:
            raise ModelError(f"{path} is damaged: its tensors overlap or leave gaps", WAY_OUT)
        end = after
    if end != size:
        raise ModelError(f"{path} is damaged: {size} bytes of tensors, not {end}", WAY_OUT)
    return entries


def _are_sizes(value: object, count: int | None = None) -> bool:
    return (
        isinstance(value, list)
        and (len(value) == count if count else len(value) <= LARGEST_RANK)
        and all(type(size) is int and size >= 0 for size in value)
    )


def _tensor(block: bytearray, dtype: torch.dtype, shape: list[int], begin: int) -> Tensor:
    count = math.prod(shape)
    if not count:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(block, dtype=dtype, count=count, offset=begin).view(shape)


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
                f"{path} does not fit its recipe: {name} is {f'{dtype} {shape}'[:80]}, "
                f"not {tensor.dtype} {list(tensor.shape)}",
                WAY_OUT,
            )
