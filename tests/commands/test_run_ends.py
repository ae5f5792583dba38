"""When `seq2seq train` ends, which setting ended it, and how a finished run goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seq2seq.training import loop

Cli = Callable[..., Any]
SMALL = [
    "--device", "cpu", "--set", "model.hidden=8", "--set", "model.heads=2",
    "--set", "model.feed_forward=8", "--set", "model.layers=1", "--set", "text.vocabulary=50",
    "--set", "decoding.max_ratio=1.0", "--set", "training.validation_sentences=0",
    "--set", "training.batch_tokens=900",
]  # fmt: skip
EPOCH = 3  # steps that the corpus of the tests has with such batches


def assigned(*assignments: str) -> list[str]:
    return [part for assignment in assignments for part in ("--set", assignment)]


@pytest.fixture
def new_run(cli: Cli, corpus: Path, tmp_path: Path) -> Callable[..., Any]:
    """Train a small model of the default recipe in `tmp_path/run`, with assignments."""

    def train(*assignments: str, run: str = "run") -> Any:
        arguments = ["--data", corpus, "--pair", "en-de", "--run", tmp_path / run, *SMALL]
        return cli("train", *arguments, *assigned(*assignments))

    return train


@pytest.fixture(scope="module")
def finished(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of the default recipe, small, that its single epoch has ended."""
    from seq2seq.config.loading import load_recipe, own_data
    from seq2seq.training.run import train

    run = tmp_path_factory.mktemp("finished") / "run"
    changes = [*own_data(corpus, "en-de"), *SMALL[3::2], "training.max_epochs=1.0"]
    for _ in train(load_recipe("default-transformer", changes), run, device="cpu"):
        pass
    return run


def steps_done(run: Path) -> int:
    return max(int(path.name.removeprefix("step-")) for path in run.glob("checkpoints/step-*"))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[float], float]], Any]:
    """Return a function that sets how many times slower the machine is, by the elapsed time.

    A step takes a second at full speed, a validation four; nothing waits for them.
    """
    now = SimpleNamespace(seconds=0.0)
    clock = SimpleNamespace(perf_counter=lambda: 1000.0 + now.seconds)

    def set_speed(slowness: Callable[[float], float]) -> Any:
        def taking(seconds: float, function: Callable[..., Any]) -> Callable[..., Any]:
            def slow(*arguments: Any) -> Any:
                now.seconds += seconds * slowness(now.seconds)
                return function(*arguments)

            return slow

        monkeypatch.setattr(loop, "time", clock)
        for name, seconds in (("train_step", 1.0), ("validate", 4.0), ("validation_loss", 4.0)):
            monkeypatch.setattr(loop, name, taking(seconds, getattr(loop, name)))
        return now

    return set_speed


@pytest.mark.parametrize(
    "slowness",
    [
        lambda elapsed: 3.0 if elapsed < 150.0 else 1.0,
        lambda elapsed: 1.0 if elapsed < 60.0 else 3.0,
        lambda elapsed: 3.0 if 20.0 <= elapsed < 80.0 else 1.0,
    ],
    ids=["faster", "slower", "busy for a while"],
)
def test_a_budget_is_kept_on_a_machine_that_changes(
    new_run: Callable[..., Any], machine: Any, tmp_path: Path, slowness: Any
) -> None:
    """Four minutes, within a tenth; the winner is named, in the card, too."""
    now = machine(slowness)
    done = new_run("training.max_minutes=4.0", "training.max_epochs=0.0", "training.patience=0",
                   "training.validate_every=40", "training.save_every=20",
                   "training.batch_tokens=60")  # fmt: skip
    assert done.code == 0, done.err
    assert 216.0 <= now.seconds <= 264.0
    assert "finished, by training.max_minutes=4\n" in done.err
    card = (tmp_path / "run" / "README.md").read_text()
    assert "**Ended**: finished (`training.max_minutes=4`)" in card


def test_the_decision_is_written_and_taken_up(
    new_run: Callable[..., Any], machine: Any, cli: Cli, tmp_path: Path
) -> None:
    machine(lambda elapsed: 3.0 if elapsed < 100.0 else 1.0)
    new_run("training.max_minutes=4.0", "training.max_epochs=0.0", "training.validate_every=1000",
            "training.save_every=20", "training.keep=50", "training.batch_tokens=60")  # fmt: skip
    run = tmp_path / "run"
    totals = {}
    for path in sorted(run.glob("checkpoints/*/state.json")):
        totals[path.parent] = json.loads(path.read_bytes())["total_steps"]
    assert len(set(totals.values())) > 2
    *early, third = list(totals)[:3]
    for path in set(totals) - {*early, third}:
        shutil.rmtree(path)  # as if it had been killed after the third
    (run / "README.md").unlink()
    resumed = cli("train", "--run", run, "--resume")
    assert f"training from step 60 of {totals[third]}\n" in resumed.err


@pytest.mark.parametrize(
    ("assignments", "winner"),
    [
        (["training.max_steps=2", "training.max_epochs=9.0"], "finished, by training.max_steps=2"),
        (["training.max_steps=9", "training.max_epochs=1.0"], "finished, by training.max_epochs=1"),
        (
            ["training.learning_rate=1e-9", "training.validate_every=1", "training.patience=1"],
            "no better, by training.patience=1",
        ),
    ],
)
def test_the_limit_that_won_is_named(
    new_run: Callable[..., Any], tmp_path: Path, assignments: list[str], winner: str
) -> None:
    done = new_run(*assignments)
    assert done.code == 0 and done.err.endswith(f": {winner}\n")
    reason, _, limit = winner.partition(", by ")
    assert f"**Ended**: {reason} (`{limit}`)" in (tmp_path / "run" / "README.md").read_text()


def test_a_tenth_of_an_epoch_is_one_step(new_run: Callable[..., Any], tmp_path: Path) -> None:
    """An epoch has three steps; 0.1 of them was taken for no limit."""
    assert new_run("training.max_epochs=0.1", "training.max_minutes=0.01").code == 0
    assert steps_done(tmp_path / "run") == 1


def test_a_limit_that_never_applies_is_told(new_run: Callable[..., Any]) -> None:
    done = new_run("training.max_steps=2000", "training.max_epochs=2.0", "training.warmup=1")
    assert f"training.max_epochs=2 ends the run after {2 * EPOCH} steps, before " in done.err
    assert "training.max_steps=2000 (2,000 steps) does" in done.err
    assert "--set training.max_epochs=0 takes that limit away" in done.err


def test_a_budget_that_never_applies_is_told(new_run: Callable[..., Any], machine: Any) -> None:
    machine(lambda elapsed: 1.0)
    done = new_run("training.max_minutes=9.0", "training.max_steps=60", "training.max_epochs=0.0",
                   "training.batch_tokens=60")  # fmt: skip
    said = "training.max_steps=60 ends the run after 60 steps, before training.max_minutes=9 ("
    assert said in done.err and done.err.endswith(": finished, by training.max_steps=60\n")


def test_a_warm_up_that_is_longer_than_the_run_is_told(new_run: Callable[..., Any]) -> None:
    """The default recipe warms up for 300 steps, and small texts have few in 30 epochs."""
    said = "training.warmup=300 is not over when the run ends after 3 steps"
    assert said in new_run("training.max_steps=3").err
    short = new_run("training.max_steps=3", "training.warmup=1", run="short")
    assert "training.warmup" not in short.err


def test_a_finished_run_is_extended_as_the_readme_says(
    cli: Cli, finished: Path, tmp_path: Path
) -> None:
    """A later max_steps lifts the epochs that had ended the run, and says so."""
    run = shutil.copytree(finished, tmp_path / "run")
    again = cli("train", "--run", run, "--resume")
    assert again.code == 0
    said = f"is already finished, at step {EPOCH}, by training.max_epochs=1; to go on: "
    assert said in again.err
    done = cli("train", "--run", run, "--resume", "--set", "training.max_steps=5")
    assert done.code == 0, done.err
    assert "training.max_epochs=1 has ended this run; it is lifted, since training.max_steps=5" in (
        done.err
    )
    assert done.err.endswith(": finished, by training.max_steps=5\n")
    assert steps_done(run) == 5


@pytest.mark.parametrize("later", ["training.max_epochs=2", "training.max_minutes"])
def test_other_limits_can_be_raised_too(
    cli: Cli, finished: Path, tmp_path: Path, later: str
) -> None:
    run = shutil.copytree(finished, tmp_path / "run")
    state = run / "checkpoints" / f"step-{EPOCH:09d}" / "state.json"
    seconds = json.loads(state.read_bytes())["seconds"]
    if later.startswith("training.max_minutes"):
        later = f"training.max_minutes={(seconds + 0.5) / 60.0}"
    done = cli("train", "--run", run, "--resume", *assigned(later))
    assert done.code == 0, done.err
    assert steps_done(run) > EPOCH
    assert later.partition("=")[0] in done.err.splitlines()[-1]


def test_patience_can_be_raised(new_run: Callable[..., Any], cli: Cli, tmp_path: Path) -> None:
    new_run("training.learning_rate=1e-9", "training.validate_every=1", "training.patience=1",
            "training.max_epochs=3.0")  # fmt: skip
    before = steps_done(tmp_path / "run")
    resume = ("train", "--run", tmp_path / "run", "--resume")
    said = f"at step {before}, by training.patience=1; to go on: "
    told = cli(*resume).err
    assert said in told and told.split(said)[1].startswith("seq2seq train --run ")
    assert cli(*resume, *assigned("training.patience=3")).code == 0
    assert steps_done(tmp_path / "run") > before


def test_an_end_that_lies_behind_is_refused(cli: Cli, finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "run")
    done = cli("train", "--run", run, "--resume", "--quiet", *assigned("training.max_steps=2"))
    assert done.code == 4 and done.err.count("\n") == 1
    assert f"is at step {EPOCH} already" in done.err
    assert "training.max_steps=2 lies behind it; give it a later end" in done.err
