"""Which source pieces a finished translation was looking at, piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from seq2seq.decoding.batching import pad_sources, plan_batches
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.errors import RecipeError
from seq2seq.text.tokenizer import BOS, PAD

LEAST_COVERED = 1e-6  # of a piece: the logarithm of nothing would outweigh all else

Pieces = Sequence[int]


@torch.inference_mode()
def alignments(
    model: StepwiseModel, pairs: Sequence[tuple[Pieces, Pieces]], batch_tokens: int, device: str
) -> list[Tensor] | None:
    """Return for each pair (source, target) the weights ([T, S + 1]) of its target pieces.

    The columns are the source in reading order and its end symbol. None: the model has no
    attention.
    """
    result: list[Tensor] = [torch.empty(0)] * len(pairs)
    batches = plan_batches(
        [len(source) for source, _ in pairs],
        beam=1,
        batch_tokens=batch_tokens,
        one_length=model.one_length_batches,
    )
    for batch in batches:
        source, lengths = pad_sources([pairs[place][0] for place in batch], device)
        targets = [pairs[place][1] for place in batch]
        longest = max(map(len, targets))
        rows = [[BOS, *target, *[PAD] * (longest - len(target))] for target in targets]
        weights = model.align(source, lengths, torch.tensor(rows, device=device))
        if weights is None:
            return None
        for place, target, own, length in zip(batch, targets, weights, lengths, strict=True):
            result[place] = own[: len(target), : int(length)].cpu()
    return result


def by_coverage(
    model: StepwiseModel,
    sources: Sequence[Pieces],
    found: Sequence[Sequence[Hypothesis]],
    penalty: float,
    batch_tokens: int,
    device: str,
) -> list[list[Hypothesis]]:
    """Rank the hypotheses of each source anew: what leaves source pieces unseen is punished.

    To the score comes `penalty` times the sum, over source pieces, of log(min(1, what all target
    pieces together gave it)): the coverage penalty of Wu et al. 2016, equation 14, on whole
    hypotheses.

    Raises:
        RecipeError: the model has no attention.
    """
    pairs = [
        (source, hypothesis.tokens)
        for source, own in zip(sources, found, strict=True)
        for hypothesis in own
    ]
    weights = alignments(model, pairs, batch_tokens, device)
    if weights is None:
        raise RecipeError("decoding.coverage_penalty: this model has no attention", "leave it at 0")
    each = iter(weights)
    return [
        sorted(
            (_covered(hypothesis, next(each), penalty) for hypothesis in own),
            key=lambda hypothesis: -hypothesis.score,
        )
        for own in found
    ]


def _covered(hypothesis: Hypothesis, weights: Tensor, penalty: float) -> Hypothesis:
    seen = weights.double().sum(0)[:-1].clamp(LEAST_COVERED, 1.0)
    score = hypothesis.score + penalty * float(seen.log().sum())
    return replace(hypothesis, score=score)
