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


class DivergenceWatch:
    """Sees divergence that stays finite: an LSTM saturates where a Transformer overflows.

    Guessing evenly among V words costs log V nats a label. Healthy runs begin there and fall; at
    their worst, tiny models at learning rates of 1 were seen at 13 times that for a few steps, and
    diverged ones at 100 to a million times. So `TIMES` of it for `STEPS` steps in a row is the end.
    The count begins anew with the process: it only says when to give up.
    """

    TIMES, STEPS = 20.0, 5

    def __init__(self, words: int) -> None:
        """Watch a model that chooses among `words`."""
        self.guessing = math.log(max(words, 2))
        self.in_a_row = 0

    def see(self, result: StepResult) -> None:
        """Take note of one step.

        Raises:
            DivergedError: it was one too many.
        """
        loss = result.loss / max(result.labels, 1)
        self.in_a_row = self.in_a_row + 1 if loss > self.TIMES * self.guessing else 0
        if self.in_a_row >= self.STEPS:
            raise DivergedError(
                f"the loss, {loss:.3g} a label, has been above {self.TIMES:g} times that of "
                f"guessing ({self.guessing:.1f}) for {self.STEPS} steps",
                "lower training.learning_rate, or set training.clip_norm",
            )


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
