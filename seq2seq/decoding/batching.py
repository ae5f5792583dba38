"""The order of work: sentences of like length together, as many as fit, batches side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from seq2seq.text.tokenizer import EOS, PAD

Found = TypeVar("Found")


def plan_batches(
    lengths: Sequence[int], *, beam: int, batch_tokens: int, one_length: bool
) -> list[list[int]]:
    """Return the places of `lengths` in batches, longest first.

    A batch holds as many sentences as keep sentences x beam x longest source (EOS included) within
    `batch_tokens`, and at least one; with `one_length`, only sentences of equal length.
    """
    batches: list[list[int]] = []
    longest = room = 0
    for place in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        length = lengths[place]
        if room == 0 or (one_length and length != longest):
            batches.append([])
            longest = length
            room = max(1, batch_tokens // (beam * (longest + 1)))
        batches[-1].append(place)
        room -= 1
    return batches


def pad_sources(sources: Sequence[Sequence[int]], device: str) -> tuple[Tensor, Tensor]:
    """Return sentences as [B, S], EOS added, right-padded, and their lengths ([B]), EOS counted."""
    width = max(map(len, sources)) + 1
    rows = [[*pieces, EOS] + [PAD] * (width - len(pieces) - 1) for pieces in sources]
    lengths = torch.tensor([len(pieces) + 1 for pieces in sources])
    return torch.tensor(rows).to(device), lengths.to(device)


def side_by_side(
    work: Callable[[Sequence[int]], Found], batches: Sequence[Sequence[int]], device: str
) -> Iterator[Found]:
    """Do the batches side by side on a CPU, one thread each; yield the results in order.

    The products of one step are too small to be shared: two threads at one batch are hardly faster
    than one, and far slower where another process wants a core too. So no result depends on the
    number of threads.
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
