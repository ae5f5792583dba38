"""Sampling: each next piece is drawn from the model's distribution, sharpened or cut as asked.

Every draw is a pure function of (seed, source pieces, number of the sample, step), so that neither
the neighbours in a batch nor the order of work change a translation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seq2seq.decoding.greedy import not_finite
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.decoding.penalties import normalised
from seq2seq.decoding.processors import Processor, banned_pieces
from seq2seq.text.tokenizer import BOS, EOS, PAD


class Draw(NamedTuple):
    """How pieces are drawn.

    Logits are divided by `temperature`; of what is allowed, the `top_k` likeliest stay (0: all),
    and of those the fewest that hold a share of `top_p` (Holtzman et al. 2020).
    """

    seed: int = 1
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0


@torch.inference_mode()
def sample(
    model: StepwiseModel,
    source: Tensor,
    lengths: Tensor,
    *,
    samples: int,
    draw: Draw,
    length_penalty: float,
    max_lengths: Tensor,
    processors: Sequence[Processor] = (),
) -> list[list[Hypothesis]]:
    """Draw `samples` translations of each row of `source` ([B, S]), independent of each other.

    They come in the order of their numbers, not of their scores, and may be equal; the first ones
    are the same however many are drawn. Their log-probabilities are the model's own, before
    temperature and cuts. At `max_lengths` ([B], pieces) a translation is ended by force.

    Raises:
        ModelError: the model's output is not finite.
    """
    count, device = len(source), source.device
    written: list[list[Hypothesis]] = [[] for _ in range(count)]
    if not count:
        return written
    memory = model.encode(source, lengths)
    rows = torch.arange(count, device=device)
    state = model.start(memory).select(rows.repeat_interleave(samples))
    keys = _keys(source, lengths, samples, draw.seed)  # [B, W]
    limits = max_lengths.to(device).clamp(min=1)
    tokens = rows.new_zeros(count, samples, 0)  # [B, W, t]
    totals = torch.zeros(count, samples, device=device)
    ends = rows.new_full((count, samples), -1)  # [B, W], pieces; -1 while it goes on
    truncated = torch.zeros_like(ends, dtype=torch.bool)  # [B, W], ended by its limit
    last = rows.new_full((count, samples), BOS)
    while True:
        logits, state = model.step(last.flatten(), state, memory)
        logits = logits.float()
        banned = banned_pieces(processors, tokens, rows, logits.shape[1])
        chosen = pick(logits, banned, _uniform(keys, tokens.shape[2]), draw).view(-1, samples)
        going = ends < 0
        last = chosen.masked_fill((limits <= tokens.shape[2])[:, None], EOS)
        gain = logits.log_softmax(1).gather(1, last.view(-1, 1)).view(-1, samples)
        totals = torch.where(going, totals + gain.clamp(min=-1e4), totals)
        if not totals.isfinite().all():
            raise not_finite()
        last = last.masked_fill(~going, PAD)
        ends = torch.where(going & (last == EOS), tokens.shape[2], ends)
        truncated = truncated | (going & (last == EOS) & (chosen != EOS))
        done = (ends >= 0).all(1)
        if done.any():
            table = tuple(part[done] for part in (rows, tokens, ends, totals, truncated))
            _collect(written, table, length_penalty)
            left = (~done).nonzero()[:, 0]
            if not len(left):
                return written
            wide = (left[:, None] * samples + torch.arange(samples, device=device)).flatten()
            memory, state, keys = memory.select(left), state.select(wide), keys[left.cpu().numpy()]
            rows, limits, tokens = rows[left], limits[left], tokens[left]
            totals, ends, last, truncated = totals[left], ends[left], last[left], truncated[left]
        tokens = torch.cat([tokens, last[:, :, None]], 2)


def pick(logits: Tensor, banned: Tensor | None, uniform: Tensor, draw: Draw) -> Tensor:
    """Return one piece a row ([N]) of `logits` ([N, V]) by numbers in [0, 1) ([N])."""
    logits = logits / draw.temperature
    logits[:, [PAD, BOS]] = -torch.inf
    if banned is not None:
        logits = logits.masked_fill(banned, -torch.inf)
    best, pieces = logits.sort(dim=1, descending=True, stable=True)
    if draw.top_k:
        best[:, draw.top_k :] = -torch.inf
    shares = best.double().softmax(1)
    before = shares.cumsum(1) - shares
    shares = shares.masked_fill(before >= draw.top_p, 0.0)  # the likeliest one always stays
    reached = shares.cumsum(1)
    threshold = uniform.to(reached).unsqueeze(1) * reached[:, -1:]
    place = (reached <= threshold).sum(1).clamp(max=pieces.shape[1] - 1)
    last_possible = (shares > 0).sum(1) - 1
    return pieces.gather(1, torch.minimum(place, last_possible).clamp(min=0)[:, None])[:, 0]


def _keys(source: Tensor, lengths: Tensor, samples: int, seed: int) -> NDArray[np.uint64]:
    """Return 64 bits for each sample of each sentence ([B, W]), from its pieces and the seed."""
    table = np.empty((len(source), samples), dtype=np.uint64)
    for number, (row, length) in enumerate(zip(source.tolist(), lengths.tolist(), strict=True)):
        for which in range(samples):
            text = f"{seed}/{which}/{row[:length]}".encode()
            table[number, which] = int.from_bytes(hashlib.sha256(text).digest()[:8], "little")
    return table


def _uniform(keys: NDArray[np.uint64], step: int) -> Tensor:
    """Return numbers in [0, 1) ([B * W]) for a step: the output function of SplitMix64."""
    mixed = keys.flatten() + np.uint64((step + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return torch.from_numpy((mixed >> np.uint64(11)) / float(1 << 53))


def _collect(
    written: list[list[Hypothesis]], table: tuple[Tensor, ...], length_penalty: float
) -> None:
    """Keep the samples of sentences: their rows, tokens, lengths, totals, and what is truncated."""
    for row, *columns in zip(*(part.tolist() for part in table), strict=True):
        written[row] = [
            Hypothesis(pieces[:end], total, normalised(total, end + 1, length_penalty), truncated)
            for pieces, end, total, truncated in zip(*columns, strict=True)
        ]
