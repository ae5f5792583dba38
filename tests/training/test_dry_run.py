"""Sizes without a step, and without memory."""

from __future__ import annotations

from collections.abc import Callable

import torch

from seq2seq.config.loading import load_recipe
from seq2seq.config.schema import Recipe
from seq2seq.models.build import parameters_by_part
from seq2seq.training.dry_run import dry_run
from seq2seq.training.sizes import memory_estimate, nominal_sizes, sizes_of


def test_the_size_of_2014() -> None:
    """384 million parameters, 64 million of them recurrent (Sutskever et al. 2014, 3.4)."""
    recipe = load_recipe("sutskever2014-wmt14-en-fr")
    sizes = nominal_sizes(recipe)
    assert sizes.all - sizes.biases == 384_000_000
    assert sizes.recurrent == 64_000_000
    assert (sizes.source, sizes.target) == (160_000, 80_000)
    assert sum(sizes.parts.values()) == sizes.all
    assert memory_estimate(recipe, sizes) > 2 * 4 * sizes.all


def test_sizes_are_those_of_the_model(tiny_recipe: Callable[..., Recipe]) -> None:
    from seq2seq.models.build import MODELS, build_model

    for architecture in MODELS:
        sizes_of_it = {"layers": 2, "hidden": 16, "embedding": 16, "heads": 2}
        recipe = tiny_recipe(model={"architecture": architecture, **sizes_of_it})
        model = build_model(recipe.model, recipe.text.source_order, 30, 30)
        sizes = sizes_of(recipe, 30, 30)
        assert sizes.parts == parameters_by_part(model)
        assert sizes.all == sum(parameter.numel() for parameter in model.parameters())
        assert (sizes.recurrent > 0) == ("transformer" not in architecture)


def test_nothing_is_drawn_or_trained(tiny_recipe: Callable[..., Recipe]) -> None:
    notes: list[str] = []
    before = torch.get_rng_state()
    found = dry_run(tiny_recipe(), notes.append)
    assert torch.equal(torch.get_rng_state(), before)
    assert found.report.kept == 300 and found.steps_per_epoch > 1
    assert found.sizes.source <= 50
    for example in found.examples:
        assert (example.source_again, example.target_again) == (example.source, example.target)
        assert "".join(example.source_pieces).replace("▁", " ").strip() == example.source


def test_accumulated_steps(tiny_recipe: Callable[..., Recipe]) -> None:
    one = dry_run(tiny_recipe(), lambda message: None).steps_per_epoch
    three = dry_run(tiny_recipe(training__accumulate=3), lambda message: None).steps_per_epoch
    assert three == -(-one // 3)
