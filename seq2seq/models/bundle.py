"""A model as it lies in a run directory: the recipe, the weights and the tokenizers.

A bundle is these files and nothing else:

recipe.json          the resolved recipe, versions, and the hashes of data and tokenizers
model.safetensors    the best weights so far
source.model target.model   (or source.vocab, target.vocab)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from seq2seq.config.schema import Recipe
from seq2seq.errors import ModelError
from seq2seq.models.build import build_model
from seq2seq.models.weights import unpack
from seq2seq.text.folder import load_tokenizers, read_small
from seq2seq.text.tokenizer import Tokenizer

FORMAT = 1
RECIPE, WEIGHTS = "recipe.json", "model.safetensors"
LARGEST_JSON = 1 << 20  # bytes


@dataclass(frozen=True)
class Bundle:
    """A trained model, ready to use, on its device and in evaluation mode."""

    model: nn.Module
    source: Tokenizer
    target: Tokenizer
    recipe: Recipe
    usual_source: int | None = None  # pieces that nearly all sources of training had; None: unknown


def weight_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Return every weight once: a tied one stands under the first of its names."""
    return dict(model.named_parameters())


def read_document(run: Path) -> dict[str, Any]:
    """Return what recipe.json of a run directory says.

    Raises:
        ModelError: it is missing or damaged, or was made by a newer format.
    """
    path = run / RECIPE
    if not path.is_file():
        raise ModelError(
            f"{run} is no run directory: it has no {RECIPE}", "give the directory of a training run"
        )
    data = read_small(path, LARGEST_JSON)
    try:
        document = json.loads(data, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"{path} is damaged: {error}", "take it from a backup, or train again"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise ModelError(
            f"{path} is damaged: it names no format", "take it from a backup, or train again"
        )
    if document["format"] > FORMAT:
        raise ModelError(
            f"{path} has format {document['format']}, and this seq2seq reads up to {FORMAT}",
            "install a newer seq2seq",
        )
    return document


def read_recipe(run: Path) -> Recipe:
    """Return the resolved recipe of a run directory."""
    try:
        return Recipe.model_validate(read_document(run).get("recipe"))
    except ValidationError as error:
        first: Any = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        raise ModelError(
            f"{run / RECIPE} is damaged: {where + ': ' if where else ''}{said}",
            "take it from a backup, or train again",
        ) from error


def load_bundle_tokenizers(run: Path) -> tuple[Tokenizer, Tokenizer]:
    """Load the tokenizers of a run directory.

    Raises:
        ModelError: they are not those that the model was trained with.
    """
    hashes = read_document(run).get("tokenizers")
    recipe = read_recipe(run)
    source, target = load_tokenizers(run, recipe.text, recipe.data.languages)
    for side, tokenizer in (("source", source), ("target", target)):
        if not isinstance(hashes, dict) or hashes.get(side) != tokenizer.digest:
            raise ModelError(
                f"{run}: the {side} tokenizer is not the one this model was trained with",
                "take the file from a backup",
            )
    return source, target


def load_bundle(run: Path, device: str | torch.device = "cpu") -> Bundle:
    """Load the best model of a run directory.

    Shapes are checked before anything large is allocated.

    Raises:
        ModelError: any file is missing or damaged, or the files do not fit together.
    """
    recipe = read_recipe(run)
    source, target = load_bundle_tokenizers(run)
    if not (run / WEIGHTS).exists():
        raise ModelError(
            f"{run} has no {WEIGHTS}",
            "take it from a backup, or let it train to its first validation: "
            f"seq2seq train --run {run} --resume",
        )
    with torch.device("meta"):
        model = build_model(recipe.model, recipe.text.source_order, source.size, target.size)
    tensors = unpack(run / WEIGHTS, weight_tensors(model))
    model.to_empty(device="cpu")
    retie(model, recipe)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[name])
    model = model.to(device).eval().requires_grad_(False)
    return Bundle(model, source, target, recipe, _usual_source(run))


def _usual_source(run: Path) -> int | None:
    usual = read_document(run).get("usual_source")
    return usual if type(usual) is int and usual > 0 else None  # older runs do not say


def retie(model: Any, recipe: Recipe) -> None:
    """Make shared weights one again: moving a model off the "meta" device tears them apart."""
    if recipe.model.tie == "none":
        return
    shared = (
        model.source_embedding.weight
        if recipe.model.tie == "all"
        else model.target_embedding.weight
    )
    model.target_embedding.weight = shared
    model.output.weight = shared


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice")
    return table


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
