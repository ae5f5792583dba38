"""Every shipped recipe loads, is explained, and holds what its paper says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seq2seq.config.loading import load_recipe
from seq2seq.config.shipped import shipped_recipes
from seq2seq.models.build import MODELS

ROOT = Path(__file__).resolve().parents[2]
RECIPES = {
    f"{file.parent.name}-{file.stem}": file
    for file in sorted(ROOT.glob("recipes/*/*.toml"))
    if file.name != "experiment.toml"
}


def test_what_is_shipped() -> None:
    assert shipped_recipes() == RECIPES
    assert set(RECIPES) >= {
        "demo-lstm",
        "multi30k-en-de-transformer",
        "multi30k-en-de-lstm",
        "multi30k-en-de-bahdanau",
        "multi30k-en-de-luong",
        "multi30k-en-de-gnmt",
        "multi30k-en-fr-transformer",
        "multi30k-en-fr-lstm",
        "tatoeba-en-fr-transformer",
        "tatoeba-en-fr-lstm",
        "wmt14-en-fr-transformer",
        "wmt14-en-de-transformer",
        "sutskever2014-wmt14-en-fr",
    }


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_loads_and_says_what_it_is(name: str) -> None:
    recipe = load_recipe(name)
    title, expected = RECIPES[name].read_text(encoding="utf-8").splitlines()[:2]
    assert title.startswith("# ") and expected.startswith("# expected: ")
    readme = RECIPES[name].with_name("README.md").read_text(encoding="utf-8")
    assert f"`{name}`" in readme
    source, target = recipe.data.languages
    if re.search(r"-[a-z]{2}-[a-z]{2}(-|$)", name):
        assert f"{source}-{target}" in name
    named = [architecture for architecture in MODELS if architecture in name]
    assert recipe.model.architecture == (named[0] if named else "recurrent")


@pytest.mark.parametrize("folder", sorted({file.parent for file in RECIPES.values()}))
def test_readme_names_only_recipes_that_exist(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"seq2seq train ([a-z][a-z0-9-]+)", text))
    assert named <= set(RECIPES)


def test_the_paper_of_2014() -> None:
    recipe = load_recipe("sutskever2014-wmt14-en-fr")
    model, training = recipe.model, recipe.training
    assert (recipe.text.tokenizer, recipe.text.sizes) == ("words", (160_000, 80_000))
    assert recipe.text.source_order == "reverse"
    assert (model.cell, model.layers, model.hidden, model.embedding) == ("lstm", 4, 1000, 1000)
    assert (model.initial, model.dropout, model.tie) == (0.08, 0.0, "none")
    assert (training.optimizer, training.learning_rate) == ("sgd", 0.7)
    assert (training.schedule, training.halve_after, training.halve_every) == ("halving", 5.0, 0.5)
    assert (training.warmup, training.max_epochs) == (0, 7.5)
    assert (training.batch_sentences, training.loss_per, training.clip_norm) == (128, "sentence", 5)
    assert training.batch_tokens >= 128 * (recipe.data.max_length + 1)
    assert (recipe.decoding.beam, recipe.decoding.length_penalty) == (12, 0.0)
