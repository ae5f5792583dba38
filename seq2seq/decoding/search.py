"""Encoded sentences in, hypotheses out: batches, the search, and what to do without memory."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.batching import pad_sources, plan_batches
from seq2seq.decoding.beam import beam_search
from seq2seq.decoding.greedy import greedy_search
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.errors import ResourceError

NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


def search(
    model: StepwiseModel,
    sources: Sequence[Sequence[int]],
    decoding: DecodingConfig,
    *,
    nbest: int = 1,
    device: str = "cpu",
) -> list[list[Hypothesis]]:
    """Translate encoded sentences (content pieces, none empty); results come in their order.

    Raises:
        ModelError: the model's output is not finite.
        ResourceError: even a single sentence does not fit in memory.
    """
    batches = plan_batches(
        [len(pieces) for pieces in sources],
        beam=decoding.beam,
        batch_tokens=decoding.batch_tokens,
        one_length=model.one_length_batches or decoding.deterministic,
    )
    results: list[list[Hypothesis]] = [[] for _ in sources]
    batches.reverse()  # a stack: the next one is last
    while batches:
        batch = batches.pop()
        found = _search_batch(model, [sources[place] for place in batch], decoding, nbest, device)
        if found is None:
            if len(batch) == 1:
                raise ResourceError(
                    "not enough memory to translate a single sentence",
                    "use a smaller decoding.beam, or lower decoding.max_input",
                )
            batches += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
            continue
        for place, hypotheses in zip(batch, found, strict=True):
            results[place] = hypotheses
    return results


def longest_target(pieces: int, decoding: DecodingConfig) -> int:
    """Return how many target pieces a source of so many may become."""
    return int(decoding.max_ratio * pieces) + decoding.max_extra


def _search_batch(
    model: StepwiseModel,
    sources: Sequence[Sequence[int]],
    decoding: DecodingConfig,
    nbest: int,
    device: str,
) -> list[list[Hypothesis]] | None:
    """Return the hypotheses of one batch, or None where they do not fit in memory."""
    source, lengths = pad_sources(sources, device)
    limits = torch.tensor([longest_target(len(pieces), decoding) for pieces in sources])
    penalty = decoding.length_penalty
    try:
        if decoding.beam == 1:
            return greedy_search(model, source, lengths, length_penalty=penalty, max_lengths=limits)
        return beam_search(
            model,
            source,
            lengths,
            beam=decoding.beam,
            nbest=nbest,
            length_penalty=penalty,
            max_lengths=limits,
        )
    except (MemoryError, RuntimeError) as error:
        said = str(error).lower()
        if not isinstance(error, MemoryError) and not any(words in said for words in NO_MEMORY):
            raise
    if source.is_cuda:
        torch.cuda.empty_cache()
    return None
