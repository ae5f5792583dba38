"""Which sentences make up the batches of an epoch: a pure function of its arguments.

The corpus is shuffled, cut into large pools, and each pool is sorted so that neighbours are alike
on both sides; neighbours become batches, and the batches of the whole epoch are shuffled. Nothing
is drawn from a generator with a state, so a resumed run recomputes the plan and jumps to its place.
"""

from __future__ import annotations

import hashlib
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Lengths = NDArray[np.integer[Any]]

POOL_BATCHES = 1000  # batches a pool is worth: more sort better, fewer mix better
STRIPS = (0.0, 0.04, 0.08, 0.12, 0.16, 0.32)  # relative widths tried for strips of source length
EVEN = 32  # a batch of more than twice as many sentences holds a multiple, so that shapes recur
RARE = 4  # a length that fills less than 1/RARE of a batch shares one with other lengths


def batch_plan(
    source_lengths: Lengths,
    target_lengths: Lengths,
    *,
    seed: int,
    epoch: int,
    batch_tokens: int,
    batch_sentences: int = 0,
    one_length: bool = False,
) -> list[Indices]:
    """Return the batches of an epoch as int64 arrays of pair indices; each pair is in one.

    Lengths are content pieces. For each batch, sentences x (longest of either side + 1) <=
    `batch_tokens`, and at most `batch_sentences` sentences unless that is 0; a pair longer than the
    budget goes alone. With `one_length`, each batch holds one source length, except that lengths
    too rare to fill a quarter of a batch share batches among themselves.
    """
    count = len(source_lengths)
    if not count:
        return []
    source = np.asarray(source_lengths, dtype=np.int64)
    target = np.asarray(target_lengths, dtype=np.int64)
    words = _random_words(f"{seed}/batches/{epoch}", 2 * count)
    order = np.argsort(words[:count], kind="stable")
    longest = float(np.maximum(source, target).mean()) + 1.0
    pool = max(1, int(POOL_BATCHES * min(batch_tokens / longest, batch_sentences or np.inf)))
    pools = np.array_split(order, -(-count // pool))
    most = batch_sentences or count
    if one_length:
        parts = [_one_length_batches(part, source, target, batch_tokens, most) for part in pools]
    else:
        tried = [_like_batches(pools[0], source, target, batch_tokens, most, w) for w in STRIPS]
        best = min(range(len(STRIPS)), key=lambda i: padding_share(tried[i], source, target))
        parts = [tried[best]]
        for part in pools[1:]:
            parts.append(_like_batches(part, source, target, batch_tokens, most, STRIPS[best]))
    batches = list(chain.from_iterable(parts))
    shuffled = np.argsort(words[count : count + len(batches)], kind="stable")
    return [batches[place] for place in shuffled]


def padding_share(
    batches: list[Indices], source_lengths: Lengths, target_lengths: Lengths
) -> float:
    """Return which share of all batch positions, both sides with their end symbols, is padding."""
    real = sum(int(source_lengths[b].sum() + target_lengths[b].sum()) + 2 * len(b) for b in batches)
    area = sum(
        len(b) * (int(source_lengths[b].max()) + int(target_lengths[b].max()) + 2) for b in batches
    )
    return 1.0 - real / area if area else 0.0


def _random_words(key: str, count: int) -> NDArray[np.uint64]:
    """Return words of a keyed bit generator, whose stream numpy promises never to change."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "little")
    return np.random.Philox(key=number).random_raw(count)


def _like_batches(
    part: Indices, source: Indices, target: Indices, tokens: int, sentences: int, width: float
) -> list[Indices]:
    """Cut a pool into batches of pairs alike on both sides.

    Sorting by source length alone leaves target lengths mixed where a source length is rare, so
    source lengths are grouped into strips of a relative width, each sorted by target length.
    """
    ordered = _strip_order(part, source, target, width)
    starts = _cut(np.maximum(source[ordered], target[ordered]), tokens, sentences)
    return np.split(ordered, starts[1:])


def _strip_order(part: Indices, source: Indices, target: Indices, width: float) -> Indices:
    """Sort a pool by strips of source length; targets rise and fall in turn, so that seams fit."""
    strips = source[part]
    if width:
        strips = np.floor(np.log1p(strips) / np.log1p(width)).astype(np.int64)
    _, strips = np.unique(strips, return_inverse=True)
    along = np.where(strips % 2 == 0, target[part], -target[part])
    return part[np.lexsort((along, strips))]


def _one_length_batches(
    part: Indices, source: Indices, target: Indices, tokens: int, sentences: int
) -> list[Indices]:
    """Cut a pool into batches of one source length each, and batches that rare lengths share."""
    ordered = part[np.lexsort((target[part], source[part]))]
    seams = np.flatnonzero(np.diff(source[ordered])) + 1
    batches: list[Indices] = []
    rare: list[Indices] = []
    for group in np.split(ordered, seams):
        heights = np.maximum(source[group], target[group])
        filled = max(len(group) * (int(heights.max()) + 1) / tokens, len(group) / sentences)
        if filled * RARE < 1:
            rare.append(group)
        else:
            starts = _evened(_cut(heights, tokens, sentences), heights, tokens)
            batches += np.split(group, starts[1:])
    if rare:
        mixed = np.concatenate(rare)
        starts = _cut(np.maximum(source[mixed], target[mixed]), tokens, sentences)
        batches += np.split(mixed, starts[1:])
    return batches


def _cut(heights: Indices, tokens: int, sentences: int) -> Indices:
    """Return where batches start when sentences of these heights are taken in order, greedily."""
    starts = []
    place = 0
    while place < len(heights):
        starts.append(place)
        most = min(sentences, max(1, tokens // (int(heights[place]) + 1)))
        highest = np.maximum.accumulate(heights[place : place + most])
        costs = (highest + 1) * np.arange(1, len(highest) + 1)
        taken = max(1, int(np.searchsorted(costs, tokens, side="right")))
        if 2 * EVEN <= taken < min(sentences, len(heights) - place):
            taken -= taken % EVEN
        place += taken
    return np.asarray(starts, dtype=np.int64)


def _evened(starts: Indices, heights: Indices, tokens: int) -> Indices:
    """Share the last two batches evenly where the budget allows, so that no crumb is left."""
    if len(starts) < 2:
        return starts
    count = len(heights) - int(starts[-2])
    middle = int(starts[-2]) + count // 2
    if (len(heights) - middle) * (int(heights[middle:].max()) + 1) > tokens:
        return starts
    return np.append(starts[:-1], middle)
