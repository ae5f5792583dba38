"""What a recipe may say is what the code has: literals in the schema, dicts in the rooms."""

from __future__ import annotations

from typing import get_args

from seq2seq.config import schema


def test_cells() -> None:
    from seq2seq.config.cells import CELLS
    from seq2seq.nn.cells import cell_class

    kinds = [cell_class(name) for name in CELLS]
    assert len(set(kinds)) == len(kinds) == 11


def test_connections() -> None:
    from seq2seq.nn.connection import CONNECTIONS

    assert set(get_args(schema.ConnectionName)) == set(CONNECTIONS)


def test_activations() -> None:
    from seq2seq.nn.attention import ACTIVATIONS

    assert set(get_args(schema.Activation)) == set(ACTIVATIONS)


def test_normalisations() -> None:
    from seq2seq.models.blocks import NORMS

    assert set(get_args(schema.Normalisation)) == set(NORMS)


def test_attention_scores() -> None:
    from seq2seq.nn.alignment import SCORES

    assert set(get_args(schema.AttentionName)) == set(SCORES)


def test_architectures() -> None:
    from seq2seq.config.loading import ONLY_FOR
    from seq2seq.models.build import MODELS

    assert set(get_args(schema.Architecture)) == set(MODELS) == set(ONLY_FOR)


def test_fields_of_some_architectures_exist() -> None:
    from seq2seq.config.loading import ONLY_FOR

    for fields in ONLY_FOR.values():
        assert set(fields) <= set(schema.ModelConfig.model_fields)
        assert len(fields) == len(set(fields))


def test_optimizers() -> None:
    from seq2seq.training.optimizer import OPTIMIZERS

    assert set(get_args(schema.OptimizerName)) == set(OPTIMIZERS)


def test_schedules() -> None:
    from seq2seq.training.schedule import SCHEDULES

    assert set(get_args(schema.ScheduleName)) == set(SCHEDULES)
