"""A trained run through the command line: every line in gives one line out, or one error."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq import Translator
from seq2seq.documents import signed

Start = Callable[..., "subprocess.Popen[bytes]"]
DEMANDING = b"one two\n\n  \nthree\xe2\x80\xa8four\n\xff\xfe\nlast"


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


def test_pipe_file_gzip_and_translator_agree(
    tiny_run: Path, start: Start, cli: Any, tmp_path: Path
) -> None:
    (tmp_path / "in").write_bytes(DEMANDING)
    (tmp_path / "in.gz").write_bytes(gzip.compress(DEMANDING))
    from_file = cli("translate", tiny_run, "--input", tmp_path / "in", "--quiet")
    from_gzip = cli("translate", tiny_run, "--input", tmp_path / "in.gz", "--quiet")
    assert from_file.code == from_gzip.code == 0 and from_file.err == ""
    assert from_gzip.out == from_file.out
    environment = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    with start("translate", tiny_run, "--quiet", **environment) as process:
        out, err = process.communicate(DEMANDING)
    assert (process.returncode, err) == (0, b"")
    assert out == from_file.out.encode()
    lines = out.decode().splitlines()
    assert len(lines) == out.count(b"\n") == 6 and lines[1] == lines[2] == ""
    texts = [line.decode(errors="replace") for line in DEMANDING.split(b"\n")]
    assert Translator.load(tiny_run, device="cpu").translate(texts) == lines


def test_it_has_learned_something(corpus: Path, tiny_recipe: Any, tmp_path: Path) -> None:
    """Words are translated, far better than by chance: the whole chain does hang together."""
    from seq2seq.metrics.corpus import score
    from seq2seq.training.run import train

    recipe = tiny_recipe(
        training__max_steps=250, training__validate_every=250, training__save_every=250,
        model={"architecture": "transformer", "layers": 1, "hidden": 32, "heads": 4,
               "feed_forward": 64, "dropout": 0.0, "tie": "all"},
    )  # fmt: skip
    list(train(recipe, tmp_path / "run", device="cpu"))
    sources, references = (
        (corpus / f"test.{language}").read_text().splitlines() for language in ("en", "de")
    )
    translations = Translator.load(tmp_path / "run", device="cpu").translate(sources)
    assert score(translations, [references], metrics=("chrF",))["chrF"].value > 50


@pytest.mark.parametrize(
    "text",
    ["<s> one </s>", "</s>", "<pad><unk>", "\u2581one", "one\0two", "a\x1b[31mb", "\ud7ff\ufffe"],
)
def test_control_symbols_are_text(tiny_run: Path, text: str) -> None:
    translator = Translator.load(tiny_run, device="cpu")
    (alone,) = translator.translate([text])
    assert len(alone.splitlines()) <= 1
    assert all(mark >= 4 or mark == 1 for mark in translator.source.encode([text])[0])


@pytest.mark.parametrize("name", ["model.safetensors", "source.model", "recipe.json"])
@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "gone"])
def test_a_damaged_model_translates_nothing(cli: Any, run: Path, name: str, harm: str) -> None:
    path = run / name
    data = bytearray(path.read_bytes())
    path.unlink()
    if harm != "gone":
        # A flipped bit of recipe.json may be a word of its command: spoil its grammar instead.
        data[0 if name == "recipe.json" else len(data) // 2] ^= 8
        kept = {"flip": len(data), "cut": len(data) - 9, "empty": 0}[harm]
        path.write_bytes(data[:kept])
    (run / "in").write_text("one two\n")
    done = cli("translate", run, "--input", run / "in")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("error: ") and done.err.count("\n") == 1
    assert "bug" not in done.err


def test_translating_writes_nothing(cli: Any, run: Path) -> None:
    before = sorted(path.name for path in run.rglob("*"))
    (run.parent / "in").write_text("one two\n")
    assert cli("translate", run, "--input", run.parent / "in").code == 0
    assert sorted(path.name for path in run.rglob("*")) == before


def test_a_message_cannot_move_the_cursor(cli: Any, run: Path) -> None:
    document = json.loads((run / "recipe.json").read_bytes())
    document["recipe"]["model"]["\x1b[2Jsurprise"] = 1
    (run / "recipe.json").write_text(json.dumps(signed(document)))
    done = cli("translate", run, "--input", run / "log.jsonl")
    assert done.code == 4 and "\x1b" not in done.err and "\\x1b[2Jsurprise" in done.err
