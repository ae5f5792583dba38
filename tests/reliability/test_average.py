"""The moving average of the weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq.config.schema import Recipe
from seq2seq.errors import ModelError
from seq2seq.models.bundle import load_bundle
from seq2seq.models.weights import unpack
from seq2seq.training.average import WeightAverage
from seq2seq.training.run import train

Make = Callable[..., Recipe]


def test_it_follows_its_formula() -> None:
    model = torch.nn.Linear(2, 1, bias=False)
    model.weight.data.fill_(1.0)
    average = WeightAverage(model, 0.5)
    expected = 1.0
    for step in range(1, 30):
        model.weight.data.fill_(float(step))
        average.update(model, step)
        decay = min(0.5, (step + 1) / (step + 10))
        expected = decay * expected + (1 - decay) * step
        assert average.tensors["weight"][0, 0].item() == pytest.approx(expected)


def test_it_stands_in_and_leaves_again() -> None:
    model = torch.nn.Linear(2, 1)
    average = WeightAverage(model, 0.9)
    before = average.tensors["weight"].clone()
    model.weight.data += 1.0
    weights = model.weight.detach().clone()
    with average.standing_in(model):
        assert torch.equal(model.weight, before)
    assert torch.equal(model.weight, weights)
    assert torch.equal(average.tensors["weight"], before)
    with pytest.raises(ZeroDivisionError), average.standing_in(model):
        raise ZeroDivisionError
    assert torch.equal(model.weight, weights)


@pytest.mark.parametrize("architecture", ["recurrent", "transformer"])
def test_the_run_keeps_the_average(
    tiny_recipe: Make, train_to: Any, tmp_path: Path, architecture: str
) -> None:
    """It is what is validated and kept, and training itself goes on as if it were not there."""
    plain, averaged = (
        tiny_recipe(architecture, training__average_decay=decay, training__validate_every=12)
        for decay in (0.0, 0.9)
    )
    train_to(plain, tmp_path / "plain")
    train_to(averaged, tmp_path / "averaged")
    last = "checkpoints/step-000000012"
    one, other = (tmp_path / run / last / "weights.safetensors" for run in ("plain", "averaged"))
    assert one.read_bytes() == other.read_bytes()
    kept = unpack(tmp_path / "averaged" / "model.safetensors")
    saved = unpack(tmp_path / "averaged" / last / "average.safetensors")
    assert kept.keys() == saved.keys()
    assert all(torch.equal(kept[name], saved[name]) for name in kept)
    raw = unpack(one)
    assert any(not torch.equal(kept[name], raw[name]) for name in kept)
    assert load_bundle(tmp_path / "averaged").model is not None


def test_resume_is_exact_with_everything_on(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    for architecture in ("recurrent", "transformer"):
        own = {"model__layer_dropout": 0.5} if architecture == "transformer" else {}
        recipe = tiny_recipe(
            architecture, training__average_decay=0.8, training__subword_sampling=0.2,
            training__consistency=2.0, training__max_steps=30, training__save_every=7,
            training__average_checkpoints=2, model__word_dropout=0.1,
            model__embedding_dropout=0.1, **own,
        )  # fmt: skip
        straight, broken = tmp_path / architecture / "straight", tmp_path / architecture / "broken"
        straight.parent.mkdir()
        assert train_to(recipe, straight).reason == "finished"
        assert train_to(recipe, broken, [3, 9, 17, 18, 29]).reason == "finished"
        assert outcome(broken) == outcome(straight)


def test_layers_that_never_learned_are_saved_and_taken_up(
    tiny_recipe: Make, train_to: Any, outcome: Any, tmp_path: Path
) -> None:
    """Where a layer was left out of each step so far, the optimiser knows nothing of it yet."""
    recipe = tiny_recipe(model__layer_dropout=0.9)
    assert train_to(recipe, tmp_path / "straight").reason == "finished"
    assert train_to(recipe, tmp_path / "broken", [1, 2, 3]).reason == "finished"
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "straight")


def test_a_lost_average_is_a_damaged_checkpoint(tiny_recipe: Make, tmp_path: Path) -> None:
    recipe = tiny_recipe(training__average_decay=0.8)
    for _ in train(recipe, tmp_path / "run", device="cpu"):
        pass
    for file in (tmp_path / "run" / "checkpoints").glob("*/average.safetensors"):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="every checkpoint"):
        for _ in train(recipe, tmp_path / "run", resume=True, device="cpu"):
            pass
