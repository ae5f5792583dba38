"""The likeliest next pieces of each hypothesis, found without normalising the whole vocabulary."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from seq2seq.text.tokenizer import BOS, EOS, PAD

BLOCK = 64  # logits; the maxima of blocks are cheap and leave little for the exact search
CACHED = 1 << 16  # logits that stay in a processor's cache with their copies
TOGETHER = 1 << 19  # logits that are searched at once on a CPU (docs/log.md)
LEAST_LOG_PROBABILITY = -1e4  # of an end that the length limit forces


class Candidates(NamedTuple):
    """The next pieces of N rows with their log-probabilities; PAD and BOS have -inf."""

    tokens: Tensor  # [N, C]
    log_probabilities: Tensor  # [N, C]
    end: Tensor  # [N], log-probability of EOS, finite


def next_pieces(
    logits: Tensor, count: int, banned: Tensor | None = None, *, normalised: bool = False
) -> Candidates:
    """Return at least `count` permitted pieces of each row ([N, V]), or all where V is smaller.

    What is `banned` ([N, V]) has -inf too; the others keep the probability that the model gave.
    Scores that are `normalised` are taken as they are. On a CPU some rows are searched together,
    while they lie in its cache.
    """
    rows = len(logits) if logits.device.type != "cpu" else TOGETHER // logits.shape[1]
    some = torch.split(logits, max(1, rows))
    masks = [None] * len(some) if banned is None else torch.split(banned, max(1, rows))
    found = [_next(*each, count, normalised) for each in zip(some, masks, strict=True)]
    return found[0] if len(found) == 1 else Candidates(*map(torch.cat, zip(*found, strict=True)))


def _next(logits: Tensor, banned: Tensor | None, count: int, normalised: bool) -> Candidates:
    logits = logits.float()  # in narrow types maxima take several times as long
    allowed = logits if banned is None else logits.masked_fill(banned, -torch.inf)
    best, tokens = largest(allowed, min(count + 2, logits.shape[1]))  # two more, for PAD and BOS
    if normalised:
        total = torch.zeros_like(best[:, :1])
    else:
        total = _total(logits, tokens[:, :1] if banned is None else None)
    end = (logits[:, EOS] - total[:, 0]).clamp(min=LEAST_LOG_PROBABILITY)
    forbidden = (tokens == PAD) | (tokens == BOS)
    return Candidates(
        tokens,
        (best - total).masked_fill(forbidden, -torch.inf),
        end,
    )


def _total(logits: Tensor, likeliest: Tensor | None) -> Tensor:
    """Return log(sum(exp(logits))) of each row ([N, 1]), told by the `likeliest` piece ([N, 1]).

    It is what lies between its logit and the logarithm of its softmax, which goes over the logits
    once where their sum of exponentials does so four times. That piece has at least 1 / V.
    """
    place = logits.argmax(1, keepdim=True) if likeliest is None else likeliest
    return logits.gather(1, place) - torch.softmax(logits, 1).gather(1, place).log()


def largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the `count` largest of each row of `values` ([N, V]), largest first, and their places.

    The `count` largest lie in the `count` blocks with the largest maxima, so only these are
    searched; on a CPU this is two to four times faster than `topk` over the whole row.
    """
    size = values.shape[1]
    blocks = size // BLOCK
    if blocks <= 2 * count:
        return values.topk(count)
    whole = values[:, : blocks * BLOCK].view(len(values), blocks, BLOCK)
    chosen = whole.amax(2).topk(count).indices  # [N, count]
    within = torch.arange(BLOCK, device=values.device)
    places = (chosen[:, :, None] * BLOCK + within).flatten(1)  # [N, count * BLOCK]
    rest = torch.arange(blocks * BLOCK, size, device=values.device)
    places = torch.cat([places, rest.expand(len(values), -1)], 1)
    best, position = values.gather(1, places).topk(count)
    return best, places.gather(1, position)


def log_total(logits: Tensor) -> Tensor:
    """Return log(sum(exp(logits))) of each row ([N, 1]), a few rows at a time on a CPU."""
    if logits.device.type != "cpu":
        return logits.logsumexp(1, keepdim=True)
    rows = max(1, CACHED // logits.shape[1])
    return torch.cat([some.logsumexp(1, keepdim=True) for some in torch.split(logits, rows)])
