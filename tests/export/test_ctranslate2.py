"""`seq2seq export --to ctranslate2`: the other engine scores and translates as the original."""

from __future__ import annotations

import ast
import builtins
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import pytest
import sentencepiece
import torch

from seq2seq import Translator
from seq2seq.documents import signed
from seq2seq.export import ctranslate2 as exporting


def exported_translations(folder: Path, texts: list[str]) -> list[str]:
    """Translate as the README in the folder says."""
    translator = ctranslate2.Translator(str(folder), compute_type="float32", intra_threads=1)
    source, target = (
        sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.model"))
        for side in ("source", "target")
    )
    best = translator.translate_batch(source.encode(texts, out_type=str), beam_size=1)
    return [target.decode(one.hypotheses[0]) for one in best]


def test_it_translates_as_the_original(
    cli: Any, tiny_run: Path, corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out" / "ct2"
    done = cli("export", tiny_run, "--to", "ctranslate2", folder)
    assert (done.code, done.out) == (0, "")
    assert "50 pairs score as in" in done.err
    texts = (corpus / "test.en").read_text().splitlines()
    original = Translator.load(tiny_run, device="cpu", decoding={"beam": 1}).translate(texts)
    for one, other in zip(exported_translations(folder, texts), original, strict=True):
        # So small a model goes on for ever, and the two engines stop it at different lengths.
        assert one.startswith(other)


@pytest.mark.parametrize(
    "changes",
    [
        {"norm": "post"},
        {"tie": "none"},
        {"tie": "output", "layers": 2},
        {"layers": 2, "decoder_layers": 1, "activation": "silu"},
        {"activation": "gelu"},
    ],
)
def test_every_shape_scores_the_same(
    cli: Any, tiny_recipe: Callable[..., Any], tmp_path: Path, changes: dict[str, Any]
) -> None:
    from seq2seq.training.run import train

    recipe = tiny_recipe(**{f"model__{name}": value for name, value in changes.items()})
    for _ in train(recipe, tmp_path / "run", device="cpu"):
        pass
    done = cli("export", tmp_path / "run", "--to", "ctranslate2", tmp_path / "ct2", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_the_process_keeps_its_threads(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            call = ("export", tiny_run, "--to", "ctranslate2", tmp_path / str(count))
            assert cli(*call).code == 0
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(before)


def test_quantised_weights_are_smaller(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    sizes = []
    for name in ("float32", "int8"):
        call = ("export", tiny_run, "--to", "ctranslate2", tmp_path / name)
        assert cli(*call, "--quantization", name).code == 0
        sizes.append((tmp_path / name / "model.bin").stat().st_size)
    positions = 1026 * 16 * 4  # bytes, which stay in float32
    assert sizes[1] - positions < 0.75 * (sizes[0] - positions)


def test_a_model_that_differs_is_not_handed_out(
    cli: Any, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = exporting._array

    def wrong(tensor: Any) -> Any:
        return real(tensor) * 1.01

    monkeypatch.setattr(exporting, "_array", wrong)
    done = cli("export", tiny_run, "--to", "ctranslate2", tmp_path / "ct2")
    assert done.code == 4
    assert "differs from" in done.err
    assert list(tmp_path.iterdir()) == []


def changed(run: Path, copy: Path, section: str, **fields: Any) -> Path:
    shutil.copytree(run, copy)
    document = json.loads((copy / "recipe.json").read_text())
    document["recipe"][section].update(fields)
    (copy / "recipe.json").write_text(json.dumps(signed(document)))
    return copy


def test_what_cannot_be_exported(
    cli: Any, tiny_run: Path, tiny_recipe: Callable[..., Any], tmp_path: Path
) -> None:
    from seq2seq.training.run import train

    for _ in train(tiny_recipe("luong"), tmp_path / "luong", device="cpu"):
        pass
    rotary = changed(tiny_run, tmp_path / "rotary", "model", positions="rotary")
    backwards = changed(tiny_run, tmp_path / "backwards", "text", source_order="reverse")
    full = tmp_path / "full"
    full.mkdir()
    (full / "precious").write_text("")
    for run, folder, code, told in (
        (tmp_path / "luong", tmp_path / "a", 4, "CTranslate2 runs Transformers alone"),
        (rotary, tmp_path / "d", 4, "model.positions is 'rotary'"),
        (backwards, tmp_path / "b", 4, "reverses its source"),
        (tiny_run, full, 2, "is not empty"),
        (tiny_run, full / "precious", 2, "is not empty"),
        (tmp_path / "nothing", tmp_path / "c", 4, "is no run directory"),
    ):
        done = cli("export", run, "--to", "ctranslate2", folder)
        assert (done.code, done.err.count("\n")) == (code, 1), done.err
        assert told in done.err
    assert [path.name for path in full.iterdir()] == ["precious"]


def test_without_the_engine(
    cli: Any, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "ctranslate2":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    done = cli("export", tiny_run, "--to", "ctranslate2", tmp_path / "ct2")
    assert done.code == 5
    assert "pip install ctranslate2" in done.err


def used_as_the_readme_says(folder: Path, texts: list[str]) -> list[str]:
    """Run the README's own code beside the folder, with other texts in place of its example."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    assert '["a sentence"]' in code
    code = code.replace('["a sentence"]', f"json.loads({json.dumps(json.dumps(texts))})")
    done = subprocess.run(
        [sys.executable, "-c", "import json\n" + code],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: list[str] = ast.literal_eval(done.stdout.decode())
    return found


def test_the_readmes_code_splits_and_bounds_as_we_do(
    cli: Any, tiny_run: Path, corpus: Path, tmp_path: Path
) -> None:
    """A line of 3,000 words once failed the whole batch; the tiny model never ends by itself."""
    folder = tmp_path / "it's {here}"
    run = changed(tiny_run, tmp_path / "run", "decoding", beam=1, max_input=60)
    assert cli("export", run, "--to", "ctranslate2", folder).code == 0
    texts = [
        *(corpus / "test.en").read_text().splitlines()[:6],
        "",
        "one two three " * 1000,
        "One two three four five six seven. " * 20 + "eight nine",
        "\u4e00\u4e8c\u3002" * 400,
        "a\u2028b \ud800",
        "\u200c\u200d\u2060",
        "\u2028\u2029",
        "one\u0301 \u2581 two \x00 \U0001f468\u200d\U0001f469 three",
        "\u0e2b\u0e19\u0e36\u0e48\u0e07 \u0e2a\u0e2d\u0e07 " * 40,
        "one two three four five six seven\u061f " * 40,
    ]
    ours = Translator.load(run, device="cpu").translate(texts, lambda *note: None)
    theirs = used_as_the_readme_says(folder, texts)
    assert len(theirs) == len(texts) and theirs[6] == ""
    assert not any(len(text.splitlines()) > 1 for text in theirs)
    assert theirs == ours


def test_positions_for_whatever_the_engine_takes(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ct2"
    assert cli("export", tiny_run, "--to", "ctranslate2", folder).code == 0
    assert len(exported_translations(folder, ["one two three " * 1000, "one"])) == 2
