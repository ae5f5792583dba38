"""One optimiser step, from batches to weights; the only place that opens a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer

from seq2seq.config.schema import TrainingConfig
from seq2seq.data.batches import Batch
from seq2seq.errors import DivergedError
from seq2seq.nn.mixed import autocast
from seq2seq.text.tokenizer import PAD
from seq2seq.training.loss import Loss, projected_cross_entropy
from seq2seq.training.optimizer import clip_gradients


class StepResult(NamedTuple):
    """Sums of one step."""

    loss: float  # nats over all labels, smoothing included
    labels: int  # target pieces with EOS
    pieces: int  # real source and target pieces
    filled: int  # positions of the batches that are not padding, both sides
    positions: int  # all of them
    grad_norm: float


def batch_loss(
    model: Any, batch: Batch, smoothing: float, precision: str, consistency: float = 0.0
) -> Loss:
    """Return the summed loss of a batch on the model's device.

    Padding is left out of the projection. With `consistency` the batch passes twice.
    """
    device = model.output.weight.device
    passes = 2 if consistency else 1
    with autocast(precision, device):
        hidden = model(
            batch.source.to(device).repeat(passes, 1),
            batch.lengths.to(device).repeat(passes),
            batch.target.to(device).repeat(passes, 1),
        )
    labels = batch.labels.to(device).flatten()
    real = (labels != PAD).nonzero().squeeze(1)
    rows = hidden.reshape(passes, len(labels), -1).index_select(1, real)  # [P, N, H]
    if precision == "bfloat16":  # validation's losses are compared to the last digit
        rows = rows.bfloat16() if rows.requires_grad else rows.float()
    return projected_cross_entropy(
        rows,
        model.output.weight,
        model.output.bias,
        labels.index_select(0, real),
        smoothing,
        consistency,
    )


def train_step(
    model: nn.Module,
    optimizer: Optimizer,
    batches: Sequence[Batch],
    config: TrainingConfig,
    rate: float,
    precision: str,
) -> StepResult:
    """Take one step over `batches` (their gradients add up to that of one large batch).

    Raises:
        DivergedError: the loss or the gradient is not finite; the weights were not touched.
    """
    labels = sum(int((batch.labels != PAD).sum()) for batch in batches)
    sentences = sum(len(batch.lengths) for batch in batches)
    share = 1.0 / (labels if config.loss_per == "token" else sentences)
    optimizer.zero_grad(set_to_none=True)
    total = torch.zeros((), device=next(model.parameters()).device)
    for batch in batches:
        loss = batch_loss(model, batch, config.label_smoothing, precision, config.consistency).total
        (loss * share).backward()
        total += loss.detach()
    norm = float(clip_gradients(model.parameters(), config.clip_norm))
    if not (math.isfinite(norm) and math.isfinite(float(total))):
        raise DivergedError(
            "the loss or its gradient is not finite", "lower training.learning_rate"
        )
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return StepResult(
        float(total),
        labels,
        sum(batch.pieces for batch in batches),
        sum(int(batch.lengths.sum()) for batch in batches) + labels,
        sum(batch.source.numel() + batch.target.numel() for batch in batches),
        norm,
    )
