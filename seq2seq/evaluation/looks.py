"""Which words of the source a model looked at, for a reader: its alignment of pieces, by words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seq2seq.text.normalization import WORD_START
from seq2seq.text.tokenizer import EOS, SPECIALS

if TYPE_CHECKING:
    from seq2seq.decoding.translation import Translation

Looks = list[list[int]]  # for each word of a translation, the places of words of its source


def word_looks(source: str, translation: Translation) -> Looks | None:
    """Return where each word of a translation looked.

    Words are what stands between spaces. None: the model has no attention, or its pieces do not
    divide into the words of the two texts.
    """
    best = translation.alignment
    if not best or not translation.pieces:
        return None
    read, written = _word_of(translation.source_pieces), _word_of(translation.pieces)
    found: Looks = [[] for _ in translation.text.split()]
    if min(*read, *written) < 0 or (read[-1] + 1, written[-1] + 1) != (
        len(source.split()), len(found)
    ):  # fmt: skip
        return None
    for word, place in zip(written, best, strict=True):
        assert isinstance(place, int), "alignments were asked for as best places"
        if translation.source_pieces[place] != SPECIALS[EOS] and read[place] not in found[word]:
            found[word].append(read[place])
    return found


def _word_of(pieces: Sequence[str]) -> list[int]:
    """Return the number of the word that each piece is of; -1 where pieces do not say.

    A no-break space or an ideographic one parts words too, wherever it stands in pieces.
    """
    numbers: list[int] = []
    number, parted = -1, False
    for piece in pieces:
        text = piece.removeprefix(WORD_START)
        begins = not text.isspace() and (parted or text[:1].isspace())
        number += piece.startswith(WORD_START) or begins
        parted = text[-1:].isspace()
        numbers.append(number)
    return numbers
