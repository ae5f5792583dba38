"""Long texts into parts at the ends of their sentences, and translated parts back into one text.

A sentence ends where its own script says so: at a full stop, question or exclamation mark of any
script with the closing quotes and brackets behind it, or, in Thai and Lao, at a space. Only a
sentence that is too long by itself is cut further: at commas, then between words, and a word, or
writing without spaces, between the tokenizer's pieces.

This file needs the standard library alone, since it is also part of an exported model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

LONG_TEXT = 20_000  # characters; longer ones are never encoded whole
LONGEST_WORD = 1000  # characters, likewise of a word

Encode = Callable[[Sequence[str]], Sequence[Sequence[str]]]  # the pieces of each text
Span = tuple[int, int]

# Marks that end a sentence whatever follows (Sentence_Terminal of Unicode, without ASCII): of
# Chinese and Japanese, Hindi, Arabic, Urdu, Armenian, Ethiopic, Tibetan, Burmese, Khmer, Mongolian,
# Syriac, Lisu, Lepcha, Ol Chiki, Cham, Meetei Mayek.
CERTAIN = "。！？｡‼⁇⁈⁉।॥؟۔։።፧፨།༎༏༐༑။។៕៚᠃᠉܀܁܂꓿᰻᰼᱾᱿꩝꩞꩟꫰꫱꯫"
POSSIBLE = ".!?…．"  # where a space and no small letter follow
CLOSING = "\"'”’»›)]}」』】》〉）］｝〕〗〙〛＂＇"
OPENING = "\"'“‘„‚«‹([{¿¡「『【《〈（［｛〔—–-"
COMMAS = "，、；：﹐،؛၊፣፤፥"  # a space need not follow
ENDS = re.compile(
    rf"[{re.escape(CERTAIN + POSSIBLE)}]+[{re.escape(CLOSING)}“]*"
    # A space of Thai or Lao parts phrases; none stands before or behind the sign of repetition.
    r"|(?<=[\u0e01-\u0e45\u0e47-\u0edf])\s+(?=[\u0e01-\u0e45\u0e47-\u0edf])"
)
CLAUSE_ENDS = re.compile(rf"[{COMMAS}]+|[,;:]+(?=\s)|\s[–—-]+(?=\s)")
WORD = re.compile(r"\S+")
BLANKS = re.compile(r"\s{2,}")
ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        "bzw ca co corp dept dr ed eds esq etc fig gen gov hr inc jr lt ltd mag max min mio "
        "mlle mm mme mr mrd mrs ms mt nr no nos op pp prof rep rev sen sgt sr st str tel usw "
        "vgl vol vs ",
    )
)


def split(text: str, encode: Encode, usual: int, longest: int) -> list[str]:
    """Return `text` in parts of whole sentences, each as full as possible up to `usual` pieces.

    A sentence of more pieces than that stands alone, and is cut only where it has more than
    `longest`. No part has more, unless a single character does.
    """
    return _parts(text, 0, min(usual, longest), longest, encode)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without the white space between them."""
    return [text[start:end] for start, end in _sentences(text)]


def join(parts: Sequence[str]) -> str:
    """Return translated parts as one text: with a space between, unless it is Chinese or Japanese.

    By the characters on both sides, so that no language code is needed. Thai has a space between
    sentences.
    """
    text = ""
    for part in filter(None, parts):
        before, after = text.rstrip("”’…—\"'.!?,;:")[-1:], part.lstrip("“‘\"'")[:1]
        text += part if not text or (_is_wide(before) and _is_wide(after)) else " " + part
    return text


def _is_wide(character: str) -> bool:
    """Return whether it is of a script without spaces in full width: Han, kana, their marks."""
    wide = bool(character) and unicodedata.east_asian_width(character) in "WF"
    if not wide or unicodedata.category(character)[0] not in "LPN":  # an emoji is a symbol
        return False
    return not unicodedata.name(character, "").startswith(("HANGUL", "HALFWIDTH HANGUL"))


def _parts(text: str, level: int, limit: int, longest: int, encode: Encode) -> list[str]:
    """Return parts of `text`, cut where the level of `LEVELS` allows it, or one below."""
    units, sizes = LEVELS[level](text, encode)
    groups: list[tuple[int, int]] = []  # numbers of units, the last one excluded
    room = 0
    for number, size in enumerate(sizes):
        if groups and size <= room:
            groups[-1] = (groups[-1][0], number + 1)
            room -= size
        else:
            groups.append((number, number + 1))
            room = limit - size
    texts = [_cut(text, units[first][0], units[last - 1][1]) for first, last in groups]
    known = [
        number for number, (first, last) in enumerate(groups)
        if last > first + 1 or sizes[first] <= longest
    ]  # fmt: skip
    fits = dict.fromkeys(range(len(groups)), False)
    for number, pieces in zip(known, encode([texts[number] for number in known]), strict=True):
        fits[number] = len(pieces) <= longest
    result: list[str] = []
    for number, (first, last) in enumerate(groups):
        if fits[number] or (last == first + 1 and level == len(LEVELS) - 1):
            result.append(texts[number])
        elif last == first + 1:
            result += _parts(texts[number], level + 1, longest, longest, encode)
        else:  # together they have more pieces than one by one
            middle = (first + last) // 2
            for one, other in ((first, middle), (middle, last)):
                half = _cut(text, units[one][0], units[other - 1][1])
                result += _parts(half, level, limit, longest, encode)
    return result


def _cut(text: str, start: int, end: int) -> str:
    return BLANKS.sub(" ", text[start:end].strip())


def _sentences(text: str) -> list[Span]:
    lowercased = text.islower()
    marks = [match for match in ENDS.finditer(text) if _ends(text, match, lowercased)]
    return _between(text, [_end(text, match) for match in marks])


def _end(text: str, match: re.Match[str]) -> int:
    """Return where the sentence ends: behind closing quotes, before those that open the next."""
    marks = match[0].rstrip(CLOSING + "“")
    if not any(mark in CERTAIN for mark in marks):
        return match.end()
    closing = match[0][len(marks) :].partition("“")[0]
    for quote in "\"'":  # the same sign opens and closes
        before = text[max(0, match.start() - LONGEST_WORD) : match.start()]
        if quote in closing and before.count(quote) % 2 == 0:
            closing = closing.partition(quote)[0]
    return match.start() + len(marks) + len(closing)


def _between(text: str, ends: Sequence[int]) -> list[Span]:
    """Return what stands between places, without white space around it."""
    spans = []
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        part = text[start:end]
        start += len(part) - len(part.lstrip())
        if start < end and part.strip():
            spans.append((start, start + len(part.strip())))
    return spans


def _ends(text: str, match: re.Match[str], lowercased: bool) -> bool:
    """Return whether a sentence ends with this mark, and the closing quotes behind it.

    A small letter says that it goes on, unless the whole text is `lowercased`.
    """
    marks = match[0].rstrip(CLOSING + "“")
    after = text[match.end() : match.end() + 1]
    if marks.isspace():  # of Thai
        return True
    if any(mark in CERTAIN for mark in marks):
        quoted = match[0] != marks
        # Japanese goes on behind a quotation with a particle: 「はい。」と言った。
        return not (quoted and "\u3041" <= after <= "\u3096")
    if after and not after.isspace():
        return marks[-1] in "!?．…" and _is_wide(after)
    following = text[match.end() : match.end() + 64].lstrip()
    if not following or (following[0].islower() and not lowercased):
        return False
    if marks != ".":
        return True
    word = text[max(0, match.start() - 64) : match.start()].rsplit(None, 1)[-1:]
    before = "".join(word).lstrip(OPENING)
    return not (
        following[0].isdigit()  # "No. 5"
        or (before.lower() in ABBREVIATIONS and match[0] == marks)
        or ("." in before and max(map(len, before.split("."))) <= 2)  # "U.S.", "z.B."
        or (len(before) == 1 and before.isalpha())
        or (before.isdigit() and len(before) <= 2)  # "am 3. Mai"
        or not (following[0].isalnum() or following[0] in OPENING)
    )


def _sizes(text: str, units: Sequence[Span], encode: Encode, limit: int) -> list[int]:
    """Return the pieces of each unit; one of more than `limit` characters has more than fit."""
    shown = [_cut(text, *unit) for unit in units]
    distinct = list(dict.fromkeys(unit for unit in shown if len(unit) <= limit))
    sizes = dict(zip(distinct, map(len, encode(distinct)), strict=True))
    return [sizes.get(unit, 1 << 60) for unit in shown]


def _by_sentence(text: str, encode: Encode) -> tuple[list[Span], list[int]]:
    units = _sentences(text)
    return units, _sizes(text, units, encode, LONG_TEXT)


def _by_clause(text: str, encode: Encode) -> tuple[list[Span], list[int]]:
    units = _between(text, [match.end() for match in CLAUSE_ENDS.finditer(text)])
    return units, _sizes(text, units, encode, LONG_TEXT)


def _by_word(text: str, encode: Encode) -> tuple[list[Span], list[int]]:
    units = [match.span() for match in WORD.finditer(text)]
    return units, _sizes(text, units, encode, LONGEST_WORD)


def _by_piece(text: str, encode: Encode) -> tuple[list[Span], list[int]]:
    """Cut a word, or a phrase of a script without spaces, at its pieces, or at characters."""
    units: list[Span] = []
    sizes: list[int] = []
    blocks = range(0, len(text), LONGEST_WORD)
    rows = encode([text[start : start + LONGEST_WORD] for start in blocks])
    for start, pieces in zip(blocks, rows, strict=True):
        block = text[start : start + LONGEST_WORD]
        shown = [piece.replace("\u2581", "") for piece in pieces]
        if "".join(shown) != block:  # something is unknown, or was folded
            shown = list(block)
        size = -(-len(pieces) // max(1, len(shown)))
        for piece in filter(None, shown):
            # A combining mark, or what a joiner joins, stays with the character before it.
            if units and (_continues(piece[0]) or text[units[-1][1] - 1] == "\u200d"):
                units[-1], sizes[-1] = (units[-1][0], start + len(piece)), sizes[-1] + size
            else:
                units.append((start, start + len(piece)))
                sizes.append(size)
            start += len(piece)
    return units, sizes


def _continues(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character == "\u200d"


LEVELS: tuple[Callable[[str, Encode], tuple[list[Span], list[int]]], ...] = (
    _by_sentence,
    _by_clause,
    _by_word,
    _by_piece,
)
