"""Log-probabilities of given translations, teacher-forced: what search would say of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seq2seq.decoding.batching import pad_sources, side_by_side
from seq2seq.decoding.candidates import log_total
from seq2seq.errors import ModelError
from seq2seq.models.ensemble import Ensemble
from seq2seq.runtime.allocation import CHUNK_LOGITS
from seq2seq.text.tokenizer import BOS, EOS, PAD

Pieces = Sequence[int]
Pair = tuple[Pieces, Pieces]


def log_probabilities(
    model: Any, pairs: Sequence[Pair], batch_tokens: int, device: str
) -> list[float]:
    """Return log P(target, EOS | source), in nats, of each pair of content pieces.

    `model` is a translation model (`seq2seq.models.contract`) or an ensemble of such, whose members
    are averaged piece by piece, as in search.

    Raises:
        ModelError: a probability is not a number.
    """
    batches = pair_batches(pairs, batch_tokens, model.one_length_batches)

    def work(batch: Sequence[int]) -> list[float]:
        return _of_batch(model, [pairs[place] for place in batch], device)

    result = [0.0] * len(pairs)
    for batch, found in zip(batches, side_by_side(work, batches, device), strict=True):
        for place, value in zip(batch, found, strict=True):
            result[place] = value
    return result


def pair_batches(pairs: Sequence[Pair], batch_tokens: int, one_length: bool) -> list[list[int]]:
    """Return the places of pairs in batches of like lengths.

    Sentences times the longest side, its end symbol included, are within `batch_tokens`, unless a
    pair alone is more; with `one_length`, a batch has sources of equal length only.
    """
    batches: list[list[int]] = []
    longest = 0
    for place in sorted(range(len(pairs)), key=lambda place: (*map(len, pairs[place]), place)):
        source, target = map(len, pairs[place])
        longest = max(longest, source, target)
        full = bool(batches) and (len(batches[-1]) + 1) * (longest + 1) > batch_tokens
        if not batches or full or (one_length and len(pairs[batches[-1][0]][0]) != source):
            batches.append([])
            longest = max(source, target)
        batches[-1].append(place)
    return batches


@torch.inference_mode()
def _of_batch(model: Any, pairs: Sequence[Pair], device: str) -> list[float]:
    source, lengths = pad_sources([source for source, _ in pairs], device)
    target, labels = _padded([target for _, target in pairs], device)
    members = list(model.members) if isinstance(model, Ensemble) else [model]
    each = torch.stack([_of_pieces(one, source, lengths, target, labels) for one in members])
    joint = model.mean(each) if isinstance(model, Ensemble) else each[0]
    whole = joint.double().sum(1)
    if not bool(whole.isfinite().all()):
        raise ModelError("the model's output is not finite", "its weights are damaged")
    found: list[float] = whole.tolist()
    return found


def _padded(targets: Sequence[Pieces], device: str) -> tuple[Tensor, Tensor]:
    """Return what the decoder reads, and what it should predict, [B, T] each."""
    width = max(map(len, targets)) + 1
    behind = [[PAD] * (width - 1 - len(target)) for target in targets]
    read = [[BOS, *target, *pads] for target, pads in zip(targets, behind, strict=True)]
    wanted = [[*target, EOS, *pads] for target, pads in zip(targets, behind, strict=True)]
    return torch.tensor(read, device=device), torch.tensor(wanted, device=device)


def _of_pieces(
    model: Any, source: Tensor, lengths: Tensor, target: Tensor, labels: Tensor
) -> Tensor:
    """Return the log-probability of each label ([B, T]), 0 where there is none."""
    hidden = model(source, lengths, target)
    real = labels != PAD
    states, wanted = hidden[real], labels[real]  # [N, H], [N]
    rows = max(1, CHUNK_LOGITS // model.output.weight.shape[0])
    found = []
    for some, label in zip(states.split(rows), wanted.split(rows), strict=True):
        logits = model.project(some).float()
        found.append((logits.gather(1, label.unsqueeze(1)) - log_total(logits))[:, 0])
    nothing = torch.zeros(labels.shape, device=labels.device)
    return nothing.masked_scatter(real, torch.cat(found))
