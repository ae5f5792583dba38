"""Which pairs are kept, and what is told about them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from seq2seq.errors import DataError
from seq2seq.text.characters import spelled_out

NAMED = 20  # characters without a piece that are named


@dataclass
class DataReport:
    """Counts over the training text, and the sizes of both sets. Pieces are those of kept pairs."""

    kept: int = 0
    empty: int = 0  # pairs dropped for a side without text
    too_long: int = 0  # pairs dropped for a side over data.max_length pieces
    source_pieces: int = 0
    target_pieces: int = 0
    source_unknown: int = 0
    target_unknown: int = 0
    # characters without a piece of their own in all pairs read, and how often they occur
    source_uncovered: dict[str, int] = field(default_factory=dict)
    target_uncovered: dict[str, int] = field(default_factory=dict)
    source_bytes: bool = False  # such characters are spelled in bytes, and not lost
    target_bytes: bool = False
    valid: int = 0
    valid_dropped: int = 0
    held_out: int = 0  # of the valid pairs, those taken out of the training text

    @property
    def read(self) -> int:
        """Return the number of training pairs read."""
        return self.kept + self.empty + self.too_long

    def as_dict(self) -> dict[str, Any]:
        """Return the counts by name, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the report for people, one fact a line."""
        told = [
            f"pairs: {self.kept:,} kept of {self.read:,}"
            f" ({self.empty:,} empty, {self.too_long:,} too long)"
        ]
        for side, pieces, unknown, uncovered, spelled in (
            (
                "source", self.source_pieces, self.source_unknown,
                self.source_uncovered, self.source_bytes,
            ),
            (
                "target", self.target_pieces, self.target_unknown,
                self.target_uncovered, self.target_bytes,
            ),
        ):  # fmt: skip
            mean = pieces / max(1, self.kept)
            share = 100.0 * unknown / max(1, pieces)
            told.append(f"{side}: {pieces:,} pieces, {mean:.1f} a sentence, {share:.2f} % unknown")
            if uncovered:
                told.append(f"{side}: {_named(uncovered, spelled)}")
        origin = "held out of the training text" if self.held_out else "from its own text"
        dropped = f", {self.valid_dropped:,} dropped" if self.valid_dropped else ""
        told.append(f"validation: {self.valid:,} pairs {origin}{dropped}")
        return told


def _named(counts: dict[str, int], spelled: bool) -> str:
    """Return which characters have no piece, the most frequent ones first, and what becomes."""
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    shown = " ".join(
        f"{spelled_out(character)} ({counts[character]:,})" for character in ranked[:NAMED]
    )
    more = f" and {len(ranked) - NAMED:,} more" if len(ranked) > NAMED else ""
    fate = "too rare for a piece, spelled in bytes" if spelled else "unknown, and lost"
    noun = "character" if len(ranked) == 1 else "characters"
    return f"{len(ranked):,} {noun} {fate} ({sum(counts.values()):,} times in all): {shown}{more}"


def usable(source: list[int], target: list[int], longest: int, report: DataReport) -> bool:
    """Return whether a pair of ids is kept, and count it in the report otherwise."""
    if not source or not target:
        report.empty += 1
        return False
    if len(source) > longest or len(target) > longest:
        report.too_long += 1
        return False
    report.kept += 1
    return True


def check_usable(report: DataReport, name: str) -> None:
    """Raise DataError where no pair of `name` was kept."""
    if report.kept:
        return
    if not report.read:
        raise DataError(f"{name}: no pairs at all", "the files are empty")
    raise DataError(
        f"{name}: none of {report.read:,} pairs can be used"
        f" ({report.empty:,} empty, {report.too_long:,} too long)",
        "check the files, or raise data.max_length",
    )
