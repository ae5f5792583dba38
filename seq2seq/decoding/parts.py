"""Lines into encoded parts: one for a usual line, none for a blank one, several for a long one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seq2seq.text.lines import encodable, is_blank
from seq2seq.text.tokenizer import Tokenizer

LONGEST_TEXT = 1_000_000  # characters; what is beyond is cut off
LONG_TEXT = 20_000  # characters; longer ones are never encoded whole
LONGEST_WORD = 1000  # characters, in a text that is split

Note = Callable[[int, str], None]  # the place of a text, what befell it


def encode_parts(
    texts: Sequence[str], tokenizer: Tokenizer, max_input: int, note: Note
) -> list[list[list[int]]]:
    """Return the pieces of each text in parts of at most `max_input`; no part is empty."""
    clean = [_cleaned(text, place, note) for place, text in enumerate(texts)]
    usual = [place for place, text in enumerate(clean) if 0 < len(text) <= LONG_TEXT]
    encoded = tokenizer.encode([clean[place] for place in usual])
    whole = dict(zip(usual, encoded, strict=True))
    result: list[list[list[int]]] = []
    for place, text in enumerate(clean):
        if not text:
            parts = []
        elif place in whole and len(whole[place]) <= max_input:
            parts = [whole[place]]
        else:
            parts = split_text(text, tokenizer, max_input)
            if len(parts) > 1:
                note(place, f"longer than {max_input} pieces, translated in {len(parts)} parts")
        result.append([part for part in parts if part])
    return result


def split_text(text: str, tokenizer: Tokenizer, max_input: int) -> list[list[int]]:
    """Return the pieces of a long text in parts of whole words, each as full as possible.

    Words are what stands between white space; only one that is too long by itself is cut inside.
    """
    words = [
        word[start : start + LONGEST_WORD]
        for word in text.split()
        for start in range(0, len(word), LONGEST_WORD)
    ]
    distinct = list(dict.fromkeys(words))
    sizes = dict(zip(distinct, map(len, tokenizer.encode(distinct)), strict=True))
    groups: list[list[str]] = [[]]
    room = max_input
    for word in words:
        if sizes[word] > room and groups[-1]:
            groups.append([])
            room = max_input
        groups[-1].append(word)
        room -= sizes[word]
    encoded = tokenizer.encode([" ".join(group) for group in groups])
    parts: list[list[int]] = []
    for group, pieces in zip(groups, encoded, strict=True):
        parts += _fitting(group, pieces, tokenizer, max_input)
    return parts


def _fitting(
    words: Sequence[str], pieces: list[int], tokenizer: Tokenizer, max_input: int
) -> list[list[int]]:
    """Return `pieces`, which encode `words`, or fewer words at a time until each part fits."""
    if len(pieces) <= max_input:
        return [pieces]
    alone = len(words) == 1
    items, glue = (words[0], "") if alone else (words, " ")
    if len(items) == 1:  # one character of more pieces than a part may have
        return [pieces[start : start + max_input] for start in range(0, len(pieces), max_input)]
    width = -(-len(items) // -(-len(pieces) // max_input))
    parts: list[list[int]] = []
    for start in range(0, len(items), width):
        some = items[start : start + width]
        (encoded,) = tokenizer.encode([glue.join(some)])
        parts += _fitting([str(some)] if alone else some, encoded, tokenizer, max_input)
    return parts


def _cleaned(text: str, place: int, note: Note) -> str:
    """Return what tokenizers can take, not endless; blank texts become empty."""
    if len(text) > LONGEST_TEXT:
        note(place, f"longer than {LONGEST_TEXT:,} characters, the rest is left out")
        text = text[:LONGEST_TEXT]
    return "" if is_blank(text) else encodable(text)
