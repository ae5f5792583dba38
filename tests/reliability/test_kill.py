"""Training through the command line, killed at random moments, and asked politely to stop."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.config.loading import unread_fields
from seq2seq.config.schema import Recipe
from seq2seq.training.checkpoint import damage

Make = Callable[..., Recipe]
Start = Callable[..., "subprocess.Popen[bytes]"]
LIMIT = 120  # seconds after which a test gives up


def toml(recipe: Recipe, path: Path) -> Path:
    """Write a recipe as a TOML file; JSON's values are TOML's."""
    lines = [f"seed = {recipe.seed}"]
    unread = unread_fields(recipe.model.architecture)
    for section, fields in recipe.model_dump(exclude={"seed"}).items():
        lines.append(f"[{section}]")
        for name, value in fields.items():
            if section != "model" or name not in unread:
                lines.append(f"{name} = {json.dumps(value) if value != {} else '{}'}")
    path.write_text("\n".join(lines) + "\n")
    return path


def saved(run: Path) -> set[str]:
    return {path.name for path in run.glob("checkpoints/step-*")}


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> bool:
    """Return whether the condition came true while the process ran."""
    until = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.002)
    return False


def kill_and_resume(
    start: Start, recipe: Path, run: Path, kills: int, draw: random.Random, **environment: str
) -> int:
    """Train to the end through `kills` kills, each a moment after a new checkpoint; count them."""
    arguments = ["train", recipe, "--run", run, "--resume", "--device", "cpu", "--quiet"]
    done = 0
    for _ in range(kills):
        before = saved(run)
        with start(*arguments, **environment) as process:
            if wait_for(lambda before=before: bool(saved(run) - before), process):  # type: ignore[misc]
                time.sleep(draw.random() * 0.03)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                done += 1
            process.communicate()
    with start(*arguments, **environment) as process:
        _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (0, b"")
    return done


def check(
    start: Start, train_to: Any, outcome: Any, folder: Path, recipe: Recipe, kills: int, seed: int
) -> None:
    train_to(recipe, folder / "straight")
    file, run = toml(recipe, folder / "tiny.toml"), folder / "killed"
    cache = str(folder / "cache")  # its own: what is drawn must not depend on whose it is
    draw = random.Random(seed)
    assert kill_and_resume(start, file, run, kills, draw, SEQ2SEQ_CACHE=cache) >= min(2, kills)
    assert outcome(run) == outcome(folder / "straight")
    assert not [path for path in run.rglob(".*") if path.name != ".lock"], "litter"
    assert all(damage(place) == "" for place in (run / "checkpoints").iterdir())


AVERAGED = {  # all that is drawn anew each epoch, and all that is averaged
    "training__subword_sampling": 0.2, "training__average_decay": 0.9,
    "training__average_checkpoints": 2,
}  # fmt: skip


@pytest.mark.parametrize("architecture", ["recurrent", "transformer"])
def test_killed_and_resumed(
    tiny_recipe: Make, start: Start, train_to: Any, outcome: Any, tmp_path: Path, architecture: str
) -> None:
    recipe = tiny_recipe(
        architecture, training__max_steps=30, training__save_every=2, training__keep=60,
        training__validate_every=13, training__log_every=1,
        **(AVERAGED if architecture == "transformer" else {}),
    )  # fmt: skip
    check(start, train_to, outcome, tmp_path, recipe, kills=2, seed=1)


KILLS, HUNDRED_STEPS = 100, 2000


def newest_step(run: Path) -> int:
    return max((int(name.removeprefix("step-")) for name in saved(run)), default=0)


def kill_throughout(
    start: Start, recipe: Path, run: Path, draw: random.Random, **environment: str
) -> tuple[int, set[int]]:
    """Train to the end through KILLS kills; return how many came before a step, and where all came.

    One in four comes at any moment of the start: imports, the text, the checkpoint, the sweeping.
    The others come at any moment of the steps, validations and saves of their share of the run.
    """
    arguments = ["train", recipe, "--run", run, "--resume", "--device", "cpu", "--quiet"]
    early, places = 0, set()
    for number in range(1, KILLS + 1):
        before, target = saved(run), number * HUNDRED_STEPS // (KILLS + 10)
        with start(*arguments, **environment) as process:
            if draw.random() < 0.25:
                time.sleep(draw.random() * 3.0)
            elif wait_for(
                lambda: bool(saved(run) - before) and newest_step(run) >= target,  # noqa: B023
                process,
            ):
                time.sleep(draw.random() * 0.1)
            assert process.poll() is None, f"it ended before kill {number}"
            process.send_signal(signal.SIGKILL)
            process.communicate()
        early += saved(run) == before
        places.add(newest_step(run))
    with start(*arguments, **environment) as process:
        _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (0, b"")
    return early, places


@pytest.mark.slow  # ten minutes of starts
def test_a_hundred_kills(
    tiny_recipe: Make, start: Start, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    """Sampled subwords and averaged weights: byte-equal to the run that was never killed."""
    recipe = tiny_recipe(
        training__max_steps=HUNDRED_STEPS, training__save_every=5, training__validate_every=50,
        training__patience=0, **AVERAGED,
    )  # fmt: skip
    straight, run = tmp_path / "straight", tmp_path / "killed"
    train_to(recipe, straight)
    draw, cache = random.Random(20), tmp_path / "cache"  # its own: its folders are half-built, too
    file = toml(recipe, tmp_path / "tiny.toml")
    early, places = kill_throughout(start, file, run, draw, SEQ2SEQ_CACHE=str(cache))
    names = [path.relative_to(straight) for path in straight.rglob("*.safetensors")]
    equal = [(run / name).read_bytes() == (straight / name).read_bytes() for name in names]
    print(
        f"{KILLS} kills, {early} of them before a step was saved, at {len(places)} steps of "
        f"{HUNDRED_STEPS}: {sum(equal)} of {len(equal)} files are byte-equal"
    )
    assert all(equal) and len(equal) == 7  # the best model, and three files of two checkpoints
    assert outcome(run) == outcome(straight)
    assert not [path for path in run.rglob(".*") if path.name != ".lock"], "litter"


def test_a_hangup_ends_a_translation(start: Start, tiny_run: Path) -> None:
    with start("translate", tiny_run, "--quiet") as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"one two\n" * 2000)
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (129, b"")


@pytest.mark.slow  # several minutes of starts
@pytest.mark.parametrize("architecture", ["recurrent", "transformer"])
@pytest.mark.parametrize("seed", [1, 2])
def test_sixty_steps_and_five_kills(
    tiny_recipe: Make, start: Start, train_to: Any, outcome: Any, tmp_path: Path,
    architecture: str, seed: int,
) -> None:  # fmt: skip
    recipe = tiny_recipe(
        architecture, training__max_steps=60, training__save_every=3, training__validate_every=10,
        training__log_every=1, training__precision="auto", training__accumulate=seed,
    )  # fmt: skip
    check(start, train_to, outcome, tmp_path, recipe, kills=5, seed=seed)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_and_leaves(
    tiny_recipe: Make, start: Start, train_to: Any, outcome: Any, tmp_path: Path,
    number: signal.Signals, code: int,
) -> None:  # fmt: skip
    """The moment's step is finished and saved, and the run goes on from there."""
    recipe = tiny_recipe(
        training__max_steps=100_000, training__save_every=100_000, training__validate_every=100_000
    )
    file, run = toml(recipe, tmp_path / "tiny.toml"), tmp_path / "run"
    with start("train", file, "--run", run, "--device", "cpu") as process:
        assert wait_for((run / "log.jsonl").exists, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == code
    assert out == b"" and b"Traceback" not in err and number.name.encode() in err
    (place,) = (run / "checkpoints").iterdir()
    step = int(place.name.removeprefix("step-"))
    assert damage(place) == "" and json.loads((place / "state.json").read_bytes())["step"] == step
    if number == signal.SIGTERM:
        end = tiny_recipe(training__max_steps=step + 3, training__save_every=100_000,
                          training__validate_every=100_000)  # fmt: skip
        train_to(end, run)
        train_to(end, tmp_path / "straight")
        assert outcome(run) == outcome(tmp_path / "straight")


def test_two_trainings_in_one_directory(tiny_recipe: Make, start: Start, tmp_path: Path) -> None:
    recipe = tiny_recipe(training__max_steps=100_000, training__save_every=100_000)
    run = tmp_path / "run"
    arguments = ["train", toml(recipe, tmp_path / "tiny.toml"), "--run", run, "--quiet"]
    with start(*arguments) as first, start(*arguments) as second:
        wait_for(lambda: second.poll() is not None, first)
        loser, winner = (first, second) if first.poll() is not None else (second, first)
        out, err = loser.communicate(timeout=LIMIT)
        assert winner.poll() is None
        wait_for((run / "log.jsonl").exists, winner)
        winner.send_signal(signal.SIGTERM)
        winner.communicate(timeout=LIMIT)
    assert (loser.returncode, winner.returncode) == (4, 143)
    said = f"error: run directory {run} is in use by pid {winner.pid} on host"
    assert out == b"" and err.decode().startswith(said) and err.count(b"\n") == 1
    assert len(saved(run)) == 1


def test_a_full_disk(tiny_recipe: Make, start: Start, tmp_path: Path) -> None:
    """A limit on the size of files stands in for it: exit 5, one line, and nothing half-written."""
    recipe = tiny_recipe(training__max_steps=10, model__hidden=128, model__feed_forward=512)
    file, run = toml(recipe, tmp_path / "tiny.toml"), tmp_path / "run"
    command = f"ulimit -f 600; exec {sys.executable} -m seq2seq train {file} --run {run} --quiet"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, timeout=LIMIT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 5
    assert done.stderr.startswith(b"error: cannot write checkpoint step 4 in ")
    assert done.stderr.count(b"\n") == 1
    assert list((run / "checkpoints").iterdir()) == []
