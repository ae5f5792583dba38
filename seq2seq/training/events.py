"""What training tells while it runs; `commands` hands these to `report`, which draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Noted:
    """Something the user should know, such as what was dropped from the data."""

    message: str


@dataclass(frozen=True)
class Started:
    """The loop begins at `step`; `total_steps` is None while it is not known."""

    step: int
    total_steps: int | None


@dataclass(frozen=True)
class Step:
    """One optimiser step, or the mean over the steps since the last one told."""

    step: int
    total_steps: int | None
    epoch: float
    loss: float  # nats a target piece, label smoothing included
    tokens_per_second: float  # real source and target pieces
    padding: float  # share of the positions of the batches
    learning_rate: float
    grad_norm: float


@dataclass(frozen=True)
class Validated:
    """A validation: the loss, and BLEU where sentences were translated.

    The loss is in nats a target piece, without label smoothing.
    """

    step: int
    loss: float
    perplexity: float
    bleu: float | None
    signature: str
    best: bool
    averaged: int = 0  # of how many checkpoints' mean; 0: of the weights as they are
    samples: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # source, reference, translation


@dataclass(frozen=True)
class Saved:
    """A checkpoint is on the disk, whole."""

    step: int
    path: Path


@dataclass(frozen=True)
class Stopped:
    """Training is over, or paused by a signal.

    `reason` is "finished", "no better", or a signal's name; `limit` is the setting that ended it,
    such as training.max_epochs=30.
    """

    step: int
    reason: str
    seconds: float
    limit: str = ""


Event = Noted | Started | Step | Validated | Saved | Stopped
