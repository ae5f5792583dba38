"""One step, and the numbers that must never reach the weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seq2seq.config.schema import ModelConfig, Recipe, TrainingConfig
from seq2seq.data.batches import Batch, gather_batch
from seq2seq.errors import DivergedError
from seq2seq.models.build import build_model
from seq2seq.training import loop, step
from seq2seq.training.checkpoint import newest_checkpoint
from seq2seq.training.loss import Loss
from seq2seq.training.run import train
from seq2seq.training.step import DivergenceWatch, StepResult, train_step


@pytest.fixture
def batch() -> Batch:
    tokens = np.arange(4, 18, dtype=np.uint16)
    return gather_batch(tokens, np.array([0, 3, 7, 9, 14]), np.array([0, 1]))


@pytest.fixture
def model() -> Any:
    torch.manual_seed(1)
    config = ModelConfig(hidden=8, heads=2, feed_forward=8, layers=1, dropout=0.0)
    return build_model(config, "forward", 20, 20)


def weights(model: Any) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_leaves_the_weights(
    model: Any, batch: Batch, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    real = step.projected_cross_entropy

    def poisoned(*arguments: Any) -> Loss:
        return Loss(*(part * value for part in real(*arguments)))

    monkeypatch.setattr(step, "projected_cross_entropy", poisoned)
    refuses(model, batch)


def test_one_gradient_that_is_not_finite_leaves_the_weights(model: Any, batch: Batch) -> None:
    row = torch.tensor([7])
    model.output.weight.register_hook(lambda slope: slope.index_fill(0, row, float("nan")))
    refuses(model, batch)


def refuses(model: Any, batch: Batch) -> None:
    optimizer = torch.optim.Adam(model.parameters())
    before = weights(model)
    with pytest.raises(DivergedError, match="not finite") as caught:
        train_step(model, optimizer, [batch], TrainingConfig(), 0.1, "float32")
    assert caught.value.exit_code == 6 and "learning_rate" in caught.value.hint
    assert torch.equal(weights(model), before) and not optimizer.state


def test_the_rate_is_the_steps(model: Any, batch: Batch) -> None:
    before = weights(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=99.0)
    train_step(model, optimizer, [batch], TrainingConfig(clip_norm=1.0), 0.0, "float32")
    assert torch.equal(weights(model), before)
    result = train_step(model, optimizer, [batch], TrainingConfig(clip_norm=0.01), 0.5, "float32")
    assert result.grad_norm > 0.01
    assert float((weights(model) - before).norm()) == pytest.approx(0.005, rel=1e-3)


def test_bfloat16_is_near(model: Any, batch: Batch) -> None:
    exact = step.batch_loss(model, batch, 0.0, "float32").total.detach()
    rough = step.batch_loss(model, batch, 0.0, "bfloat16").total.detach()
    assert float(rough) == pytest.approx(float(exact), rel=0.02) and float(rough) != float(exact)


@pytest.mark.parametrize("architecture", ["transformer", "transformer_language_model"])
def test_bfloat16_goes_from_the_embedding_to_the_projection(
    architecture: Any, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In training alone: the losses of validation keep their projection in float32."""
    config = ModelConfig(architecture=architecture, hidden=8, heads=2, feed_forward=8, layers=1)
    model: Any = build_model(config, "forward", 20, 20)
    real, seen = step.projected_cross_entropy, []

    def watched(rows: torch.Tensor, *others: Any) -> Loss:
        seen.append(rows.dtype)
        return real(rows, *others)

    monkeypatch.setattr(step, "projected_cross_entropy", watched)
    model.decoder_norm.register_forward_hook(lambda *parts: seen.append(parts[1][0].dtype))
    step.batch_loss(model, batch, 0.1, "bfloat16").total.backward()
    assert seen == [torch.bfloat16, torch.bfloat16]
    assert all(weight.grad.dtype == torch.float32 for weight in model.parameters())
    seen.clear()
    with torch.no_grad():
        step.batch_loss(model, batch, 0.1, "bfloat16")
    assert seen == [torch.bfloat16, torch.float32]
    seen.clear()
    step.batch_loss(model, batch, 0.1, "float32").total.backward()
    assert seen == [torch.float32, torch.float32]


def test_a_run_that_diverges_keeps_its_checkpoint(
    tiny_recipe: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = loop.train_step

    def fails_at_six(model: Any, *arguments: Any) -> Any:
        fails_at_six.count += 1  # type: ignore[attr-defined]
        if fails_at_six.count == 6:  # type: ignore[attr-defined]
            model.output.weight.data[5, 5] = float("nan")
        return real(model, *arguments)

    fails_at_six.count = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(loop, "train_step", fails_at_six)
    with pytest.raises(DivergedError, match=r"^step 6: .*not finite \(kept pairs \d+"):
        list(train(tiny_recipe(), tmp_path / "run", device="cpu"))
    assert newest_checkpoint(tmp_path / "run" / "checkpoints", pytest.fail) == (
        tmp_path / "run" / "checkpoints" / "step-000000004"
    )


def test_divergence_that_stays_finite_is_seen() -> None:
    """Five steps in a row far above guessing, and nothing less."""
    watch, guessing = DivergenceWatch(50), math.log(50)

    def see(*times: float) -> None:
        for factor in times:
            watch.see(StepResult(7 * factor * guessing, 7, 9, 9, 9, 1.0))

    see(1.0, 21.0, 21.0, 21.0, 21.0, 19.0, 21.0, 1e6, 1e6, 1e6, 1.5)
    see(21.0, 21.0, 21.0, 21.0)
    with pytest.raises(DivergedError, match="20 times that of guessing") as caught:
        see(21.0)
    assert caught.value.exit_code == 6 and "learning_rate" in caught.value.hint


@pytest.mark.parametrize("architecture", ["recurrent", "luong", "transformer"])
def test_a_run_that_diverges_ends(
    cli: Any, corpus: Path, tmp_path: Path, architecture: str
) -> None:
    settings = {
        "model.architecture": architecture, "model.layers": 1, "model.hidden": 16,
        "model.tie": "none", "text.vocabulary": 50, "training.max_steps": 40,
        "training.learning_rate": 1e6, "training.clip_norm": 0, "training.warmup": 0,
        "training.precision": "float32",
    }  # fmt: skip
    assigned = [part for item in settings.items() for part in ("--set", "{}={}".format(*item))]
    done = cli("train", "--data", corpus, "--pair", "en-de", "--run", tmp_path / "run", *assigned)
    assert done.code == 6
    error = done.err.splitlines()[-1]
    assert error.startswith("error: step ") and "training.learning_rate" in error
    assert int(error.split()[2].rstrip(":")) <= 10
