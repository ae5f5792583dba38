"""A run that goes on: from another folder, with its text moved, after Ctrl-C or a kill."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.training import loop

Cli = Callable[..., Any]
SMALL = [
    "default-transformer", "--pair", "en-de", "--device", "cpu", "--set", "model.hidden=8",
    "--set", "model.heads=2", "--set", "model.feed_forward=8", "--set", "model.layers=1",
    "--set", "text.vocabulary=50", "--set", "training.batch_tokens=300",
    "--set", "training.validation_sentences=0", "--set", "training.max_steps=2",
]  # fmt: skip
LONGER = ("--set", "training.max_steps=4")


@pytest.fixture
def project(
    cli: Cli, make_corpus: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a folder with a text and a run that names it by a relative path."""
    folder = tmp_path / "project"
    make_corpus(folder / "texts")
    monkeypatch.chdir(folder)
    done = cli("train", *SMALL, "--data", "texts", "--run", "runs/a")
    assert done.code == 0, done.err
    return folder


def has_gone_on(done: Any, run: Path) -> bool:
    return done.code == 0 and (run / "checkpoints" / "step-000000004").is_dir()


@pytest.mark.parametrize("dry", [False, True])
def test_another_working_directory(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch, dry: bool
) -> None:
    monkeypatch.chdir(project / "runs")
    done = cli("train", "--run", "a", "--resume", *LONGER, *(["--dry-run"] if dry else []))
    assert done.code == 0, done.err
    assert dry or has_gone_on(done, project / "runs" / "a")


def test_the_whole_folder_moves(
    cli: Cli, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And goes on twice: a path that was relative still means the same."""
    monkeypatch.chdir(tmp_path)
    project.rename(tmp_path / "archive")
    run = tmp_path / "archive" / "runs" / "a"
    assert has_gone_on(cli("train", "--run", run, "--resume", *LONGER), run)
    once_more = cli("train", "--run", run, "--resume", "--set", "training.max_steps=5")
    assert once_more.code == 0, once_more.err


def test_the_text_moves(cli: Cli, project: Path, tmp_path: Path) -> None:
    """It is asked for, and taken where its content is the same; then it is remembered."""
    (project / "texts").rename(tmp_path / "elsewhere")
    resume = ("train", "--run", "runs/a", "--resume")
    lost = cli(*resume, *LONGER)
    assert lost.code == 4
    assert "if it was moved, add --data DIR to `seq2seq train --run runs/a --resume`" in lost.err
    done = cli(*resume, "--data", tmp_path / "elsewhere", *LONGER)
    assert has_gone_on(done, project / "runs" / "a"), done.err
    assert f"data.path: texts -> {tmp_path / 'elsewhere'}" in done.err
    again = cli(*resume, "--set", "training.max_steps=5")
    assert again.code == 0, again.err


def test_other_text_is_refused_wherever_it_lies(
    cli: Cli, project: Path, make_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    """Even where the old text is still there: it is not what was asked for."""
    other = make_corpus(tmp_path / "other", seed=2)
    done = cli("train", "--run", "runs/a", "--resume", "--data", other, *LONGER)
    assert done.code == 4 and "the training data of runs/a has changed" in done.err
    assert f"data.path: texts -> {other}" in done.err


def test_the_recipe_that_it_was_begun_with_still_names_its_text(
    cli: Cli, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command, typed again with --resume from another folder."""
    monkeypatch.chdir(tmp_path)
    run = project / "runs" / "a"
    done = cli("train", *SMALL, "--data", "texts", "--run", run, "--resume", *LONGER)
    assert has_gone_on(done, run), done.err


def test_tokenizers_of_a_run_that_is_gone(
    cli: Cli, project: Path, tiny_run: Path, tmp_path: Path
) -> None:
    """A run has its own copy of the tokenizers that it was begun with."""
    origin = shutil.copytree(tiny_run, tmp_path / "origin")
    run = project / "runs" / "b"
    done = cli("train", *SMALL, "--data", "texts", "--run", run, "--set", f"text.from={origin}")
    assert done.code == 0, done.err
    shutil.rmtree(origin)
    assert has_gone_on(cli("train", "--run", run, "--resume", *LONGER), run)


@pytest.fixture
def signalled(monkeypatch: pytest.MonkeyPatch) -> Callable[[signal.Signals], None]:
    """Return a function after which the second step of the next training gets a signal."""

    def prepare(number: signal.Signals) -> None:
        steps, train_step = [0], loop.train_step

        def step(*arguments: Any) -> Any:
            steps[0] += 1
            if steps[0] == 2:
                os.kill(os.getpid(), number)
            return train_step(*arguments)

        monkeypatch.setattr(loop, "train_step", step)
        monkeypatch.setattr(os, "_exit", sys.exit)  # or this process would end here

    return prepare


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("average", [0.0, 0.5])
def test_a_signal_before_the_first_validation(
    cli: Cli, corpus: Path, tmp_path: Path, signalled: Any, number: signal.Signals, code: int,
    average: float,
) -> None:  # fmt: skip
    """It leaves a model that translates, and prints the command that goes on."""
    signalled(number)
    run = tmp_path / "my run"
    done = cli("train", *SMALL, "--data", corpus, "--run", run, "--threads", "1",
               "--set", f"training.average_decay={average}", *LONGER)  # fmt: skip
    assert done.code == code
    assert "no validation yet: model.safetensors holds the weights of step 2" in done.err
    translated = cli("translate", run, "--input", corpus / "test.en")
    assert translated.code == 0 and translated.out.count("\n") == 20
    (command,) = re.findall(r"^to go on: seq2seq (.*)$", done.err, flags=re.MULTILINE)
    arguments = shlex.split(command)
    options = ["--device", "cpu", "--threads", "1"]
    assert arguments == ["train", "--run", str(run), "--resume", *options]
    assert has_gone_on(cli(*arguments), run)


def test_a_hangup_that_nohup_had_ignored(
    cli: Cli, corpus: Path, tmp_path: Path, signalled: Any
) -> None:
    signalled(signal.SIGHUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        done = cli("train", *SMALL, "--data", corpus, "--run", tmp_path / "run", *LONGER)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert has_gone_on(done, tmp_path / "run"), done.err


def test_files_that_a_kill_left_are_swept(cli: Cli, project: Path) -> None:
    run = project / "runs" / "a"
    for name in (".tmp-model.safetensors-123", ".tmp-recipe.json-9", ".tmp-log.jsonl-77"):
        (run / name).write_bytes(b"half")
    (run / "notes.txt").write_text("mine")
    done = cli("train", "--run", run, "--resume", *LONGER)
    assert done.code == 0, done.err
    assert [path.name for path in run.iterdir() if path.name.startswith(".")] == [".lock"]
    assert (run / "notes.txt").read_text() == "mine"
