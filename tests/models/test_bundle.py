"""A run directory from a stranger: it loads whole, or is refused in one line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq.config.schema import Recipe
from seq2seq.errors import ModelError
from seq2seq.models import bundle as module
from seq2seq.models.bundle import (
    LARGEST_JSON,
    load_bundle,
    load_bundle_tokenizers,
    read_document,
    read_recipe,
    weight_tensors,
)
from seq2seq.models.weights import unpack

Edit = Callable[..., Path]


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("checkpoints")
    return Path(shutil.copytree(tiny_run, tmp_path / "run", ignore=ignore))


@pytest.fixture
def edit(run: Path) -> Edit:
    """Change values of recipe.json by dotted key."""

    def change(**values: Any) -> Path:
        document = json.loads((run / "recipe.json").read_bytes())
        document.pop("sha256")  # as runs had it before there was one
        for key, value in values.items():
            *above, last = key.split("__")
            table = document
            for name in above:
                table = table[name]
            table[last] = value
        (run / "recipe.json").write_text(json.dumps(document))
        return run

    return change


def refused(run: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_bundle(run)
    text = str(caught.value)
    assert str(run) in text and "\n" not in text
    return text


def test_a_bundle_is_ready_to_use(run: Path, tiny_recipe: Callable[..., Recipe]) -> None:
    bundle = load_bundle(run)
    assert bundle.recipe == tiny_recipe()
    assert not bundle.model.training
    assert not any(parameter.requires_grad for parameter in bundle.model.parameters())
    saved = unpack(run / "model.safetensors")
    assert {name: value.tolist() for name, value in weight_tensors(bundle.model).items()} == {
        name: value.tolist() for name, value in saved.items()
    }


def test_tied_weights_stay_one(run: Path) -> None:
    model: Any = load_bundle(run).model
    assert model.output.weight is model.target_embedding.weight is model.source_embedding.weight
    assert "output.weight" not in weight_tensors(model)


@pytest.mark.parametrize("tie", ["none", "output"])
def test_retie(tie: str) -> None:
    from seq2seq.models.build import build_model

    values = {"model": {"tie": tie, "hidden": 8, "heads": 2}, "training": {"max_steps": 1}}
    recipe = Recipe.model_validate(values)
    model: Any = build_model(recipe.model, "forward", 9, 9).to("meta").to_empty(device="cpu")
    module.retie(model, recipe)
    assert (model.output.weight is model.target_embedding.weight) == (tie == "output")
    assert model.source_embedding.weight is not model.target_embedding.weight


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "damaged"),
        ("[]", "names no format"),
        ("{}", "names no format"),
        ('{"format": "1"}', "names no format"),
        ('{"format": 1}', "damaged"),
        ('{"format": 2}', "has format 2, and this seq2seq reads up to 1"),
        ('{"format": 1, "format": 1}', "a key stands twice"),
        ('{"format": NaN}', "NaN is not a number"),
        ('{"format": 1, "x": -Infinity}', "-Infinity is not a number"),
        ('{"format": 1, "x": ' + "9" * 5000 + "}", "damaged"),
        ('{"x": ' + "[" * 100_000, "damaged"),
        ('{"format": 1, "recipe": []}', "damaged"),
        ('{"format": 1, "recipe": {"seed": 1e999}}', "1e999 is too large for a number"),
        ("\xff", "damaged"),
        (" " * (LARGEST_JSON + 1), "more than the 1048576 allowed"),
    ],
)
def test_damaged_recipes(run: Path, text: str, said: str) -> None:
    (run / "recipe.json").write_text(text, encoding="latin-1")
    assert said in refused(run)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("recipe__model__hidden", 10**9),
        ("recipe__model__layers", 10**7),
        ("recipe__model__feed_forward", 2**62),
        ("recipe__model__heads", 0),
        ("recipe__model__heads", 3),
        ("recipe__model__dropout", "0.1"),
        ("recipe__model__architecture", "os.system"),
        ("recipe__model__cell", "../lstm"),
        ("recipe__model__surprise", 1),
        ("recipe__model__cell_options", {"surprise": 1}),
        ("recipe__text__vocabulary", 2**62),
        ("recipe__data__pair", "../../etc"),
        ("recipe__training__learning_rate", 1e999),
        ("recipe", None),
        ("tokenizers", {}),
        ("tokenizers", []),
        ("tokenizers", {"source": 3, "target": None}),
    ],
)
def test_recipes_with_wrong_values(edit: Edit, key: str, value: Any) -> None:
    with pytest.raises(ModelError):
        load_bundle(edit(**{key: value}))


def test_sizes_are_checked_before_anything_is_allocated(
    edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("weights were made")

    monkeypatch.setattr(torch.nn.Module, "to_empty", never)
    largest = {"hidden": 16384, "feed_forward": 65536, "heads": 256, "layers": 3}
    run = edit(**{f"recipe__model__{key}": value for key, value in largest.items()})
    assert "does not fit its recipe" in refused(run)


def test_a_model_of_another_shape(edit: Edit) -> None:
    assert "does not fit its recipe" in refused(edit(recipe__model__layers=2))


def test_the_tokenizer_is_the_one_it_was_trained_with(run: Path, edit: Edit) -> None:
    for name in ("source.model", "target.model"):
        data = bytearray((run / name).read_bytes())
        data[-1] ^= 1
        (run / name).write_bytes(bytes(data))
    assert "tokenizer" in refused(run) or "damaged" in refused(run)
    hashes = json.loads((run / "recipe.json").read_bytes())["tokenizers"]
    edit(tokenizers={**hashes, "target": "0" * 64})
    with pytest.raises(ModelError):
        load_bundle_tokenizers(run)


@pytest.mark.parametrize("name", ["recipe.json", "model.safetensors", "source.model"])
def test_missing_files(run: Path, name: str) -> None:
    (run / name).unlink()
    told = refused(run)
    assert name in told
    if name == "model.safetensors":
        assert "first validation" in told and "--resume" in told


@pytest.mark.parametrize("name", ["recipe.json", "model.safetensors", "source.model"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_files_that_are_something_else(run: Path, tmp_path: Path, name: str, kind: str) -> None:
    """A link may lead out of the directory, and a pipe keeps its reader waiting for ever."""
    path, aside = run / name, tmp_path / "aside"
    path.rename(aside)
    if kind == "link":
        path.symlink_to(aside)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    refused(run)


def test_what_is_no_run(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "none" / "deeper"):
        assert "no run directory" in refused(path)


def test_a_run_directory_may_be_a_link_itself(run: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(run)
    assert load_bundle(tmp_path / "link").recipe == read_recipe(run)


def test_a_document_says_where_it_comes_from(run: Path) -> None:
    document = read_document(run)
    assert set(document["tokenizers"]) == {"source", "target"}
    assert document["format"] == 1 and document["command"] == "seq2seq train tiny"
    assert (
        document["environment"]["threads"] == 1 and "torch" in document["environment"]["packages"]
    )
