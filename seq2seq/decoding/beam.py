"""Batched beam search: K hypotheses a sentence, side by side; finished sentences leave early.

One step looks at the 2K best continuations of each sentence. Those among the first K that end move
to the pool of finished hypotheses; the K best that do not end go on. A hypothesis at its length
limit is ended by force, so that every result is a whole sentence and all scores compare.

A sentence is finished when its pool holds K hypotheses and the best live one, normalised by what it
has now, is no better than the best of the pool. (A live one might still overtake by growing longer;
to wait until that is impossible would take far more steps.) The rule does not look at `nbest`, so
the first of an n-best list is the one translation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seq2seq.decoding.candidates import Candidates, next_pieces
from seq2seq.decoding.greedy import STAY, not_finite
from seq2seq.decoding.hypothesis import Finished, Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.decoding.penalties import normalised
from seq2seq.decoding.processors import Processor, banned_pieces
from seq2seq.text.tokenizer import BOS, EOS, PAD


class Live(NamedTuple):
    """Hypotheses that go on: W of each of B sentences, best first; free places have -inf."""

    sentences: Tensor  # [B], rows of the caller's batch
    limits: Tensor  # [B], pieces
    tokens: Tensor  # [B, W, t]
    log_probabilities: Tensor  # [B, W]
    open: Tensor  # [B], false where the sentence is finished and only waits to leave

    def close(self, done: Tensor) -> Live:
        """Return the same with the sentences where `done` ([B]) finished."""
        return self._replace(open=self.open & ~done)

    def select(self, index: Tensor) -> Live:
        """Return the sentences at `index`."""
        return Live(*(part[index] for part in self))


class Options(NamedTuple):
    """The 2K best continuations of each sentence, best first."""

    parents: Tensor  # [B, 2K], which live hypothesis they continue
    tokens: Tensor  # [B, 2K]
    log_probabilities: Tensor  # [B, 2K]
    truncated: Tensor  # [B, 2K], true for an end that the length limit forces


@torch.inference_mode()
def beam_search(
    model: StepwiseModel,
    source: Tensor,
    lengths: Tensor,
    *,
    beam: int,
    nbest: int = 1,
    length_penalty: float,
    max_lengths: Tensor,
    processors: Sequence[Processor] = (),
) -> list[list[Hypothesis]]:
    """Translate `source` ([B, S], each row ending in EOS) of `lengths` ([B]).

    Returns for each sentence up to `nbest` (at most `beam`) different hypotheses, best first; fewer
    only where the model has no more. No hypothesis is longer than `max_lengths` ([B], pieces, at
    least 1); `processors` say what may not be written.

    Raises:
        ModelError: the model's output is not finite.
    """
    assert 1 <= nbest <= beam
    results: list[list[Hypothesis]] = [[] for _ in range(len(source))]
    if not results:
        return results
    memory = model.encode(source, lengths)
    state = model.start(memory)
    live = _beginning(len(source), max_lengths.to(source.device))
    finished = Finished.empty(len(source), beam, source.device)
    last = torch.full_like(live.sentences, BOS)
    while True:
        logits, state = model.step(last, state, memory)
        banned = banned_pieces(processors, live.tokens, live.sentences, logits.shape[1])
        candidates = next_pieces(logits, 2 * beam, banned, normalised=model.normalised)
        options = _continue(live, candidates, beam)
        finished = _finish(finished, live, options, length_penalty)
        width = live.tokens.shape[1]
        live, parents = _go_on(live, options)
        done = _is_done(finished, live, length_penalty) & live.open
        moved = width != beam or (parents != torch.arange(beam, device=parents.device)).any()
        damaged = finished.scores[:, 0].isnan() | (live.log_probabilities[:, 0].isnan())
        flags = [damaged.any(), done.sum(), torch.as_tensor(moved, device=done.device)]
        is_damaged, new_done, has_moved = torch.stack(flags).tolist()
        if is_damaged:
            raise not_finite()
        rows = torch.arange(len(parents), device=parents.device)[:, None] * width + parents
        leaving = False
        if new_done:
            _collect(results, live.sentences[done], finished.select(done), nbest)
            live = live.close(done)
            going = live.open.nonzero()[:, 0]
            if not len(going):
                return results
            leaving = len(going) <= STAY * len(live.open)
        if leaving:
            memory = memory.select(going)
            live, finished, rows = live.select(going), finished.select(going), rows[going]
        if leaving or has_moved:
            state = state.select(rows.flatten())
        last = live.tokens[:, :, -1].flatten()


def _beginning(sentences: int, limits: Tensor) -> Live:
    rows = torch.arange(sentences, device=limits.device)
    scores = torch.zeros((sentences, 1), device=limits.device)
    goes = torch.ones_like(rows, dtype=torch.bool)
    return Live(rows, limits.clamp(min=1), rows.new_zeros(sentences, 1, 0), scores, goes)


def _continue(live: Live, candidates: Candidates, beam: int) -> Options:
    """Return the best continuations; at the length limit, the ends of the hypotheses alone."""
    sentences, width, length = live.tokens.shape
    each = candidates.tokens.shape[1]
    scores = live.log_probabilities[:, :, None] + candidates.log_probabilities.view(
        sentences, width, each
    )
    best, place = scores.flatten(1).topk(min(2 * beam, width * each))  # [B, <= 2K]
    parents = place // each
    tokens = candidates.tokens.view(sentences, -1).gather(1, place)
    missing = (0, 2 * beam - best.shape[1])
    best = functional.pad(best, missing, value=-torch.inf)
    parents, tokens = functional.pad(parents, missing), functional.pad(tokens, missing, value=PAD)
    at_limit = (live.limits <= length)[:, None]  # [B, 1]
    if not at_limit.any():
        return Options(parents, tokens, best, torch.zeros_like(best, dtype=torch.bool))
    free = _ends_freely(parents[:, :beam], tokens[:, :beam], best[:, :beam], width)
    ends = live.log_probabilities + candidates.end.view(sentences, width)
    ends = functional.pad(ends, (0, 2 * beam - width), value=-torch.inf)
    same = torch.arange(2 * beam, device=parents.device).clamp(max=width - 1)
    return Options(
        torch.where(at_limit, same, parents),
        tokens.masked_fill(at_limit, EOS),
        torch.where(at_limit, ends, best),
        at_limit & ~free.gather(1, same.expand(sentences, -1)),
    )


def _ends_freely(parents: Tensor, tokens: Tensor, best: Tensor, width: int) -> Tensor:
    """Return which of W live hypotheses ([B, W]) end without a limit, by the first K options."""
    ended = (tokens == EOS) & (best != -torch.inf)
    counts = torch.zeros(len(parents), width, dtype=torch.long, device=parents.device)
    return counts.scatter_add(1, parents, ended.long()) > 0


def _finish(finished: Finished, live: Live, options: Options, length_penalty: float) -> Finished:
    """Move the options among the first K that end into the pool."""
    beam = finished.scores.shape[1]
    parents, tokens, best, truncated = (part[:, :beam] for part in options)
    ended = (tokens == EOS) & (best != -torch.inf)
    if not ended.any():
        return finished
    length = live.tokens.shape[2]
    log_probabilities = best.masked_fill(~ended, -torch.inf)
    pieces = live.tokens.gather(1, _along(parents, length))
    scores = normalised(log_probabilities, length + 1, length_penalty)
    return finished.merged(pieces, log_probabilities, scores, truncated)


def _go_on(live: Live, options: Options) -> tuple[Live, Tensor]:
    """Return the K best that do not end, and which hypothesis each continues ([B, K])."""
    beam = options.tokens.shape[1] // 2
    scores = options.log_probabilities.masked_fill(options.tokens == EOS, -torch.inf)
    best, place = scores.topk(beam)
    parents = options.parents.gather(1, place)
    former = live.tokens.gather(1, _along(parents, live.tokens.shape[2]))
    tokens = torch.cat([former, options.tokens.gather(1, place)[:, :, None]], 2)
    return live._replace(tokens=tokens, log_probabilities=best), parents


def _is_done(finished: Finished, live: Live, length_penalty: float) -> Tensor:
    """Return which sentences ([B]) need no further step."""
    best = live.log_probabilities[:, 0]
    present = normalised(best, live.tokens.shape[2], length_penalty)
    full = finished.scores[:, -1] > -torch.inf
    return (full & (present <= finished.scores[:, 0])) | (best == -torch.inf)


def _collect(
    results: list[list[Hypothesis]], sentences: Tensor, finished: Finished, nbest: int
) -> None:
    for where, hypotheses in zip(sentences.tolist(), finished.hypotheses(nbest), strict=True):
        if not hypotheses:
            raise not_finite()
        results[where] = hypotheses


def _along(index: Tensor, length: int) -> Tensor:
    """Return `index` ([B, N]) repeated for `gather` from [B, W, length]."""
    return index[:, :, None].expand(-1, -1, length)
