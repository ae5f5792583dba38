"""N-best lists in the format of Moses, read back: `line ||| text ||| features ||| score`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from seq2seq.errors import DataError
from seq2seq.text.lines import decode_line, read_lines

SEPARATOR = " ||| "
LONGEST_NUMBER = 18  # digits of a line number
FIELDS = 4  # a fifth and sixth, alignments, are left aside


class Candidate(NamedTuple):
    """One translation of a list."""

    text: str
    score: float  # the list's own
    line: str  # as it stands in the file


def read_nbest(path: Path, sources: int) -> list[list[Candidate]]:
    """Return the candidates of each of `sources` lines, in the order of the file.

    Raises:
        DataError: the file is missing or damaged, or a line has no candidate.
    """
    lists: list[list[Candidate]] = [[] for _ in range(sources)]
    for number, raw in enumerate(read_lines(path), start=1):
        line, _ = decode_line(raw)
        place, candidate = _parsed(line, f"{path}:{number}")
        if not 0 <= place < sources:
            raise DataError(
                f"{path}:{number}: a translation of line {place}, of {sources} (they count from 0)",
                "give the --source that the list was made from",
            )
        lists[place].append(candidate)
    if without := [place for place, own in enumerate(lists) if not own]:
        raise DataError(
            f"{path} has no translation of line {without[0]} (they count from 0)"
            + (f" and {len(without) - 1} others" if len(without) > 1 else ""),
            "give the --source that the list was made from",
        )
    return lists


def _parsed(line: str, where: str) -> tuple[int, Candidate]:
    fields = line.split(SEPARATOR)
    if len(fields) == FIELDS - 1 and line.count("|||") >= FIELDS - 1:  # an empty text
        fields = [part.strip() for part in line.split("|||")]
    try:
        if len(fields[0].strip()) > LONGEST_NUMBER:  # Python converts no 5,000 digits
            raise ValueError(fields[0])
        place, score = int(fields[0]), float(fields[FIELDS - 1])
    except (ValueError, IndexError):
        raise DataError(
            f"{where}: not `line ||| text ||| features ||| score`",
            "write the list with `translate --format moses`",
        ) from None
    if not math.isfinite(score):
        raise DataError(f"{where}: the score {fields[FIELDS - 1][:40]} is no number")
    return place, Candidate(fields[1].strip(), score, line)


def reranked(
    lists: Sequence[Sequence[Candidate]], scores: Sequence[Sequence[float]], weight: float
) -> list[list[Candidate]]:
    """Return each list by (1 - weight) x its own score + weight x `scores`, best first.

    Equal sums keep their order; with weight 0 it is the list's own.
    """
    return [
        [own[place] for place in order_of(own, given, weight)]
        for own, given in zip(lists, scores, strict=True)
    ]


def order_of(own: Sequence[Candidate], scores: Sequence[float], weight: float) -> list[int]:
    """Return the places of a list's candidates, best first, as `reranked` has them."""
    if weight == 0.0:
        return list(range(len(own)))
    mixed = [
        (1.0 - weight) * one.score + weight * score for one, score in zip(own, scores, strict=True)
    ]
    return sorted(range(len(own)), key=lambda place: -mixed[place])
