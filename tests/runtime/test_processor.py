"""What is asked of a processor: masks are heeded, and bfloat16 is refused where there is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq.documents import signed
from seq2seq.runtime import processor
from seq2seq.runtime.processor import MASKS, has_bfloat16, has_fast_bfloat16

CPU = torch.device("cpu")


@pytest.fixture
def richest(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A processor with all that is asked for, and nothing masked."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(processor, "_capability", lambda: "AVX512")
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    for name in MASKS:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("mask", "any_at_all", "fast"),
    [
        ("", True, True),
        ("AVX512_CORE_AMX", True, True),
        ("AVX512_CORE_BF16", True, True),
        ("avx512_core_amx_fp16", True, True),
        ("ALL", True, True),
        ("DEFAULT", True, True),
        ("AVX512_CORE", True, False),
        ("avx512_core_vnni", True, False),
        ("AVX2_VNNI_2", False, False),
        ("AVX2", False, False),
        ("avx2", False, False),
        ("SSE41", False, False),
    ],
)
def test_masks_of_onednn(
    richest: pytest.MonkeyPatch, mask: str, any_at_all: bool, fast: bool
) -> None:
    richest.setenv("ONEDNN_MAX_CPU_ISA", mask)
    assert (has_bfloat16(CPU), has_fast_bfloat16(CPU)) == (any_at_all, fast)
    richest.setenv("ONEDNN_MAX_CPU_ISA", "")
    richest.setenv("DNNL_MAX_CPU_ISA", mask)
    assert (has_bfloat16(CPU), has_fast_bfloat16(CPU)) == (any_at_all, fast)
    richest.setenv("ONEDNN_MAX_CPU_ISA", "ALL")  # which goes before the older name
    assert has_fast_bfloat16(CPU)


@pytest.mark.parametrize("capability", ["AVX512", "AVX2", "DEFAULT"])
def test_masks_of_pytorch(richest: pytest.MonkeyPatch, capability: str) -> None:
    richest.setattr(processor, "_capability", lambda: capability)
    assert has_bfloat16(CPU) == has_fast_bfloat16(CPU) == (capability == "AVX512")
    richest.setattr("platform.machine", lambda: "aarch64")  # where every processor is DEFAULT
    assert has_bfloat16(CPU)


@pytest.mark.parametrize("there", [True, False])
def test_what_the_hardware_lacks_no_mask_gives(richest: pytest.MonkeyPatch, there: bool) -> None:
    richest.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    richest.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    richest.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: there)
    richest.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_AMX")
    assert (has_bfloat16(CPU), has_fast_bfloat16(CPU)) == (there, False)
    assert not has_bfloat16(torch.device("meta"))


def test_bfloat16_is_refused_where_there_is_none(
    cli: Any, corpus: Path, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a new run, by one that goes on, and by --dry-run; `translate` takes float32 by itself."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    narrow = ("--set", "training.precision=bfloat16")
    begun = tmp_path / "begun"
    shutil.copytree(tiny_run, begun)
    recipe = begun / "recipe.json"
    document = json.loads(recipe.read_text().replace('"float32"', '"bfloat16"'))
    recipe.write_text(json.dumps(signed(document)))
    text = tmp_path / "text"
    text.write_text("one two\n")
    new = ("--data", corpus, "--pair", "en-de", *narrow)
    for arguments in (
        (*new, "--run", tmp_path / "new"), (*new, "--dry-run"), ("--run", begun, "--resume"),
    ):  # fmt: skip
        done = cli("train", *arguments)
        assert done.code == 5
        last = done.err.splitlines()[-1]
        assert last.startswith("error: training.precision=bfloat16: this cpu has no bfloat16; ")
        assert "--set training.precision=auto" in last
    assert not (tmp_path / "new" / "recipe.json").exists()
    here, there = (cli("translate", run, "--input", text) for run in (tiny_run, begun))
    assert here.code == there.code == 0 and here.out == there.out
