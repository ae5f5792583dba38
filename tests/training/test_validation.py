"""Validation measures; it changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq.config.schema import Recipe
from seq2seq.models.weights import unpack
from seq2seq.training.events import Validated
from seq2seq.training.run import train
from seq2seq.training.session import open_session
from seq2seq.training.validation import validate, validation_loss

Make = Callable[..., Recipe]


@pytest.fixture
def session(tiny_recipe: Make, tmp_path: Path) -> Any:
    return open_session(
        tiny_recipe(model__dropout=0.5), tmp_path, resume=False, device="cpu", command="",
        note=lambda message: None,
    )  # fmt: skip


def test_no_random_number_is_drawn(session: Any) -> None:
    batches = [session.prepared.valid.gather(range(len(session.prepared.valid)))]
    before = torch.get_rng_state()
    first = validate(session.model, session.prepared, batches, session.recipe, 3, "float32")
    second = validate(session.model, session.prepared, batches, session.recipe, 3, "float32")
    assert torch.equal(torch.get_rng_state(), before)
    assert first == second and session.model.training
    assert first.perplexity == pytest.approx(math.exp(first.loss))
    assert first.bleu is not None and first.signature.startswith("nrefs:1|")
    assert len(first.samples) == 3 and first.samples[0][0] == session.prepared.valid_sources[0]


def test_the_loss_is_per_label_however_it_is_batched(session: Any) -> None:
    valid = session.prepared.valid
    model = session.model.eval()
    whole = validation_loss(model, [valid.gather(range(12))], "float32")
    parts = [valid.gather(range(start, start + 4)) for start in (0, 4, 8)]
    assert validation_loss(model, parts, "float32") == pytest.approx(whole, rel=1e-5)
    assert validation_loss(model, [], "float32") == 0.0


def test_without_translations(session: Any, tiny_recipe: Make) -> None:
    recipe = tiny_recipe(training__validation_sentences=0)
    batches = [session.prepared.valid.gather(range(12))]
    found = validate(session.model, session.prepared, batches, recipe, 3, "float32")
    assert found.bleu is None and found.signature == "" and found.samples == []


@pytest.mark.parametrize("architecture", ["recurrent", "transformer"])
def test_how_often_it_looks_changes_nothing(
    tiny_recipe: Make, tmp_path: Path, architecture: str
) -> None:
    found = []
    for number, (validate_every, save_every, log_every) in enumerate([(3, 1, 1), (100, 8, 7)]):
        recipe = tiny_recipe(
            architecture,
            training__max_steps=8,
            training__validate_every=validate_every,
            training__save_every=save_every,
            training__log_every=log_every,
            training__patience=0,
        )
        run = tmp_path / str(number)
        list(train(recipe, run, device="cpu"))
        place = run / "checkpoints" / "step-000000008"
        parts = ("weights.safetensors", "optimizer.safetensors")
        found.append([(place / name).read_bytes() for name in parts])
    assert found[0] == found[1]


def test_the_best_is_kept(tiny_recipe: Make, tmp_path: Path) -> None:
    """By loss where nothing is translated; and patience ends the run."""
    recipe = tiny_recipe(
        training__max_steps=60, training__validate_every=2, training__validation_sentences=0,
        training__learning_rate=1.0, training__warmup=0, training__patience=3,
    )  # fmt: skip
    events = list(train(recipe, tmp_path / "run", device="cpu"))
    seen = [event for event in events if isinstance(event, Validated)]
    losses = [event.loss for event in seen]
    best = min(range(len(seen)), key=lambda place: losses[place])
    assert [event.best for event in seen] == [
        loss < min(losses[:place], default=math.inf) for place, loss in enumerate(losses)
    ]
    stopped: Any = events[-1]
    assert stopped.reason == "no better" and len(seen) == best + 4
    assert stopped.step == seen[-1].step < 60
    unpack(tmp_path / "run" / "model.safetensors")
