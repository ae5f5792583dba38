"""What every tokenizer offers: content ids from raw text, and detokenized text from ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")
LARGEST_FILE = 16 << 20  # bytes; larger files are refused before they are parsed


class Tokenizer(Protocol):
    """Text to ids and back, for one language or for two that share a model.

    Control symbols written in text are plain text: `encode` never gives PAD, BOS or EOS, whatever
    it reads.
    """

    @property
    def size(self) -> int:
        """Return the number of ids, the four special ones included."""
        ...

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the tokenizer's file."""
        ...

    @property
    def suffix(self) -> str:
        """Return the file name's ending, ".model" or ".vocab"."""
        ...

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the content ids of each text; a blank text has none."""
        ...

    def decode(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """Return detokenized text for each row of ids, one line each."""
        ...

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Return the pieces that ids stand for, special ones included."""
        ...

    def unknown(self, text: str) -> list[str]:
        """Return how the pieces of a text that become UNK are written in it, in order."""
        ...

    def spelled(self, text: str) -> list[str]:
        """Return the characters of a text that are hardly known, since bytes stand for them."""
        ...

    @property
    def spells_bytes(self) -> bool:
        """Return whether what has no piece of its own is spelled in bytes, and not UNK."""
        ...

    def uncovered(self, texts: Sequence[str], rows: Sequence[Sequence[int]]) -> Counter[str]:
        """Count the characters without a piece in texts and their ids; words have no pieces."""
        ...

    def join(self, pieces: Sequence[str]) -> str:
        """Return detokenized text, one line, for pieces; one that is not known stands as it is."""
        ...

    def ids(self, pieces: Iterable[str]) -> list[int] | None:
        """Return the ids of pieces as `pieces` gives them, or None where one is not known."""
        ...

    def save(self, path: Path) -> None:
        """Write the tokenizer's file, whose bytes `digest` is of."""
        ...
