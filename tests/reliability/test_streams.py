"""Standard streams: closed, full, in another encoding; and names that would steer a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seq2seq.documents import signed
from seq2seq.report.console import table
from seq2seq.terminal import tell, visible

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "error: cannot write output: standard output is closed"
STEERING = "\x1b[2J\u202eevil\x07"


@pytest.fixture
def files(corpus: Path, tmp_path: Path) -> dict[str, str]:
    """Return what stands for the names in braces of a command line."""
    lists = tmp_path / "nbest"
    lines = (corpus / "test.de").read_text(encoding="utf-8").splitlines()
    lists.write_text(
        "".join(f"{number} ||| {line} ||| S= -1 ||| -1\n" for number, line in enumerate(lines)),
        encoding="utf-8",
    )
    return {
        "en": f"{corpus}/test.en", "de": f"{corpus}/test.de", "data": str(corpus),
        "nbest": str(lists), "plot": f"{tmp_path}/plot.png",
    }  # fmt: skip


PRINTING = [
    "--version",
    "--help",
    "train --help",
    "recipes",
    "recipes demo-lstm",
    "train demo-lstm --dry-run --set training.max_steps=1",
    "translate {run} --input {en}",
    "translate {run} --input {en} --format jsonl",
    "evaluate {run} --source {en} --reference {de}",
    "evaluate --hypothesis {de} --reference {de}",
    "evaluate --hypothesis {de} --reference {de} --json",
    "compare {de} again={en} --reference {de}",
    "compare {de} again={en} --reference {de} --json",
    "score {run} --source {en} --target {de}",
    "rescore {run} --source {en} --nbest {nbest}",
    "inspect curve {run}",
    "inspect curve {run} --json",
]


@pytest.mark.parametrize("line", PRINTING)
def test_a_closed_standard_output(
    cli: Any, tiny_run: Path, files: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python has no `sys.stdout` then, and what is printed is lost without a word."""
    arguments = [word.format(run=tiny_run, **files) for word in line.split()]
    monkeypatch.setattr(sys, "stdout", None)
    done = cli(*arguments)
    assert done.code == 5, done.err
    assert done.err.splitlines()[-1].startswith(CLOSED)


def test_a_closed_standard_input(
    cli: Any, tiny_run: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    for arguments in (
        ["translate", tiny_run],
        ["evaluate", "--hypothesis", "-", "--reference", files["de"]],
    ):
        done = cli(*arguments)
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith("error: standard input is closed")


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    command = command.replace("seq2seq ", f"{sys.executable} -m seq2seq ", 1)
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, env=settings)


def test_descriptors_that_are_closed_stay_unused() -> None:
    """The next file opened would take number 1 or 2, and messages would be written into it."""
    done = shell("seq2seq --version <&- >&- 2>&-")
    assert done.returncode == 5
    assert shell("seq2seq --version <&- 2>&-").stdout.startswith(b"seq2seq ")


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
    ],
)
def test_output_is_utf_8_whatever_the_locale_says(
    environment: dict[str, str], tmp_path: Path
) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text("# für Übersetzer\n", encoding="utf-8")
    done = shell(f"seq2seq recipes {recipe}", **environment)
    assert (done.returncode, done.stdout) == (0, "# für Übersetzer\n".encode())
    assert done.stderr == b""


@pytest.mark.parametrize("streams", ["<&- 2>&-", "2>/dev/full"])
def test_training_without_standard_error(corpus: Path, tmp_path: Path, streams: str) -> None:
    small = "--set model.layers=1 --set model.hidden=16 --set model.heads=2"
    small += " --set text.vocabulary=50"
    ends = "--set training.max_steps=1 --set training.validation_sentences=0"
    done = shell(
        f"seq2seq train --data {corpus} --pair en-de --run {tmp_path}/run {small} {ends} {streams}"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "run" / "model.safetensors").is_file()


def test_training_whose_reader_of_messages_left(corpus: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable, "-m", "seq2seq", "train", "--data", corpus, "--pair", "en-de",
        "--run", tmp_path / "run", "--set", "model.layers=1", "--set", "model.hidden=16",
        "--set", "model.heads=2", "--set", "text.vocabulary=50", "--set", "training.max_steps=1",
        "--set", "training.validation_sentences=0",
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, env=settings)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, b"")


def test_what_is_made_visible() -> None:
    assert visible("plain, für Übersetzer, 中文, می\u200cخواهم, 👩\u200d💻\n") == (
        "plain, für Übersetzer, 中文, می\u200cخواهم, 👩\u200d💻\n"
    )
    assert visible(STEERING) == "\\x1b[2J\\u202eevil\\x07"
    assert visible("a\rb\x9bc\udc80d\u2028e\u3000f") == "a\\rb\\x9bc\\udc80d\\u2028e\u3000f"


def test_notes_and_tables_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tell(STEERING)
    table([STEERING], [[STEERING]])
    assert all("\x1b" not in text and "\\x1b[2J" in text for text in capsys.readouterr())


def test_names_cannot_steer_a_terminal(
    cli: Any, tiny_run: Path, files: dict[str, str], tmp_path: Path, corpus: Path
) -> None:
    """Of files, of runs, of recipes' fields and of checkpoints: through every kind of message."""
    named = tmp_path / STEERING
    named.symlink_to(tiny_run)
    text = tmp_path / f"text{STEERING}"
    text.write_bytes((corpus / "test.de").read_bytes())
    lines = [
        ["translate", tmp_path / f"none{STEERING}", "--input", files["en"]],
        ["translate", tiny_run, "--input", tmp_path / f"none{STEERING}"],
        ["translate", tiny_run, "--input", files["en"], "--set", f"decoding.{STEERING}=1"],
        ["evaluate", "--hypothesis", text, "--reference", tmp_path / "none"],
        ["compare", text, f"b{STEERING}={text}", "--reference", files["de"]],
        ["inspect", "curve", named, f"{STEERING}={tiny_run}"],
        ["train", f"{STEERING}"],
        ["recipes", f"{STEERING}"],
        [f"{STEERING}"],
    ]
    for line in lines:
        done = cli(*line)
        assert "\x1b" not in done.out + done.err and "\u202e" not in done.out + done.err, line
        assert done.code in (0, 2, 3, 4), (line, done.err)


def test_a_language_that_steers_a_terminal(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    document = json.loads((tiny_run / "recipe.json").read_bytes())
    document["recipe"]["data"]["pair"] = STEERING
    (tmp_path / "recipe.json").write_text(json.dumps(signed(document)))
    done = cli("translate", tmp_path, "--input", tmp_path / "recipe.json")
    assert done.code == 4 and "\x1b" not in done.err
