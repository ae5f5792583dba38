"""What the system may refuse: one line with 5, 4 or 3, the file and a way out, never "a bug"."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from seq2seq.files import replace_file
from seq2seq.training.checkpoint import prune, save_checkpoint

ERRORS = [
    "EBUSY", "ESTALE", "ENAMETOOLONG", "EROFS", "ELOOP", "EMFILE", "ENFILE", "ENOTDIR", "ENOLCK",
    "EACCES", "EPERM", "EIO", "ENOSPC", "EDQUOT", "EFBIG", "ETXTBSY", "ENODEV", "EREMOTEIO",
]  # fmt: skip
SMALL = [
    "--set", "model.layers=1", "--set", "model.hidden=16", "--set", "model.heads=2",
    "--set", "text.vocabulary=50", "--set", "training.max_steps=1",
    "--set", "training.validation_sentences=0",
]  # fmt: skip


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


def told(done: Any, *codes: int) -> str:
    line = str(done.err.splitlines()[-1])
    assert done.code in codes, done.err
    assert line.startswith("error: ") and "a bug" not in line and "; " in line
    return line


@pytest.mark.parametrize("name", ["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EIO"])
def test_a_file_system_without_locks(
    cli: Any, corpus: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        number = getattr(errno, name)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    done = cli("train", "--data", corpus, "--pair", "en-de", "--run", tmp_path / "run", *SMALL)
    line = told(done, 5)
    assert f"cannot lock {tmp_path / 'run' / '.lock'}" in line and "on a local disk" in line


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("call", ["open", "lstat", "replace", "fsync"])
def test_any_error_of_any_call(
    cli: Any, run: Path, corpus: Path, name: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever call fails on a file of the run or of the output, with whichever number."""
    number, real = getattr(errno, name), getattr(os, call)

    def fail(target: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(target, int) or str(target).startswith(str(run)):
            raise OSError(number, os.strerror(number), None if call == "fsync" else str(target))
        return real(target, *arguments, **options)

    monkeypatch.setattr(os, call, fail)
    done = cli("translate", run, "--input", corpus / "test.en", "--output", run / "out")
    assert str(run) in told(done, 3, 4, 5)


@pytest.mark.parametrize("name", ERRORS)
def test_a_last_resort(
    cli: Any, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody explains has at least its file, its reason and a way out."""
    from seq2seq.config import loading

    number = getattr(errno, name)

    def fail(*arguments: object) -> None:
        raise OSError(number, os.strerror(number), str(tmp_path / "somewhere"))

    monkeypatch.setattr(loading, "find_recipe", fail)
    line = told(cli("recipes", "demo-lstm"), 5)
    assert f"cannot use {tmp_path / 'somewhere'}: {os.strerror(number)}; " in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["translate", "{long}"],
        ["translate", "{run}", "--input", "{long}"],
        ["translate", "{run}", "--input", "{text}", "--output", "{long}"],
        ["translate", "{run}", "--input", "{text}", "--output", "{run}/recipe.json/x"],
        ["translate", "{loop}"],
        ["translate", "{run}", "--input", "{loop}"],
        ["translate", "{run}/recipe.json"],
        ["evaluate", "--hypothesis", "{long}", "--reference", "{text}"],
        ["compare", "{long}", "{text}", "--reference", "{text}"],
        ["compare", "{text}", "b={text}", "--reference", "{text}", "--html", "{long}"],
        ["inspect", "curve", "{long}"],
        ["inspect", "curve", "{run}", "--output", "{long}.png"],
        ["score", "{long}", "--source", "{text}", "--target", "{text}"],
        ["rescore", "{run}", "--source", "{text}", "--nbest", "{long}"],
        ["train", "{long}"],
        ["train", "--data", "{long}", "--pair", "en-de"],
        ["train", "--run", "{long}", "--resume"],
        ["train", "demo-lstm", "--run", "{long}", "--set", "training.max_steps=1"],
        ["train", "demo-lstm", "--from", "{long}"],
        ["recipes", "{long}"],
        ["reproduce", "{long}", "--data", "{run}", "--pair", "en-de"],
        ["export", "{long}", "--to", "ctranslate2", "{run}/x"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_names_that_are_too_long_and_links_in_a_circle(
    cli: Any, run: Path, corpus: Path, tmp_path: Path, arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    names = {
        "long": tmp_path / ("n" * 300), "run": run, "text": corpus / "test.en",
        "loop": tmp_path / "loop",
    }  # fmt: skip
    told(cli(*(word.format(**names) for word in arguments)), 2, 3, 4, 5)


def test_output_with_a_long_name(cli: Any, run: Path, tmp_path: Path, corpus: Path) -> None:
    """85 characters of 3 bytes are all that a name can hold; a temporary one is not longer."""
    output = tmp_path / ("語" * 85)
    done = cli("translate", run, "--input", corpus / "test.en", "--output", output)
    assert done.code == 0 and len(output.read_bytes().splitlines()) == 20
    replace_file(output, b"new")
    assert output.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["EBUSY", "ESTALE", "ENOTEMPTY"])
def test_what_cannot_be_deleted_stays(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS keeps a deleted file that is open as .nfs...; training goes on."""
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, step, {"a": b"1"})

    def fail(*arguments: object, **options: object) -> None:
        number = getattr(errno, name)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", fail)
        patch.setattr(os, "unlink", fail)
        prune(tmp_path, 2, 3, 1)
    assert len(list(tmp_path.glob("step-*"))) == 3
    prune(tmp_path, 2, 3, 1)
    assert len(list(tmp_path.glob("step-*"))) == 2


RUN_FILES = [
    "recipe.json", "model.safetensors", "source.model", "target.model", "log.jsonl", "README.md",
    ".lock", "checkpoints/step-000000012/weights.safetensors", "checkpoints/new", "source.vocab",
]  # fmt: skip


def contents(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", RUN_FILES)
@pytest.mark.parametrize("way", ["name", "link", "relative"])
def test_output_onto_a_file_of_a_run(
    cli: Any, run: Path, corpus: Path, tmp_path: Path, name: str, way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = contents(run)
    target = run / name
    if way == "link":
        target = tmp_path / "innocent.png"
        target.symlink_to(run / name)
    elif way == "relative":
        monkeypatch.chdir(run)
        target = Path(name)
    text = corpus / "test.en"
    lists = tmp_path / "nbest"
    lists.write_text("0 ||| ein ||| S= 1 ||| 1\n")
    for line in (
        ["translate", run, "--input", text, "--output", target],
        ["translate", tmp_path / "other", "--input", text, "--output", target],
        ["rescore", run, "--source", text, "--nbest", lists, "--output", target],
        ["compare", text, f"b={text}", "--reference", text, "--html", target],
        ["inspect", "curve", run, "--output", target],
    ):
        done = cli(*line)
        assert "is a file of the run directory" in told(done, 2), line
    assert contents(run) == before


def test_output_onto_an_input(cli: Any, run: Path, corpus: Path, tmp_path: Path) -> None:
    """Also by another name of the same file: a hard link."""
    text, again = tmp_path / "text", tmp_path / "again"
    text.write_bytes((corpus / "test.en").read_bytes())
    os.link(text, again)
    lists = tmp_path / "nbest"
    lists.write_text("0 ||| ein ||| S= 1 ||| 1\n")
    weights = tmp_path / "weights"
    os.link(run / "model.safetensors", weights)
    page, drawn = tmp_path / "page.html", tmp_path / "drawn.html"
    os.link(text, page)
    os.link(weights, drawn)
    before = contents(tmp_path)
    lines: list[list[Any]] = [
        ["translate", run, "--input", text, "--output", again],
        ["translate", run, "--input", text, "--output", weights],
        ["rescore", run, "--source", text, "--nbest", lists, "--output", lists],
        ["rescore", run, "--source", text, "--nbest", lists, "--output", again],
        ["rescore", run, "--source", text, "--nbest", lists, "--output", weights],
        ["compare", text, f"b={text}", "--reference", text, "--html", page],
        ["compare", text, f"b={run}", "--source", text, "--reference", text, "--html", drawn],
    ]
    for line in lines:
        assert "is also an input" in told(cli(*line), 2), line
    assert contents(tmp_path) == before


def test_other_names_in_a_run_directory_are_free(cli: Any, run: Path, corpus: Path) -> None:
    done = cli("translate", run, "--input", corpus / "test.en", "--output", run / "test.hyp")
    assert done.code == 0 and (run / "test.hyp").read_bytes().count(b"\n") == 20
