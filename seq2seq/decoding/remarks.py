"""What a reader of translations has to know: which were cut short, and what is not in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seq2seq.decoding.translation import Translation

FIRST = 5  # lines that are named where there are more of a kind
NAMED, LONGEST_NAME = 20, 30  # unknown pieces of text that are named, and characters of one
KEPT = 10_000  # different ones that are counted
RAISE = "raise decoding.max_ratio or decoding.max_extra"


class Remarks:
    """Collects what befell the translations of numbered lines, for a few messages at the end."""

    def __init__(self, unit: str = "line") -> None:
        """Take the name of what the numbers count."""
        self.unit = unit
        self.count = 0
        self.truncated: list[int] = []  # numbers of lines
        self.lossy: list[int] = []
        self.unknown: list[int] = []
        self.lost: dict[str, None] = {}

    def add(self, number: int, best: Translation) -> None:
        """Take the translation that is handed out for a line."""
        self.count += 1
        if best.truncated:
            self.truncated.append(number)
        if best.unknown:
            self.unknown.append(number)
        if best.lost:
            self.lossy.append(number)
            if len(self.lost) < KEPT:
                self.lost.update(dict.fromkeys(best.lost))

    def messages(self) -> list[str]:
        """Return a message for each kind that there is."""
        found = []
        if self.truncated:
            found.append(
                f"{len(self.truncated)} of {_counted(self.count, 'translation')} ended at the "
                f"length limit, before the model was done ({self._first(self.truncated)}): {RAISE}"
            )
        if self.lossy:
            found.append(
                f"{_counted(len(self.lossy), self.unit)} with text that the model has no piece for "
                f"and that its translation lacks ({self._first(self.lossy)}): {named(self.lost)}"
            )
        if self.unknown:
            found.append(
                f"{_counted(len(self.unknown), 'translation')} with <unk> for what the model "
                f"could not write ({self._first(self.unknown)})"
            )
        return found

    def _first(self, numbers: Sequence[int]) -> str:
        shown = ", ".join(map(str, numbers[:FIRST]))
        more = ", ..." if len(numbers) > FIRST else ""
        return f"{self.unit}{'s' if len(numbers) > 1 else ''} {shown}{more}"


def remarks(best: Translation) -> list[str]:
    """Return the messages about a single translation."""
    found = []
    if best.truncated:
        found.append(f"translation ended at the length limit: {RAISE}")
    if best.lost:
        lost = named(best.lost)
        found.append(f"the model has no piece for this, and the translation lacks it: {lost}")
    if best.unknown:
        found.append("translation with <unk> for what the model could not write")
    return found


def named(pieces: Iterable[str]) -> str:
    """Return different pieces of text by name, the first of many."""
    distinct = list(dict.fromkeys(pieces))
    more = len(distinct) - NAMED
    shown = " ".join(piece[:LONGEST_NAME] for piece in distinct[:NAMED])
    return shown + (f" and {more:,} more" if more > 0 else "")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
