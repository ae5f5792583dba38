"""Other segmentations of a word, drawn at random: a function of the word, the pieces and the seed.

sentencepiece samples as well, but its generator (abseil's, as of 0.2.3) is salted anew in each
process, whatever seed it is given: a run that is resumed without its cache would read other text.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random

Pieces = Mapping[str, tuple[int, float]]  # the id and the score of each piece that may be used
Row = tuple[int, ...]
LONGEST_PIECE = 16  # characters, sentencepiece's own bound (max_sentencepiece_length)


def sampled_unigram(word: str, pieces: Pieces, count: int, alpha: float, draw: Random) -> list[Row]:
    """Return `count` segmentations, each with probability proportional to P ** alpha; [] for none.

    P is the product of the probabilities of its pieces, whose logarithms are the scores (Kudo 2018,
    equation 8, over all segmentations): forward sums over the word, then sampling backwards.
    """
    sums = [0.0]  # logarithm of the sum over all segmentations of word[:end]
    edges: list[tuple[list[int], list[int], list[float]]] = [([], [], [])]
    for end in range(1, len(word) + 1):
        starts, ids, logs = [], [], []
        for start in range(max(0, end - LONGEST_PIECE), end):
            piece = pieces.get(word[start:end])
            if piece is not None and sums[start] > -math.inf:
                starts.append(start)
                ids.append(piece[0])
                logs.append(sums[start] + alpha * piece[1])
        top = max(logs, default=-math.inf)
        weights = list(accumulate(math.exp(log - top) for log in logs))
        sums.append(top + math.log(weights[-1]) if weights else -math.inf)
        edges.append((starts, ids, weights))
    if sums[-1] == -math.inf:
        return []
    return [_path(edges, draw) for _ in range(count)]


def _path(edges: list[tuple[list[int], list[int], list[float]]], draw: Random) -> Row:
    row, end = [], len(edges) - 1
    while end:
        starts, ids, weights = edges[end]
        edge = bisect(weights, draw.random() * weights[-1], hi=len(weights) - 1)
        row.append(ids[edge])
        end = starts[edge]
    return tuple(reversed(row))


def sampled_bpe(word: str, pieces: Pieces, count: int, dropout: float, draw: Random) -> list[Row]:
    """Return `count` segmentations by BPE with merges left out; [] for none.

    The best merge comes first, by score, then from the left; each is left out with probability
    `dropout` when its turn comes (Provilkov et al. 2020, as sentencepiece does it).
    """
    if any(character not in pieces for character in word):
        return []
    return [_merged(word, pieces, dropout, draw) for _ in range(count)]


def _merged(word: str, pieces: Pieces, dropout: float, draw: Random) -> Row:
    symbols = list(word)  # "" where one was merged into the one before
    before = list(range(-1, len(word) - 1))
    after = list(range(1, len(word) + 1))
    merges: list[tuple[float, int, int, str]] = []

    def consider(left: int, right: int) -> None:
        if left >= 0 and right < len(symbols):
            piece = pieces.get(merged := symbols[left] + symbols[right])
            if piece is not None:
                heapq.heappush(merges, (-piece[1], left, right, merged))

    for left in range(len(word) - 1):
        consider(left, left + 1)
    while merges:
        _, left, right, merged = heapq.heappop(merges)
        is_there = symbols[left] and symbols[right] and symbols[left] + symbols[right] == merged
        if not is_there or after[left] != right or draw.random() < dropout:
            continue
        symbols[left], symbols[right] = merged, ""
        after[left] = after[right]
        if after[left] < len(symbols):
            before[after[left]] = left
        consider(before[left], left)
        consider(left, after[left])
    return tuple(pieces[symbol][0] for symbol in symbols if symbol)
