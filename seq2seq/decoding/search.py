"""Encoded sentences in, hypotheses out: batches, the search, and what to do without memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.batching import pad_sources, plan_batches
from seq2seq.decoding.beam import beam_search
from seq2seq.decoding.greedy import greedy_search
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.errors import ResourceError

Found = list[list[Hypothesis]]
Work = Callable[[Sequence[int]], Found]

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

    def work(batch: Sequence[int]) -> list[list[Hypothesis]]:
        chosen = [sources[place] for place in batch]
        return _search_fitting(model, chosen, decoding, nbest, device)

    results: list[list[Hypothesis]] = [[] for _ in sources]
    for batch, found in zip(batches, _spread(work, batches, device), strict=True):
        for place, hypotheses in zip(batch, found, strict=True):
            results[place] = hypotheses
    return results


def _spread(work: Work, batches: Sequence[Sequence[int]], device: str) -> Iterator[Found]:
    """Do the batches side by side on a CPU, one thread each; yield the results in order.

    The products of one step are too small to be shared: two threads at one batch are hardly faster
    than one, and far slower where another process wants a core too. So no translation depends on
    the number of threads.
    """
    threads = torch.get_num_threads()
    if device != "cpu" or threads == 1:
        yield from map(work, batches)
        return
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from pool.map(work, batches)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        torch.set_num_threads(threads)  # part of it is of the process, not of the thread


def _search_fitting(
    model: StepwiseModel,
    sources: Sequence[Sequence[int]],
    decoding: DecodingConfig,
    nbest: int,
    device: str,
) -> list[list[Hypothesis]]:
    """Search a batch, or its halves where it does not fit in memory."""
    found = _search_batch(model, sources, decoding, nbest, device)
    if found is not None:
        return found
    if len(sources) == 1:
        raise ResourceError(
            "not enough memory to translate a single sentence",
            "use a smaller decoding.beam, or lower decoding.max_input",
        )
    half = len(sources) // 2
    parts = (sources[:half], sources[half:])
    return [
        each for part in parts for each in _search_fitting(model, part, decoding, nbest, device)
    ]


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
