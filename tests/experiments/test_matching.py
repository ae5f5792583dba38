"""Cells of one size."""

from __future__ import annotations

from typing import Any

import pytest

from seq2seq.config.cells import CELLS
from seq2seq.config.experiment import load_experiment
from seq2seq.config.loading import load_recipe
from seq2seq.config.schema import ModelConfig
from seq2seq.errors import RecipeError
from seq2seq.experiments.matching import inner_weights, matched_width


def config(**values: Any) -> ModelConfig:
    return ModelConfig(**{"architecture": "recurrent", "embedding": 128, "layers": 2, **values})


@pytest.mark.parametrize("architecture", ["recurrent", "bahdanau"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_can_be_matched(cell: str, architecture: str) -> None:
    wanted = config(cell=cell, architecture=architecture)
    width = matched_width(wanted, 500_000)
    found = inner_weights(wanted.model_copy(update={"hidden": width}))
    assert abs(found - 500_000) <= 10_000


def test_weights_are_counted_by_hand() -> None:
    assert inner_weights(config(hidden=10, layers=1)) == 2 * 4 * 10 * (128 + 10 + 1)
    plain = 2 * 10 * (128 + 10 + 1)
    assert inner_weights(config(hidden=10, layers=1, cell="rnn")) == plain
    # Of two modules of five units, the fast one's 25 connections into the slow one are not there.
    clockwork = config(hidden=10, layers=1, cell="clockwork", cell_options={"periods": [1, 2]})
    assert inner_weights(clockwork) == plain - 2 * 25
    transformer = ModelConfig(hidden=8, heads=2, feed_forward=4, layers=1, tie="all")
    assert inner_weights(transformer) == inner_weights(
        transformer.model_copy(update={"tie": "none"})
    )


def test_what_cannot_be_matched() -> None:
    with pytest.raises(RecipeError, match="no width"):
        matched_width(config(), 50)


def test_the_shipped_comparison() -> None:
    experiment, _ = load_experiment("cells")
    alone = [group for group in experiment.run if not group.name.endswith("_attention")]
    assert {group.name for group in alone} == set(CELLS)
    assert all(len(group.seeds) == 3 and group.weights == 500_000 for group in experiment.run)
    for name in ("cells-recurrent", "cells-bahdanau"):
        load_recipe(name)
