"""Weights on disk: byte-stable, checked before they are allocated, and never loaded damaged."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from seq2seq.errors import ModelError
from seq2seq.models.weights import LARGEST_HEADER, pack, unpack

TENSORS = {
    "b.weight": torch.arange(12, dtype=torch.float32).view(3, 4) / 7,
    "a": torch.tensor(3.5),
    "c": torch.zeros(0, 3),
    "d": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "model.safetensors"
    place.write_bytes(pack(TENSORS))
    return place


def refused(path: Path, expected: dict[str, Tensor] | None = TENSORS) -> str:
    with pytest.raises(ModelError) as caught:
        unpack(path, expected)
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text
    return text


def raw(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def test_round_trip(path: Path) -> None:
    loaded = unpack(path, TENSORS)
    assert set(loaded) == set(TENSORS)
    for name, value in TENSORS.items():
        assert torch.equal(loaded[name], value) and loaded[name].dtype == value.dtype
    assert set(unpack(path)) == set(TENSORS)


def test_equal_tensors_are_equal_bytes() -> None:
    turned = dict(reversed(list(TENSORS.items())))
    strided = {**turned, "b.weight": TENSORS["b.weight"].t().contiguous().t()}
    assert pack(strided) == pack(TENSORS)
    assert pack({**TENSORS, "a": torch.tensor(3.25)}) != pack(TENSORS)


def test_metadata_is_one_entry(path: Path) -> None:
    (length,) = struct.unpack("<Q", path.read_bytes()[:8])
    header = json.loads(path.read_bytes()[8 : 8 + length])
    assert list(header["__metadata__"]) == ["sha256"]


def test_every_flipped_bit_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        refused(path)


def test_every_truncation_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    for length in (0, 7, 8, 9, 50, len(whole) - 20, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(path)
    path.write_bytes(whole + b"x")
    refused(path)


ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 101 << 20) + b"{}",
        struct.pack("<Q", 3) + b"{}",
        raw(b"no JSON"),
        raw(b"\xff\xfe"),
        raw(b"[" * 100_000),
        raw([]),
        raw({"a": 3}),
        raw({}),
        raw({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, b"1234"),
        raw({"a": {"dtype": "F32", "shape": [0, 2**62], "data_offsets": [0, 0]}}),
        raw({"a": ONE, "b": ONE}, b"1234"),
        raw({"a": ONE}, b"123"),
        raw({"a": ONE}, b"12345"),
        raw({"a": {**ONE, "dtype": "F99"}}, b"1234"),
        raw({"a": {**ONE, "data_offsets": [4, 0]}}, b"1234"),
        raw({"a": {**ONE, "data_offsets": [-4, 0]}}, b"1234"),
        raw({"a": {"shape": None}}, b"1234"),
        raw({"../../etc/x": ONE}, b"1234"),
        raw({"a": ONE, "__metadata__": {"sha256": "0" * 64}}, b"1234"),
        raw({"a": ONE, "__metadata__": {"sha256": 3}}, b"1234"),
    ],
)
@pytest.mark.parametrize("expected", [None, {"a": torch.zeros(1)}])
def test_header_attacks(path: Path, data: bytes, expected: dict[str, Tensor] | None) -> None:
    path.write_bytes(data)
    refused(path, expected)


def test_a_header_has_a_limit(path: Path) -> None:
    path.write_bytes(raw(b'{"a": 1}' + b" " * LARGEST_HEADER, b"x" * 100))
    assert "no sensible length" in refused(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite(path: Path, value: float) -> None:
    bad = TENSORS["b.weight"].clone()
    bad[1, 2] = value
    path.write_bytes(pack({**TENSORS, "b.weight": bad}))
    assert "b.weight holds numbers that are not finite" in refused(path)


@pytest.mark.parametrize("value", [3e38, -1e20])
def test_weights_whose_products_are_not_finite(path: Path, value: float) -> None:
    bad = TENSORS["b.weight"].clone()
    bad[1, 2] = value
    path.write_bytes(pack({**TENSORS, "b.weight": bad}))
    assert "b.weight holds numbers above 1e+18" in refused(path)


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {("z" if name == "a" else name): value for name, value in tensors.items()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (renamed, "it lacks a"),
        (lambda t: {n: v for n, v in t.items() if n != "c"}, "it lacks c"),
        (lambda t: {**t, "e" * 300: torch.zeros(1)}, "it has 'eeee"),
        (lambda t: {**t, "b.weight": t["b.weight"].t()}, "b.weight is F32 [4, 3], not"),
        (lambda t: {**t, "b.weight": t["b.weight"].double()}, "b.weight is F64 [3, 4], not"),
        (lambda t: {**t, "a": torch.tensor([3.5])}, "a is F32 [1], not"),
        (lambda t: {**t, "c": torch.zeros(0, 2**40)}, "c is F32"),
    ],
)
def test_what_does_not_fit(
    path: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]], said: str
) -> None:
    path.write_bytes(pack(change(TENSORS)))
    told = refused(path)
    assert "does not fit its recipe" in told and said in told and len(told) < 400


def test_fitting_allocates_nothing(path: Path) -> None:
    huge = {name: torch.empty(1 << 40, device="meta") for name in TENSORS}
    assert "does not fit" in refused(path, huge)


def test_files_of_others(path: Path) -> None:
    """A safetensors file without our sum is not taken, however well formed."""
    path.write_bytes(safetensors.torch.save(TENSORS))
    assert "SHA-256" in refused(path)


def test_what_is_no_file(path: Path, tmp_path: Path) -> None:
    assert "is missing" in refused(tmp_path / "none")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder")
    (tmp_path / "link").symlink_to(path)
    refused(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe")


def test_pickle_is_never_read(path: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "boom"),))

    torch.save({"model": Bomb()}, path)
    refused(path)
    assert not (tmp_path / "boom").exists()
