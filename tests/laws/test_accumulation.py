"""The gradients of several batches add up to that of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from seq2seq.config.schema import TrainingConfig
from seq2seq.data.batches import Batch, gather_batch
from seq2seq.training.step import train_step

PAIRS = [  # source and target lengths
    (3, 4), (3, 7), (5, 2), (5, 5), (1, 1), (8, 6),
]  # fmt: skip


@pytest.fixture
def gather() -> Any:
    rng = np.random.default_rng(4)
    ends = np.cumsum([length for pair in PAIRS for length in pair])
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    tokens = rng.integers(4, 20, int(ends[-1])).astype(np.uint16)

    def pick(*rows: int) -> Batch:
        return gather_batch(tokens, offsets, np.array(rows))

    return pick


def gradients(model: Any, batches: list[Batch], **settings: Any) -> tuple[Any, Any]:
    config = TrainingConfig(clip_norm=0.0, max_steps=1, **settings)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    result = train_step(model, optimizer, batches, config, 1e-30, "float32")
    grads = {n: p.grad for n, p in model.named_parameters()}
    # what goes up in a grid's top layer is nothing to a decoder that starts from what went on
    assert all("depth" in n or "encoder" in n for n, grad in grads.items() if grad is None)
    return {n: grad.clone() for n, grad in grads.items() if grad is not None}, result


@pytest.mark.parametrize("unit", ["token", "sentence"])
def test_accumulation_is_one_batch(model: Any, gather: Any, unit: str) -> None:
    settings = {"loss_per": unit, "label_smoothing": 0.1}
    one, whole = gradients(model, [gather(0, 1, 2, 3, 4, 5)], **settings)
    several, parts = gradients(model, [gather(0, 1), gather(2), gather(3, 4, 5)], **settings)
    for name, gradient in one.items():
        torch.testing.assert_close(several[name], gradient, rtol=1e-4, atol=5e-6)
    assert parts.loss == pytest.approx(whole.loss, rel=1e-5)
    assert parts.grad_norm == pytest.approx(whole.grad_norm, rel=1e-5)
    assert (parts.labels, parts.pieces) == (whole.labels, whole.pieces) == (31, 50)
    assert parts.filled == whole.filled == 62
    assert parts.positions < whole.positions == 6 * (9 + 8)


def test_the_loss_is_per_token_or_per_sentence(another: Any, gather: Any) -> None:
    model = another("recurrent reverse")
    by_token, _ = gradients(model, [gather(0, 1)], loss_per="token")
    by_sentence, _ = gradients(model, [gather(0, 1)], loss_per="sentence")
    for name in by_token:
        torch.testing.assert_close(by_sentence[name] * 2 / 13, by_token[name], rtol=1e-4, atol=1e-7)


def test_padding_takes_no_part_in_the_loss(model: Any, gather: Any) -> None:
    """A batch's loss is the sum of its sentences' losses alone."""
    _, together = gradients(model, [gather(0, 5)])
    alone = [gradients(model, [gather(row)])[1].loss for row in (0, 5)]
    assert together.loss == pytest.approx(sum(alone), rel=1e-5)
