"""`train --from RUN`: a new run that begins with another's weights and tokenizers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SET = ("--set", "training.max_steps=6", "--set", "training.save_every=3")


@pytest.fixture
def other(make_corpus: Callable[..., Path], tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "other texts", seed=2)


def first_loss(run: Path) -> float:
    records = map(json.loads, (run / "log.jsonl").read_text().splitlines())
    return next(record["loss"] for record in records if record["event"] == "step")


def test_it_goes_on_from_the_weights(cli: Any, tiny_run: Path, other: Path, tmp_path: Path) -> None:
    run = tmp_path / "tuned"
    done = cli("train", "--from", tiny_run, "--data", other, "--run", run, *SET)
    assert (done.code, done.out) == (0, "")
    assert first_loss(run) < first_loss(tiny_run) - 0.3
    for side in ("source.model", "target.model"):
        assert (run / side).read_bytes() == (tiny_run / side).read_bytes()
    assert cli("translate", run, "--input", other / "test.en").code == 0
    assert "--from" in (run / "README.md").read_text()


def test_the_first_checkpoint_is_what_it_came_from(
    cli: Any, tiny_run: Path, other: Path, tmp_path: Path
) -> None:
    run = tmp_path / "tuned"
    cli("train", "--from", tiny_run, "--data", other, "--run", run, *SET, "--set",
        "training.keep=5", "--set", "training.average_decay=0.9")  # fmt: skip
    place = run / "checkpoints" / "step-000000000"
    origin = (tiny_run / "model.safetensors").read_bytes()
    assert (place / "weights.safetensors").read_bytes() == origin
    assert (place / "average.safetensors").read_bytes() == origin


def test_a_killed_one_needs_its_origin_no_more(
    cli: Any, tiny_run: Path, other: Path, tmp_path: Path
) -> None:
    origin, runs = tmp_path / "origin", [tmp_path / "straight", tmp_path / "broken"]
    shutil.copytree(tiny_run, origin)
    for run in runs:
        cli("train", "--from", origin, "--data", other, "--run", run, *SET, "--set",
            "training.keep=5")  # fmt: skip
    shutil.rmtree(origin)
    for late in (runs[1] / "checkpoints").glob("step-00000000[1-9]"):
        shutil.rmtree(late)
    (runs[1] / "model.safetensors").unlink()
    assert cli("train", "--run", runs[1], "--resume").code == 0
    one, same = ((run / "model.safetensors").read_bytes() for run in runs)
    assert one == same


def test_mistakes(cli: Any, tiny_run: Path, other: Path, tmp_path: Path) -> None:
    run = tmp_path / "never"
    for arguments, code, said in (
        (
            ("--data", other, "--run", run, "--set", "text.vocabulary=60"),
            4,
            "text.vocabulary: 50 -> 60",
        ),
        (("--data", other, "--run", run, "--set", "model.hidden=32"), 4, "model.hidden: "),
        (("--data", tmp_path / "nowhere", "--run", run), 3, "nowhere"),
    ):
        done = cli("train", "--from", tiny_run, *arguments)
        assert done.code == code, done.err
        assert said in done.err
        assert done.err.count("error:") == 1
        assert not list(run.glob("[!.]*"))  # so that the mended command can go there
    done = cli("train", "--from", tmp_path, "--data", other, "--run", run)
    assert done.code == 4
    assert "no run directory" in done.err


def test_an_origin_that_comes_too_late_is_told(
    cli: Any, tiny_run: Path, other: Path, tmp_path: Path
) -> None:
    run = tmp_path / "tuned"
    command = ("train", "--from", tiny_run, "--data", other, "--run", run, *SET, "--resume")
    assert "was for its beginning" not in cli(*command).err
    assert f"--from {tiny_run} was for its beginning" in cli(*command).err


def test_a_run_without_its_checkpoints_is_left_alone(
    cli: Any, tiny_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "copy"
    shutil.copytree(tiny_run, run)
    for kept in (True, False):
        shutil.rmtree(run / "checkpoints")
        if kept:
            (run / "checkpoints").mkdir()
        before = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
        done = cli("train", "--run", run, "--resume", "--set", "training.max_steps=20")
        assert done.code == 4 and "no checkpoint to go on from" in done.err
        assert f"--from {run}" in done.err
        now = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
        assert {path.name for path in before.keys() ^ now.keys()} <= {".lock"}
        assert all(now[path] == data for path, data in before.items() if path.name != ".lock")
    (run / "README.md").unlink()  # killed before its end, and then cleared
    assert cli("train", "--run", run, "--resume").code == 4


def test_an_end_behind_it_is_refused(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "copy"
    shutil.copytree(tiny_run, run)
    recipe = (run / "recipe.json").read_bytes()
    for end in ("max_steps=3", "max_epochs=0.1"):
        done = cli("train", "--run", run, "--resume", "--set", f"training.{end}")
        assert done.code == 4 and "give it a later end" in done.err, done.err
        assert (run / "recipe.json").read_bytes() == recipe


def test_a_dry_run_has_the_tokenizers_of_the_origin(cli: Any, tiny_run: Path, other: Path) -> None:
    (other / "train.en").write_text("\n".join(["qqq"] * 300) + "\n")
    done = cli("train", "--from", tiny_run, "--data", other, "--dry-run")
    assert done.code == 0
    assert "50.00 % unknown" in done.out  # its word start is known, its letters are not


def test_tokenizers_of_another_run(cli: Any, tiny_run: Path, other: Path, tmp_path: Path) -> None:
    """`text.from` takes the tokenizers alone: the model is new, and of another shape."""
    run = tmp_path / "alike"
    arguments = ("--data", other, "--run", run, "--pair", "en-de", *SET, "--set",
                 "model.hidden=16", "--set", "model.layers=1")  # fmt: skip
    named = ("--set", f"text.from={tiny_run}")
    dry = cli("train", *arguments, *named, "--dry-run")
    assert dry.code == 0 and not run.exists()
    assert cli("train", *arguments, *named).code == 0
    for side in ("source.model", "target.model"):
        assert (run / side).read_bytes() == (tiny_run / side).read_bytes()
    text, there = (
        json.loads((place / "recipe.json").read_text())["recipe"]["text"]
        for place in (run, tiny_run)
    )
    assert text == there | {"from": str(tiny_run)}
    assert cli("train", "--run", run, "--resume", "--set", "training.max_steps=7").code == 0
    assert cli("translate", tiny_run, run, "--input", other / "test.en").code == 0  # an ensemble


def test_tokenizers_of_what_is_no_run(cli: Any, other: Path, tmp_path: Path) -> None:
    done = cli("train", "--data", other, "--pair", "en-de", "--run", tmp_path / "r",
               "--set", f"text.from={tmp_path}")  # fmt: skip
    assert done.code == 4 and "no run directory" in done.err
    assert done.err.count("\n") == 1
