"""Greedy search: the likeliest piece at each step; what a beam of 1 finds, for less work."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from seq2seq.decoding.candidates import next_pieces
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.decoding.penalties import normalised
from seq2seq.decoding.processors import Processor, banned_pieces
from seq2seq.errors import ModelError
from seq2seq.text.tokenizer import BOS, EOS

STAY = 7 / 8  # finished sentences leave together, when no more than this share goes on


@torch.inference_mode()
def greedy_search(
    model: StepwiseModel,
    source: Tensor,
    lengths: Tensor,
    *,
    length_penalty: float,
    max_lengths: Tensor,
    processors: Sequence[Processor] = (),
) -> list[list[Hypothesis]]:
    """Translate `source` ([B, S], rows ending in EOS) of `lengths` ([B]); one hypothesis each.

    At `max_lengths` ([B], pieces) a sentence is ended by force. `length_penalty` only shapes the
    scores; `processors` say what may not be written.

    Raises:
        ModelError: the model's output is not finite.
    """
    results: list[list[Hypothesis]] = [[] for _ in range(len(source))]
    if not results:
        return results
    memory = model.encode(source, lengths)
    state = model.start(memory)
    device = source.device
    sentence = torch.arange(len(source), device=device)
    limit = max_lengths.to(device).clamp(min=1)
    last = torch.full_like(sentence, BOS)
    tokens = sentence.new_zeros(len(source), 0)  # [B, t]
    total = torch.zeros(len(source), device=device)  # log-probability so far
    is_open = torch.ones_like(sentence, dtype=torch.bool)  # false where only waiting to leave
    while True:
        logits, state = model.step(last, state, memory)
        banned = banned_pieces(processors, tokens[:, None], sentence, logits.shape[1])
        candidates = next_pieces(logits, 1, banned, normalised=model.normalised)
        gain, place = candidates.log_probabilities.max(1)
        forced = limit <= tokens.shape[1]
        likeliest = candidates.tokens.gather(1, place[:, None])[:, 0]
        last = likeliest.masked_fill(forced, EOS)
        total = total + torch.where(forced, candidates.end, gain)
        ended = is_open & (last == EOS)
        wrong = is_open & ~total.isfinite()
        damaged, some_ended = torch.stack([wrong.any(), ended.any()]).tolist()
        if damaged:
            raise not_finite()
        tokens = torch.cat([tokens, last[:, None]], 1)
        if not some_ended:
            continue
        truncated = likeliest[ended] != EOS
        _collect(results, sentence[ended], tokens[ended], total[ended], truncated, length_penalty)
        is_open = is_open & ~ended
        going = is_open.nonzero()[:, 0]
        if not len(going):
            return results
        if len(going) <= STAY * len(is_open):
            memory, state = memory.select(going), state.select(going)
            sentence, limit, tokens = sentence[going], limit[going], tokens[going]
            last, total, is_open = last[going], total[going], is_open[going]


def _collect(
    results: list[list[Hypothesis]],
    sentences: Tensor,
    tokens: Tensor,
    total: Tensor,
    truncated: Tensor,
    length_penalty: float,
) -> None:
    """Keep finished translations ([N, t], the last piece being EOS)."""
    symbols = tokens.shape[1]
    columns = (part.tolist() for part in (sentences, tokens[:, :-1], total, truncated))
    for where, pieces, log_probability, is_truncated in zip(*columns, strict=True):
        score = normalised(log_probability, symbols, length_penalty)
        results[where] = [Hypothesis(pieces, log_probability, score, is_truncated)]


def not_finite() -> ModelError:
    """Return the error for a model whose probabilities are not numbers."""
    return ModelError("the model's output is not finite", "its weights are damaged; train it again")
