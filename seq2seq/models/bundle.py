"""A model as it lies in a run directory: the recipe, the weights and the tokenizers.

A bundle is these files and nothing else:

recipe.json          the resolved recipe, versions, and the hashes of data and tokenizers
model.safetensors    the best weights so far
source.model target.model   (or source.vocab, target.vocab)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from seq2seq.config.schema import Recipe
from seq2seq.documents import digest_of_values, parse_json
from seq2seq.errors import ModelError
from seq2seq.files import read_plain
from seq2seq.models.build import allocate, outline
from seq2seq.models.weights import unpack
from seq2seq.runtime.memory import require_memory
from seq2seq.text.folder import load_tokenizers
from seq2seq.text.tokenizer import Tokenizer

FORMAT = 1
COPIES = 2  # of the weights while they are loaded: as they are read, and as the model has them
RECIPE, WEIGHTS = "recipe.json", "model.safetensors"
LARGEST_JSON = 1 << 20  # bytes
TRIES = 5  # of loading a run whose files are replaced at the same time


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
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(
            f"{run} is no run directory: it has no {RECIPE}", "give the directory of a training run"
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(
            f"cannot read {path}: {getattr(error, 'strerror', error)}",
            "give the directory of a training run",
        ) from None
    data = read_plain(path, LARGEST_JSON)
    try:
        document = parse_json(data)
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    format_ = document.get("format") if isinstance(document, dict) else None
    if type(format_) is not int or format_ < 1:  # True and 1.0 equal 1
        raise _damaged(path, "it names no format")
    if format_ > FORMAT:
        raise ModelError(
            f"{path} has format {format_}, and this seq2seq reads up to {FORMAT}",
            "install a newer seq2seq",
        )
    # Runs made before the sum was written have none, and are taken as they are.
    if "sha256" in document and document["sha256"] != digest_of_values(document):
        raise _damaged(path, "its SHA-256 does not match")
    return dict(document)


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path} is damaged: {reason}", "take it from a backup, or train again")


def read_recipe(run: Path) -> Recipe:
    """Return the resolved recipe of a run directory."""
    return _recipe_of(run, read_document(run))


def _recipe_of(run: Path, document: dict[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(document.get("recipe"))
    except ValidationError as error:
        first: Any = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ").replace("\n", "; ")
        raise _damaged(run / RECIPE, f"{where + ': ' if where else ''}{said}") from error


def load_bundle_tokenizers(run: Path) -> tuple[Tokenizer, Tokenizer]:
    """Load the tokenizers of a run directory.

    Raises:
        ModelError: they are not those that the model was trained with.
    """
    return _tokenizers_and_recipe(run)[:2]


def _tokenizers_and_recipe(run: Path) -> tuple[Tokenizer, Tokenizer, Recipe, dict[str, Any]]:
    document = read_document(run)
    hashes, recipe = document.get("tokenizers"), _recipe_of(run, document)
    source, target = load_tokenizers(run, recipe.text, recipe.data.languages)
    for side, tokenizer in (("source", source), ("target", target)):
        if not isinstance(hashes, dict) or hashes.get(side) != tokenizer.digest:
            raise ModelError(
                f"{run}: the {side} tokenizer is not the one this model was trained with",
                "take the file from a backup",
            )
    return source, target, recipe, document


def load_bundle(run: Path, device: str | torch.device = "cpu") -> Bundle:
    """Load the best model of a run directory.

    Shapes are checked before anything large is allocated. Each file is read once, from one
    descriptor; where another model is copied over this one meanwhile, all of them are read again.

    Raises:
        ModelError: any file is missing or damaged, or the files do not fit together.
        ResourceError: there is too little memory for the weights.
    """
    for _ in range(TRIES):
        before = _versions(run)
        try:
            bundle = _load_once(run, device)
        except ModelError:
            if _versions(run) == before:
                raise
        else:
            if _versions(run)[0] == before[0]:  # newer weights alone belong to the same recipe
                return bundle
    raise ModelError(f"{run} is being written to all the time", "wait for it, or copy it again")


def _versions(run: Path) -> list[tuple[int, ...]]:
    """Return what tells one version of recipe.json and of the weights from another."""
    versions: list[tuple[int, ...]] = []
    for name in (RECIPE, WEIGHTS):
        try:
            facts = os.lstat(run / name)
            versions.append((facts.st_ino, facts.st_size, facts.st_mtime_ns))
        except OSError:
            versions.append(())
    return versions


def _load_once(run: Path, device: str | torch.device) -> Bundle:
    source, target, recipe, document = _tokenizers_and_recipe(run)
    if not os.path.lexists(run / WEIGHTS):
        raise ModelError(
            f"{run} has no {WEIGHTS}",
            "take it from a backup, or let it train to its first validation: "
            f"seq2seq train --run {run} --resume",
        )
    model = outline(recipe.model, recipe.text.source_order, source.size, target.size)
    require_memory(
        COPIES * os.lstat(run / WEIGHTS).st_size,
        f"loading {run / WEIGHTS}",
        "free some, or use a smaller model",
    )
    tensors = unpack(run / WEIGHTS, weight_tensors(model))
    allocate(model)
    retie(model, recipe)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[name])
    model = model.to(device).eval().requires_grad_(False)
    usual = document.get("usual_source")  # older runs do not say
    usual = usual if type(usual) is int and usual > 0 else None
    return Bundle(model, source, target, recipe, usual)


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
