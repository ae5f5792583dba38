"""What the schema derives from its fields."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from seq2seq.config.schema import DataConfig, Recipe, TextConfig, TrainingConfig
from seq2seq.config.shipped import recipe_root, shipped_recipes


def test_languages() -> None:
    assert DataConfig(pair="en-fr").languages == ("en", "fr")
    assert DataConfig(pair="en_GB-zh_Hans").languages == ("en_GB", "zh_Hans")


def test_vocabulary_sizes() -> None:
    assert TextConfig(vocabulary=100).sizes == (100, 100)
    assert TextConfig(vocabulary=[100, 50], joint=False).sizes == (100, 50)


def test_ends() -> None:
    assert TrainingConfig(max_steps=3, max_minutes=1.5).ends == [3.0, 0.0, 1.5]


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Recipe().seed = 3  # type: ignore[misc]


def test_a_recipe_survives_its_own_json() -> None:
    recipe = Recipe(text=TextConfig(vocabulary=[100, 50], joint=False))
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_names_of_shipped_recipes_are_folder_and_file() -> None:
    found = shipped_recipes()
    assert found["default-transformer"] == recipe_root() / "default" / "transformer.toml"
    assert all(name == f"{file.parent.name}-{file.stem}" for name, file in found.items())


def test_words_are_not_normalised() -> None:
    with pytest.raises(ValueError, match="text.normalization: word vocabularies"):
        Recipe.model_validate({"text": {"tokenizer": "words", "normalization": "nfkc"}})
