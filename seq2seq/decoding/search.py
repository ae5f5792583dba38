"""Encoded sentences in, hypotheses out: batches, the search, and what to do without memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.alignments import by_coverage
from seq2seq.decoding.batching import pad_sources, plan_batches, side_by_side
from seq2seq.decoding.beam import beam_search
from seq2seq.decoding.greedy import greedy_search
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.decoding.processors import make_processors
from seq2seq.decoding.sampling import Draw, sample
from seq2seq.errors import ResourceError


class Job(NamedTuple):
    """A source and what its translation must begin with, in pieces."""

    source: Sequence[int]
    prefix: Sequence[int]


LEAST_BEAM = 2  # by which batches are planned: larger ones of greedy search share out worse
NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


def search(
    model: StepwiseModel,
    sources: Sequence[Sequence[int]],
    decoding: DecodingConfig,
    *,
    nbest: int = 1,
    device: str = "cpu",
    prefixes: Sequence[Sequence[int]] | None = None,
) -> list[list[Hypothesis]]:
    """Translate encoded sentences (content pieces, none empty); results come in their order.

    `prefixes` are pieces that each translation must begin with.

    Raises:
        ModelError: the model's output is not finite.
        RecipeError: the decoding asks for what the model does not have.
        ResourceError: even a single sentence does not fit in memory.
    """
    batches = plan_batches(
        [len(pieces) for pieces in sources],
        beam=max(LEAST_BEAM, nbest if decoding.method == "sampling" else decoding.beam),
        batch_tokens=decoding.batch_tokens,
        one_length=model.one_length_batches or decoding.deterministic,
    )
    reranked = decoding.coverage_penalty > 0.0 and decoding.method == "beam"
    wanted = decoding.beam if reranked else nbest
    starts = prefixes or [[]] * len(sources)

    def work(batch: Sequence[int]) -> list[list[Hypothesis]]:
        jobs = [Job(sources[place], starts[place]) for place in batch]
        return _search_fitting(model, jobs, decoding, wanted, device)

    results: list[list[Hypothesis]] = [[] for _ in sources]
    for batch, found in zip(batches, side_by_side(work, batches, device), strict=True):
        for place, hypotheses in zip(batch, found, strict=True):
            results[place] = hypotheses
    if reranked:
        results = by_coverage(
            model, sources, results, decoding.coverage_penalty, decoding.batch_tokens, device
        )
    return [own[:nbest] for own in results]


def _search_fitting(
    model: StepwiseModel,
    jobs: Sequence[Job],
    decoding: DecodingConfig,
    nbest: int,
    device: str,
) -> list[list[Hypothesis]]:
    """Search a batch, or its halves where it does not fit in memory."""
    found = _search_batch(model, jobs, decoding, nbest, device)
    if found is not None:
        return found
    if len(jobs) == 1:
        raise ResourceError(
            "not enough memory to translate a single sentence",
            "use a smaller decoding.beam, or lower decoding.max_input",
        )
    half = len(jobs) // 2
    parts = (jobs[:half], jobs[half:])
    return [
        each for part in parts for each in _search_fitting(model, part, decoding, nbest, device)
    ]


def longest_target(pieces: int, decoding: DecodingConfig) -> int:
    """Return how many target pieces a source of so many may become."""
    return int(decoding.max_ratio * pieces) + decoding.max_extra


def _search_batch(
    model: StepwiseModel,
    jobs: Sequence[Job],
    decoding: DecodingConfig,
    nbest: int,
    device: str,
) -> list[list[Hypothesis]] | None:
    """Return the hypotheses of one batch, or None where they do not fit in memory."""
    try:
        return _searched(model, jobs, decoding, nbest, device)
    except (MemoryError, RuntimeError) as error:
        said = str(error).lower()
        if not isinstance(error, MemoryError) and not any(words in said for words in NO_MEMORY):
            raise
    if device != "cpu":
        torch.cuda.empty_cache()
    return None


def _searched(
    model: StepwiseModel,
    jobs: Sequence[Job],
    decoding: DecodingConfig,
    nbest: int,
    device: str,
) -> list[list[Hypothesis]]:
    """Search one batch by the method that the settings name."""
    source, lengths = pad_sources([job.source for job in jobs], device)
    longest = [longest_target(len(job.source), decoding) for job in jobs]
    limits = [
        limit if len(job.prefix) < limit else len(job.prefix) + decoding.max_extra
        for job, limit in zip(jobs, longest, strict=True)
    ]
    how: dict[str, Any] = {
        "length_penalty": decoding.length_penalty,
        "max_lengths": torch.tensor(limits),
        "processors": make_processors(
            decoding.no_repeat_ngram, [job.prefix for job in jobs], device
        ),
    }
    if decoding.method == "sampling":
        draw = Draw(decoding.seed, decoding.temperature, decoding.top_k, decoding.top_p)
        return sample(model, source, lengths, samples=nbest, draw=draw, **how)
    if decoding.beam == 1:
        return greedy_search(model, source, lengths, **how)
    return beam_search(model, source, lengths, beam=decoding.beam, nbest=nbest, **how)
