"""The weights that a run begins with where another run is to be its beginning."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from seq2seq.config.schema import Recipe
from seq2seq.errors import ModelError
from seq2seq.models.bundle import WEIGHTS, read_recipe
from seq2seq.models.weights import unpack


def weights_to_begin_with(
    recipe: Recipe, start: Path, expected: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Return the best weights of another run, of the names and shapes in `expected`.

    Raises:
        ModelError: they do not fit the model of `recipe`; the fields that differ are named.
    """
    try:
        return unpack(start / WEIGHTS, expected)
    except ModelError as error:
        there = read_recipe(start).model.model_dump()
        here = recipe.model.model_dump()
        told = [
            f"model.{key}: {there[key]} -> {here[key]}" for key in here if there[key] != here[key]
        ]
        raise ModelError(
            f"cannot begin with {start}: {'; '.join(told) or error.message}",
            "leave [model] as it is there" if told else error.hint,
        ) from error


@torch.no_grad()
def fill(weights: dict[str, Tensor], values: dict[str, Tensor]) -> None:
    """Copy values into weights of the same names and shapes."""
    for name, weight in weights.items():
        weight.copy_(values[name])
