"""Who may write to a run directory, and whether a resumed run is the same run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.config.schema import Recipe
from seq2seq.errors import ModelError, ResourceError, UsageError
from seq2seq.training.directory import (
    append_log,
    differences,
    environment,
    locked,
    refuse_used,
    surroundings_changed,
    truncate_log,
)

HOLD = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(file, fcntl.LOCK_EX)
os.write(file, f"pid {os.getpid()} on host there".encode())
print("held", flush=True)
sys.stdin.read()
"""


def test_a_run_is_made_and_locked(tmp_path: Path) -> None:
    run = tmp_path / "deep" / "run"
    with locked(run):
        held = (run / ".lock").read_text()
        assert held.startswith(f"pid {os.getpid()} on host ")
        with pytest.raises(ModelError, match=rf"in use by pid {os.getpid()} on host"):
            with locked(run):
                raise AssertionError("locked twice")
    with locked(run):
        pass
    assert (run / ".lock").read_text() == ""


def test_another_process_is_named_and_its_death_unlocks(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(ModelError, match=f"in use by pid {holder.pid} on host there"):
            with locked(tmp_path):
                raise AssertionError("locked twice")
        holder.kill()
    with locked(tmp_path):  # what it wrote into the file does not matter
        assert str(os.getpid()) in (tmp_path / ".lock").read_text()


def test_an_error_unlocks(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        with locked(tmp_path):
            raise ZeroDivisionError
    with locked(tmp_path):
        pass


def test_a_place_where_no_directory_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ResourceError, match="cannot make the run directory"):
        with locked(tmp_path / "file" / "run"):
            raise AssertionError("locked")


def test_refuse_used(tmp_path: Path) -> None:
    refuse_used(tmp_path / "none")
    refuse_used(tmp_path)
    (tmp_path / ".lock").touch()
    refuse_used(tmp_path)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"is not empty \(it has thesis\.txt\)"):
        refuse_used(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        refuse_used(tmp_path / "thesis.txt")
    (tmp_path / "recipe.json").write_text("{}")
    with pytest.raises(UsageError, match="holds a run already; go on with --resume"):
        refuse_used(tmp_path)


def test_differences(tiny_run: Path, tiny_recipe: Callable[..., Recipe]) -> None:
    assert differences(tiny_run, tiny_recipe()) == ([], [])
    allowed, refused = differences(
        tiny_run,
        tiny_recipe(
            training__max_steps=99, decoding__beam=2, training__learning_rate=0.5, seed=3,
            text__source_order="reverse",
        ),
    )  # fmt: skip
    assert sorted(allowed) == ["decoding.beam: 5 -> 2", "training.max_steps: 12 -> 99"]
    assert sorted(refused) == [
        "seed: 1 -> 3",
        "text.source_order: forward -> reverse",
        "training.learning_rate: 0.004 -> 0.5",
    ]


def test_surroundings(tiny_run: Path, tmp_path: Path) -> None:
    now = environment("cpu", "float32")
    assert surroundings_changed(tiny_run, now) == []
    changed = {**now, "threads": 64, "packages": {**now["packages"], "torch": "9.9"}}
    told = surroundings_changed(tiny_run, changed)
    assert "threads: 1 -> 64" in told and len(told) == 2
    assert any(line.startswith("packages.torch: ") and line.endswith(" -> 9.9") for line in told)


def test_log_is_cut_to_what_a_checkpoint_knows(tmp_path: Path) -> None:
    truncate_log(tmp_path, 3)
    for step in (1, 2, 3, 4):
        append_log(tmp_path, {"event": "step", "step": step})
    path = tmp_path / "log.jsonl"
    with path.open("ab") as file:
        file.write(b'{"event": "step", "st')
    truncate_log(tmp_path, 3)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2, 3]
    before = path.stat()
    truncate_log(tmp_path, 3)
    assert path.stat().st_ino == before.st_ino  # nothing to do: not written again
    path.write_text('{"step": 1}\n7\nnull\n{"other": 2}\n{"step": "x"}\n{"step": 2}\n')
    truncate_log(tmp_path, 3)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(ResourceError, match=r"cannot write .*log\.jsonl"):
        append_log(tmp_path, {"step": 1})


def test_a_run_looks_as_it_should(tiny_run: Path) -> None:
    names = {path.name for path in tiny_run.iterdir()}
    assert names == {
        ".lock", "README.md", "checkpoints", "log.jsonl", "model.safetensors", "recipe.json",
        "source.model", "target.model",
    }  # fmt: skip
    card = (tiny_run / "README.md").read_text()
    for said in (
        "en-de translation model",
        "`seq2seq train tiny`",
        "12 steps",
        "Ended**: finished",
    ):
        assert said in card
    events = [json.loads(line) for line in (tiny_run / "log.jsonl").read_text().splitlines()]
    assert [e["step"] for e in events if e["event"] == "step"] == [2, 4, 6, 8, 10, 12]
    assert [e["step"] for e in events if e["event"] == "validation"] == [6, 12]
    assert all("signature" in e for e in events if e["event"] == "validation")


@pytest.mark.parametrize("kind", ["link", "device", "folder", "pipe"])
def test_a_lock_that_is_no_plain_file(
    cli: Callable[..., Any], tiny_run: Path, tmp_path: Path, kind: str
) -> None:
    """A link in a run from elsewhere would have another file emptied."""
    run = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    victim, lock = tmp_path / "victim", run / ".lock"
    victim.write_text("precious")
    lock.unlink(missing_ok=True)
    if kind == "folder":
        lock.mkdir()
    elif kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(victim if kind == "link" else "/dev/zero")
    done = cli("train", "--run", run, "--resume")
    assert done.code == 4 and "is a link, or no plain file; delete it" in done.err
    assert victim.read_text() == "precious"
