"""Lines into encoded parts: one for a usual line, none for a blank one, several for a long one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seq2seq.text.lines import encodable, is_blank
from seq2seq.text.splitting import LONG_TEXT, sentences, split
from seq2seq.text.tokenizer import Tokenizer

LONGEST_TEXT = 1_000_000  # characters; what is beyond is cut off

Note = Callable[[int, str], None]  # the place of a text, what befell it


def encode_parts(
    texts: Sequence[str],
    tokenizer: Tokenizer,
    max_input: int,
    note: Note,
    usual: int | None = None,
) -> list[list[list[int]]]:
    """Return the pieces of each text in parts of at most `max_input`; no part is empty.

    A text of several sentences goes in parts where it has more than `usual` pieces already: a model
    that was trained on single sentences makes one sentence of several.
    """
    usual = min(usual or max_input, max_input)
    clean = [_cleaned(text, place, note) for place, text in enumerate(texts)]
    short = [place for place, text in enumerate(clean) if 0 < len(text) <= LONG_TEXT]
    encoded = tokenizer.encode([clean[place] for place in short])
    whole = dict(zip(short, encoded, strict=True))
    result: list[list[list[int]]] = []
    for place, text in enumerate(clean):
        if not text:
            parts = []
        elif place in whole and _is_usual(text, len(whole[place]), usual, max_input):
            parts = [whole[place]]
        else:
            parts = split_text(text, tokenizer, usual, max_input)
            if len(parts) > 1:
                long = place not in whole or len(whole[place]) > max_input
                limit = max_input if long else usual
                note(place, f"longer than {limit} pieces, translated in {len(parts)} parts")
        result.append([part for part in parts if part])
    return result


def split_text(
    text: str, tokenizer: Tokenizer, usual: int, max_input: int | None = None
) -> list[list[int]]:
    """Return the pieces of a text in parts of whole sentences, each as full as possible.

    See `seq2seq.text.splitting.split`; a character of more than `max_input` pieces is cut as well.
    """
    longest = max_input or usual

    def encode(texts: Sequence[str]) -> list[list[str]]:
        return [tokenizer.pieces(row) for row in tokenizer.encode(texts)]

    rows = tokenizer.encode(split(text, encode, usual, longest))
    return [
        pieces[start : start + longest]
        for pieces in rows
        for start in range(0, len(pieces), longest)
    ]


def _is_usual(text: str, pieces: int, usual: int, max_input: int) -> bool:
    return pieces <= usual or (pieces <= max_input and len(sentences(text)) == 1)


def _cleaned(text: str, place: int, note: Note) -> str:
    """Return what tokenizers can take, not endless; blank texts become empty."""
    if len(text) > LONGEST_TEXT:
        note(place, f"longer than {LONGEST_TEXT:,} characters, the rest is left out")
        text = text[:LONGEST_TEXT]
    return "" if is_blank(text) else encodable(text)
