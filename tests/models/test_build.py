"""From a recipe to a network, and how large it is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from seq2seq.config.schema import ModelConfig
from seq2seq.errors import RecipeError
from seq2seq.models.build import build_model, parameters_by_part

H, F, E, V, W = 8, 16, 6, 11, 9  # width, inner, embedding, source and target vocabulary


def test_parts_of_a_transformer() -> None:
    config = ModelConfig(hidden=H, heads=2, feed_forward=F, layers=2)
    attention, inner, norm = 4 * (H * H + H), 2 * H * F + F + H, 2 * H
    assert parameters_by_part(build_model(config, "forward", V, W)) == {
        "source_embedding": V * H,
        "target_embedding": W * H,
        "output": W * H,
        "encoder": 2 * (attention + inner + 2 * norm),
        "decoder": 2 * (2 * attention + inner + 3 * norm),
        "encoder_norm": norm,
        "decoder_norm": norm,
    }


def test_parts_of_a_recurrent_model() -> None:
    config = ModelConfig(architecture="recurrent", hidden=H, embedding=E, layers=3)
    stack = 4 * H * (E + H + 1) + 2 * 4 * H * (2 * H + 1)
    assert parameters_by_part(build_model(config, "reverse", V, W)) == {
        "source_embedding": V * E,
        "target_embedding": W * E,
        "output": W * H + W,
        "encoder": stack,
        "decoder": stack,
    }


def test_a_tied_weight_counts_once() -> None:
    config = ModelConfig(hidden=H, heads=2, feed_forward=F, layers=1, tie="all")
    parts = parameters_by_part(build_model(config, "forward", V, V))
    assert "output" not in parts and "target_embedding" not in parts
    assert parts["source_embedding"] == V * H


@pytest.mark.parametrize("architecture", ["recurrent", "bahdanau", "luong", "gnmt", "transformer"])
def test_the_seed_decides_the_weights(architecture: Any) -> None:
    config = ModelConfig(architecture=architecture, hidden=H, heads=2, layers=2)

    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        model = build_model(config, "forward", V, W)
        return torch.cat([parameter.flatten() for parameter in model.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_recurrent_weights_start_evenly() -> None:
    """U(-0.08, 0.08), as in 2014."""
    config = ModelConfig(architecture="recurrent", hidden=32, embedding=32, layers=2)
    torch.manual_seed(1)
    for name, value in build_model(config, "reverse", 50, 50).named_parameters():
        if value.ndim == 1:
            assert not value.any(), name
        else:
            assert 0.07 < value.abs().max() <= 0.08, name
            assert float(value.detach().std()) == pytest.approx(0.08 / 3**0.5, rel=0.1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"forget_bais": 1.0}, "model.cell_options.forget_bais"),
        ({"forget_bias": "high"}, "model.cell_options.forget_bias"),
        ({"forget_bias": 1e9}, "model.cell_options.forget_bias"),
    ],
)
def test_wrong_cell_options(options: dict[str, Any], said: str) -> None:
    config = ModelConfig(architecture="recurrent", cell_options=options)
    with pytest.raises(RecipeError) as caught:
        build_model(config, "forward", V, W)
    assert said in str(caught.value) and "knows: forget_bias" in str(caught.value)
