"""`seq2seq train` as a user meets it, and the help of every subcommand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
TINY = [
    "--device", "cpu", "--set", "model.hidden=8", "--set", "model.heads=2",
    "--set", "model.feed_forward=8", "--set", "model.layers=1", "--set", "text.vocabulary=50",
    "--set", "training.max_steps=3", "--set", "training.batch_tokens=300",
    "--set", "decoding.max_ratio=1.0", "--set", "training.validation_sentences=4",
]  # fmt: skip


def one_line(done: Any, code: int) -> str:
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ") and done.err.count("\n") == 1
    return str(done.err)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a recipe, or give --data DIR and --pair"),
        (["--data", "."], "--data without a recipe needs --pair"),
        (["--resume"], "--resume needs the run"),
        (["demo-lstm", "another"], "unexpected extra argument"),
        (["demo-lstm", "--sett", "a=1"], "No such option: --sett"),
        (["demo-lstm", "--set"], "requires an argument"),
        (["demo-lstm", "--threads", "0"], "--threads"),
        (["demo-lstm", "--device", "gpu"], "use auto, cpu, cuda or cuda:N"),
    ],
)
def test_usage_mistakes_exit_with_2(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in one_line(cli("train", *arguments), 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demo-lstm", "--set", "model.layer=3"], "did you mean model.layers?"),
        (["demo-lstm", "--set", "model.layers=three"], "model.layers"),
        (["demo-lstm", "--set", "model.layers"], "expected KEY=VALUE"),
        (["demo-lstm", "--set", "model.norm=post"], "model.norm means nothing to the recurrent"),
        (["demo-ltsm"], "did you mean demo-lstm?"),
        (["demo-lstm", "--pair", "english"], "data.pair"),
        (["--run", "none", "--resume"], "none is no run directory"),
    ],
)
def test_recipe_mistakes_exit_with_4(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in one_line(cli("train", *arguments), 4)
    assert list(tmp_path.iterdir()) == []


def test_a_typo_in_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[model]\nhiden = 8\n[training]\nmax_steps = 'x'\n")
    told = one_line(cli("train", tmp_path / "mine.toml", "--run", tmp_path / "run"), 4)
    assert "mine.toml: model.hiden: no such field, did you mean model.hidden?" in told
    assert "training.max_steps: " in told


def test_missing_data_exits_with_3(cli: Cli, tmp_path: Path, corpus: Path) -> None:
    for folder, said in ((tmp_path / "none", "none"), (tmp_path, "train.en")):
        done = cli("train", "--data", folder, "--pair", "en-de", "--run", tmp_path / "r", "--quiet")
        assert said in one_line(done, 3)
    done = cli("train", "--data", corpus, "--pair", "en-fr", "--run", tmp_path / "r", "--quiet")
    assert "train.fr" in one_line(done, 3)


def test_unequal_files_stop_before_any_work(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "train.en").write_text("one\ntwo\nthree\n")
    (tmp_path / "train.de").write_text("eins\nzwei\n")
    run = tmp_path / "run"
    done = cli("train", "--data", tmp_path, "--pair", "en-de", "--run", run, "--quiet")
    told = one_line(done, 3)
    assert "3 lines" in told and "2" in told
    assert not (run / "recipe.json").exists()


def test_ones_own_files(
    cli: Cli, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default recipe, with a run directory named after the data; then once more."""
    monkeypatch.chdir(tmp_path)
    done = cli("train", "--data", corpus, "--pair", "en-de", *TINY)
    assert (done.code, done.out) == (0, ""), done.err
    assert "validation at step 3: loss" in done.err and "stopped at step 3" in done.err
    run = tmp_path / "runs" / "numbers-en-de"
    document = json.loads((run / "recipe.json").read_bytes())
    assert document["recipe"]["model"]["architecture"] == "transformer"
    assert document["recipe"]["data"]["path"] == str(corpus)
    assert document["command"].startswith("seq2seq train --data ")
    again = cli("train", "--data", corpus, "--pair", "en-de", *TINY)
    assert "holds a run already; go on with --resume" in one_line(again, 2)
    resumed = cli("train", "--run", run, "--resume")
    assert resumed.code == 0 and "already finished, at step 3" in resumed.err
    longer = cli("train", "--run", run, "--resume", "--quiet", "--set", "training.max_steps=5")
    assert (longer.code, longer.out, longer.err) == (0, "", "")
    assert (run / "checkpoints" / "step-000000005").is_dir()
    other = cli("train", "--run", run, "--resume", "--quiet", "--set", "training.learning_rate=9.0")
    assert "training.learning_rate: 0.0" in (told := one_line(other, 4))
    assert " -> 9.0" in told
    card = (run / "README.md").read_text()
    assert "`seq2seq train --data " in card  # the command that made it, not the last one


def test_a_recipe_of_the_other_architecture(cli: Cli, tmp_path: Path, corpus: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[model]\narchitecture = "recurrent"\nhidden = 8\nembedding = 8\nlayers = 1\n'
        '[text]\ntokenizer = "words"\nvocabulary = [30, 30]\njoint = false\n'
        "[training]\nmax_steps = 2\nvalidation_sentences = 0\n"
    )
    run = tmp_path / "run"
    done = cli("train", tmp_path / "mine.toml", "--data", corpus, "--pair", "en-de", "--run", run,
               "--device", "cpu")  # fmt: skip
    assert done.code == 0, done.err
    assert {"source.vocab", "target.vocab", "model.safetensors"} <= {p.name for p in run.iterdir()}


def test_dry_run(cli: Cli, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("train", "--data", corpus, "--pair", "en-de", *TINY, "--dry-run")
    assert done.code == 0, done.err
    for said in (
        "300",
        "nominal sizes, as the recipe names them: vocabularies of 50 and 50",
        "sizes for this data",
        "parameters",
        "steps an epoch: about ",
        "memory: about ",
        "unknown",
    ):
        assert said in done.out
    assert done.out.count("source  ") == done.out.count("target  ") == 2
    assert list(tmp_path.iterdir()) == []


def test_the_sizes_of_2014_are_seen_without_its_data(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("train", "sutskever2014-wmt14-en-fr", "--data", tmp_path, "--dry-run")
    assert done.code == 3
    assert "384,000,000" in done.out and "64,000,000" in done.out


@pytest.mark.parametrize("command", ["train", "translate", "evaluate", "recipes", "demo"])
def test_help(cli: Cli, command: str) -> None:
    done = cli(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Usage: seq2seq {command}" in done.out
    assert "Examples:" in done.out and f"  seq2seq {command}" in done.out
    assert "--quiet" in done.out and "--debug" in done.out


def test_help_of_all(cli: Cli) -> None:
    done = cli("--help")
    assert done.code == 0
    for command in ("train", "translate", "evaluate", "recipes", "demo"):
        assert f"\n  {command} " in done.out
    assert cli("--version").out.startswith("seq2seq ")
    assert "trian" in one_line(cli("trian"), 2)
