"""The mean of the last checkpoints, at the end of a run and afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq.config.schema import Recipe
from seq2seq.models.weights import unpack

Make = Callable[..., Recipe]
FOUR = {"training__average_checkpoints": 3, "training__keep": 4}


def validations(run: Path) -> list[dict[str, Any]]:
    records = map(json.loads, (run / "log.jsonl").read_text().splitlines())
    return [record for record in records if record["event"] == "validation"]


@pytest.mark.parametrize("decay", [0.0, 0.8])
def test_it_is_the_mean_of_what_is_kept(
    tiny_recipe: Make, train_to: Any, tmp_path: Path, decay: float
) -> None:
    """Judged by the loss here, so that the mean of a model that still learns fast may lose."""
    recipe = tiny_recipe(
        **FOUR, training__average_decay=decay, training__validation_sentences=0,
        training__learning_rate=0.003, training__schedule="constant",
    )  # fmt: skip
    run = tmp_path / "run"
    assert train_to(recipe, run).reason == "finished"
    *usual, last = validations(run)
    assert [one["averaged"] for one in usual] == [0, 0]
    assert (last["averaged"], last["step"]) == (3, 12)
    name = "average.safetensors" if decay else "weights.safetensors"
    places = [run / "checkpoints" / f"step-{step:09d}" for step in (4, 8, 12)]
    sets = [unpack(place / name) for place in places]
    assert all(weights.keys() == sets[0].keys() for weights in sets)
    kept = unpack(run / "model.safetensors")
    assert last["best"] == (last["loss"] < min(one["loss"] for one in usual))
    for key, value in kept.items():
        mean = sum(weights[key] for weights in sets) / 3
        assert torch.allclose(value, mean, atol=1e-6) == last["best"]


def test_signals_on_the_way_change_nothing(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    recipe = tiny_recipe("recurrent", **FOUR)
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert train_to(recipe, straight).reason == "finished"
    assert train_to(recipe, broken, [2, 3, 5, 7, 9, 11]).reason == "finished"
    assert outcome(broken) == outcome(straight)
    assert outcome(broken)[1][-1]["averaged"] == 3


def test_afterwards_over_kept_checkpoints(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    """A finished run is averaged on resume, once, and ends as if it had been asked for before."""
    run, asked = tmp_path / "run", tmp_path / "asked"
    train_to(tiny_recipe(training__keep=4), run)
    recipe = tiny_recipe(**FOUR)
    for _ in range(2):
        assert train_to(recipe, run).reason == "already finished"
        assert len(validations(run)) == 3
    train_to(recipe, asked)
    assert outcome(run) == outcome(asked)


def test_a_run_goes_on_after_it_was_averaged(
    tiny_recipe: Make, train_to: Any, tmp_path: Path
) -> None:
    run, straight = tmp_path / "run", tmp_path / "straight"
    train_to(tiny_recipe(**FOUR), run)
    train_to(tiny_recipe(**FOUR, training__max_steps=16), run)
    train_to(tiny_recipe(**FOUR, training__max_steps=16), straight)
    assert [one["averaged"] for one in validations(run)] == [0, 0, 3, 0, 3]
    weights = "checkpoints/step-000000016/weights.safetensors"
    assert (run / weights).read_bytes() == (straight / weights).read_bytes()


def test_fewer_checkpoints_than_asked_for(cli: Any, corpus: Path, tmp_path: Path) -> None:
    sets = [
        f"--set=training.{one}" for one in (
            "max_steps=2", "save_every=1", "average_checkpoints=3", "keep=3", "validate_every=1",
            "validation_sentences=0",
        )
    ]  # fmt: skip
    small = ["--set=model.hidden=16", "--set=model.layers=1", "--set=text.vocabulary=50"]
    done = cli("train", "--data", corpus, "--pair", "en-de", "--run", tmp_path / "r", *sets, *small)
    assert done.code == 0, done.err
    assert "2 of 3 checkpoints are there to be averaged" in done.err
    assert "validation of the mean of 2 checkpoints at step 2" in done.err
    done = cli("train", "--data", corpus, "--pair", "en-de", "--run", tmp_path / "s", *sets, *small,
               "--set=training.keep=2")  # fmt: skip
    assert done.code == 4
    assert "average_checkpoints cannot be more than keep" in done.err
