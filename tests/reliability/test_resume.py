"""A run that was stopped and resumed ends in the same bytes as one that never was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.config.schema import Recipe
from seq2seq.errors import ModelError, UsageError
from seq2seq.training.run import train

Make = Callable[..., Recipe]


def steps_an_epoch(recipe: Recipe) -> int:
    from seq2seq.training.dry_run import dry_run

    return dry_run(recipe, lambda message: None).steps_per_epoch


def snapshot(run: Path) -> dict[str, tuple[int, int, str]]:
    return {
        str(path.relative_to(run)): (
            path.stat().st_ino,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.mark.parametrize("architecture", ["recurrent", "bahdanau", "luong", "gnmt", "transformer"])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_stopped_and_resumed(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path, architecture: str,
    accumulate: int,
) -> None:  # fmt: skip
    """At an epoch's end, one step before and after it, at a validation, and elsewhere."""
    recipe = tiny_recipe(architecture, training__accumulate=accumulate)
    epoch = steps_an_epoch(recipe)
    steps = 2 * epoch + 3
    recipe = tiny_recipe(
        architecture, training__accumulate=accumulate, training__max_steps=steps,
        training__save_every=5, training__schedule="cosine",
    )  # fmt: skip
    assert train_to(recipe, tmp_path / "straight").reason == "finished"
    stops = sorted({2, 6, epoch - 1, epoch, epoch + 1, 2 * epoch, steps - 1})
    assert train_to(recipe, tmp_path / "broken", stops).reason == "finished"
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "straight")
    last = f"checkpoints/step-{steps:09d}"
    for name in ("weights.safetensors", "optimizer.safetensors"):
        one, other = ((tmp_path / run / last / name) for run in ("straight", "broken"))
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    "precision",
    ["float32", "bfloat16"],
)
def test_work_after_the_last_checkpoint_is_done_again(
    tiny_recipe: Make,
    train_to: Any,
    outcome: Any,
    tmp_path: Path,
    precision: str,
    request: pytest.FixtureRequest,
) -> None:
    """As after a kill: the loop is left in the middle, with later lines in the log."""
    if precision == "bfloat16":
        request.getfixturevalue("bfloat16")  # skips where the processor has none
    recipe = tiny_recipe(training__precision=precision, training__save_every=5)
    train_to(recipe, tmp_path / "straight")
    for leave in (4, 9, 11):
        resume = (tmp_path / "killed" / "recipe.json").exists()
        events = train(recipe, tmp_path / "killed", resume=resume, device="cpu")
        for event in events:
            if getattr(event, "step", 0) >= leave and type(event).__name__ != "Started":
                break
        events.close()  # type: ignore[attr-defined]
    train_to(recipe, tmp_path / "killed")
    assert outcome(tmp_path / "killed") == outcome(tmp_path / "straight")


def test_stopped_early_and_resumed(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    """Patience counts on where it was, and a signal at the last step changes nothing."""
    recipe = tiny_recipe(
        training__max_steps=60, training__validate_every=2, training__validation_sentences=0,
        training__learning_rate=1.0, training__warmup=0, training__patience=2,
    )  # fmt: skip
    end = train_to(recipe, tmp_path / "straight")
    assert end.reason == "no better" and end.step < 60
    stops = range(1, end.step)
    assert train_to(recipe, tmp_path / "broken", stops).reason == "no better"
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "straight")


def test_a_finished_run_stays_as_it_is(tiny_recipe: Make, train_to: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_to(tiny_recipe(), run)
    before = snapshot(run)
    end = train_to(tiny_recipe(), run, resume=True)
    assert (end.reason, end.step) == ("already finished", 12)
    assert snapshot(run) == before
    (run / "README.md").unlink()  # killed before it was written
    train_to(tiny_recipe(), run)
    assert snapshot(run).keys() == before.keys()


def test_a_longer_end_goes_on(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    recipe = tiny_recipe(training__max_steps=24)
    train_to(recipe, tmp_path / "straight")
    train_to(tiny_recipe(), tmp_path / "longer")
    assert train_to(recipe, tmp_path / "longer", [15, 19]).step == 24
    assert outcome(tmp_path / "longer") == outcome(tmp_path / "straight")


def test_an_end_that_lies_behind_is_refused_and_one_that_is_reached_takes_no_step(
    tiny_recipe: Make, train_to: Any, tmp_path: Path
) -> None:
    train_to(tiny_recipe(), tmp_path / "run", [7], leave=True)
    before = snapshot(tmp_path / "run")
    with pytest.raises(ModelError, match="is at step 7 already"):
        train_to(tiny_recipe(training__max_steps=5), tmp_path / "run")
    assert snapshot(tmp_path / "run") == before
    last = train_to(tiny_recipe(training__max_steps=7), tmp_path / "run")
    assert (last.step, last.reason) == (7, "finished")


def test_the_log_is_whole(tiny_recipe: Make, train_to: Any, tmp_path: Path, outcome: Any) -> None:
    train_to(tiny_recipe(training__log_every=1), tmp_path / "run", [3, 7])
    _, history = outcome(tmp_path / "run")
    steps = [record["step"] for record in history if record["event"] == "step"]
    assert steps == list(range(1, 13))
    assert history[0]["loss"] > history[-2]["loss"]


def test_another_recipe(tiny_recipe: Make, train_to: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train_to(tiny_recipe(), run)
    before = snapshot(run)
    with pytest.raises(ModelError) as caught:
        train_to(tiny_recipe(training__learning_rate=0.5, seed=2), run)
    assert "training.learning_rate: 0.004 -> 0.5" in str(caught.value)
    assert "seed: 1 -> 2" in str(caught.value)
    assert snapshot(run) == before


def test_other_data(tiny_recipe: Make, make_corpus: Any, train_to: Any, tmp_path: Path) -> None:
    run, texts = tmp_path / "run", make_corpus(tmp_path / "texts")
    recipe = tiny_recipe(data={"path": str(texts), "pair": "en-de"})
    train_to(recipe, run)
    with (texts / "train.en").open("a") as source, (texts / "train.de").open("a") as target:
        source.write("ten\n")
        target.write("zehn\n")
    with pytest.raises(ModelError, match="training data of .* has changed"):
        train_to(recipe, run)
    (texts / "train.de").unlink()
    with pytest.raises(ModelError, match=r"the text of .* cannot be read: .*train\.de"):
        train_to(recipe, run)


def test_damaged_checkpoints(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train_to(tiny_recipe(), tmp_path / "straight")
    train_to(tiny_recipe(training__max_steps=12), run)
    newest = run / "checkpoints" / "step-000000012" / "optimizer.safetensors"
    newest.write_bytes(newest.read_bytes()[:-1])
    notes = [
        event.message
        for event in train(tiny_recipe(), run, resume=True, device="cpu")
        if hasattr(event, "message")
    ]
    said = "checkpoint step 12 is damaged (optimizer.safetensors: size), trying the one before"
    assert said in notes
    assert outcome(run) == outcome(tmp_path / "straight")
    for place in (run / "checkpoints").iterdir():
        os.truncate(place / "weights.safetensors", 9)
    with pytest.raises(ModelError, match="every checkpoint"):
        train_to(tiny_recipe(), run)


def test_a_run_without_a_checkpoint_begins_anew(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    train_to(tiny_recipe(), tmp_path / "straight")
    for folder in ("killed", "none"):
        run = tmp_path / folder
        if folder == "killed":
            events = train(tiny_recipe(), run, device="cpu")
            next(event for event in events if type(event).__name__ == "Step")
            events.close()  # type: ignore[attr-defined]
        events = train(tiny_recipe(), run, resume=True, device="cpu")
        notes = [event.message for event in events if hasattr(event, "message")]
        assert any("starting at step 0" in note for note in notes)
        assert outcome(run) == outcome(tmp_path / "straight")


def test_a_used_directory_is_refused(tiny_recipe: Make, train_to: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        list(train(tiny_recipe(), run, device="cpu"))
    assert [path.name for path in run.iterdir()] == ["thesis.txt"]
    (run / "thesis.txt").unlink()
    train_to(tiny_recipe(), run)
    with pytest.raises(UsageError, match="go on with --resume"):
        list(train(tiny_recipe(), run, device="cpu"))


def test_another_training_in_it_is_named(tiny_recipe: Make, tmp_path: Path) -> None:
    """Whoever comes later is told of the lock, not that the directory is not empty."""
    events = train(tiny_recipe(), tmp_path / "run", device="cpu")
    next(event for event in events if type(event).__name__ == "Step")
    for resume in (False, True):
        with pytest.raises(ModelError, match=f"in use by pid {os.getpid()}"):
            list(train(tiny_recipe(), tmp_path / "run", resume=resume, device="cpu"))
    events.close()  # type: ignore[attr-defined]


def test_other_surroundings_are_told(
    tiny_recipe: Make, train_to: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seq2seq.training import session

    train_to(tiny_recipe(), tmp_path / "run")
    real = session.environment
    monkeypatch.setattr(session, "environment", lambda *a: {**real(*a), "threads": 64})
    events = train(tiny_recipe(), tmp_path / "run", resume=True, device="cpu")
    notes = [event.message for event in events if hasattr(event, "message")]
    assert "exact resume is not possible: threads: 1 -> 64" in notes
