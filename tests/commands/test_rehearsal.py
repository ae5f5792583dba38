"""`seq2seq train --dry-run` refuses what training would refuse, in the same words."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Arguments = list[object]


class Place:
    """Where a case finds what it needs: a text, a finished run, and a folder of its own."""

    def __init__(self, corpus: Path, run: Path, folder: Path) -> None:
        self.corpus, self.run, self.folder = corpus, run, folder

    def new(self, *more: object, run: Path | None = None) -> Arguments:
        return ["demo-lstm", "--data", self.corpus, "--pair", "en-de",
                "--run", run or self.folder / "new", "--set", "text.vocabulary=50",
                "--set", "training.max_steps=2", *more]  # fmt: skip

    def resumed(self, *more: object) -> Arguments:
        return ["--run", self.run, "--resume", *more]


def holds_a_run(place: Place) -> Arguments:
    return place.new(run=place.run)


def holds_a_thesis(place: Place) -> Arguments:
    (place.folder / "new").mkdir()
    (place.folder / "new" / "thesis.txt").touch()
    return place.new()


def is_a_file(place: Place) -> Arguments:
    (place.folder / "new").touch()
    return place.new()


def left_by_a_kill(place: Place) -> Arguments:
    (place.folder / "new" / "checkpoints").mkdir(parents=True)
    return place.new()


def below_a_file(place: Place) -> Arguments:
    (place.folder / "file").touch()
    return place.new(run=place.folder / "file" / "run")


def no_such_device(place: Place) -> Arguments:
    return place.new("--device", "cuda:77")


def no_such_option_of_the_cell(place: Place) -> Arguments:
    return place.new("--set", "model.cell_options={speed=3}")


def another_recipe(place: Place) -> Arguments:
    return place.resumed("--set", "training.learning_rate=0.7")


def an_end_behind(place: Place) -> Arguments:
    return place.resumed("--set", "training.max_steps=5")


def other_text(place: Place) -> Arguments:
    other = shutil.copytree(place.corpus, place.folder / "other")
    for language in ("en", "de"):
        with (other / f"train.{language}").open("a") as file:
            file.write("ten\n")
    return place.resumed("--data", other)


def no_text(place: Place) -> Arguments:
    return place.resumed("--data", place.folder / "nowhere")


def checkpoints_gone(place: Place) -> Arguments:
    shutil.rmtree(place.run / "checkpoints")
    return place.resumed()


def checkpoints_damaged(place: Place) -> Arguments:
    for path in place.run.glob("checkpoints/*/weights.safetensors"):
        os.truncate(path, 9)
    return place.resumed()


def another_shape(place: Place) -> Arguments:
    return ["--from", place.run, "--run", place.folder / "new", "--set", "model.hidden=8"]


def a_start_that_is_no_run(place: Place) -> Arguments:
    (place.run / "model.safetensors").unlink()
    return ["--from", place.run, "--run", place.folder / "new"]


CASES: dict[Callable[[Place], Arguments], tuple[int, str]] = {
    holds_a_run: (2, "holds a run already"),
    holds_a_thesis: (2, "is not empty (it has thesis.txt)"),
    is_a_file: (2, "is a file"),
    left_by_a_kill: (2, "was killed while it began"),
    below_a_file: (5, "cannot make the run directory"),
    no_such_device: (5, "cuda"),
    no_such_option_of_the_cell: (4, "model.cell_options.speed"),
    another_recipe: (4, "training.learning_rate: 0.004 -> 0.7"),
    an_end_behind: (4, "training.max_steps=5 lies behind it"),
    other_text: (4, "has changed since it was begun"),
    no_text: (3, "nowhere"),
    checkpoints_gone: (4, "no checkpoint to go on from"),
    checkpoints_damaged: (4, "every checkpoint"),
    another_shape: (4, "model.hidden: 16 -> 8"),
    a_start_that_is_no_run: (4, "model.safetensors"),
}


@pytest.fixture
def place(corpus: Path, tiny_run: Path, tmp_path: Path) -> Place:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    return Place(corpus, run, tmp_path)


def files(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


def error_of(done: Any) -> str:
    (error,) = (line for line in done.err.splitlines() if line.startswith("error: "))
    return str(error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_it_refuses_what_training_refuses(cli: Cli, place: Place, case: Any) -> None:
    code, said = CASES[case]
    arguments = case(place)
    before = files(place.folder)
    looked = cli("train", *arguments, "--dry-run")
    assert looked.code == code and said in error_of(looked), looked.err
    assert files(place.folder) == before
    trained = cli("train", *arguments)
    assert (trained.code, error_of(trained)) == (looked.code, error_of(looked))


def test_a_run_in_use(cli: Cli, place: Place) -> None:
    with held(place.run):
        looked, trained = (cli("train", *place.resumed(), *more) for more in (["--dry-run"], []))
    assert looked.code == trained.code == 4
    assert error_of(looked) == error_of(trained)
    assert f"run directory {place.run} is in use by pid 7 on host there" in error_of(looked)


def test_a_precision_that_the_processor_lacks(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seq2seq.nn import mixed

    monkeypatch.setattr(mixed, "has_bfloat16", lambda device: False)
    for more in (["--dry-run"], []):
        done = cli("train", *place.new("--set", "training.precision=bfloat16"), *more)
        assert done.code == 5 and "this cpu has no bfloat16" in error_of(done)


def test_what_a_run_would_do_is_told(cli: Cli, place: Place) -> None:
    """From which step to which, by which limit; limits that never apply; a long warm-up."""
    done = cli("train", *place.new("--set", "training.max_epochs=9.0"), "--dry-run")
    assert done.code == 0, done.err
    assert "the run: from step 0 to 2, by training.max_steps=2" in done.out
    assert "training.max_steps=2 ends the run after 2 steps, before training.max_epochs=9" in (
        done.err
    )
    warm = cli("train", *place.new("--set", "training.warmup=300"), "--dry-run")
    assert "training.warmup=300 is not over when the run ends after 2 steps" in warm.err
    longer = cli("train", *place.resumed("--set", "training.max_steps=20"), "--dry-run")
    assert "the run: from step 12 to 20, by training.max_steps=20" in longer.out
    over = cli("train", *place.resumed(), "--dry-run")
    assert "is already finished, at step 12, by training.max_steps=12; to go on: " in over.err
    assert (over.code, longer.code, warm.code) == (0, 0, 0)


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Hold a run's lock as another training would."""
    descriptor = os.open(run / ".lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, b"pid 7 on host there\n")
    yield
    os.close(descriptor)
