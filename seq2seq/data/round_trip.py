"""How much of a text survives its tokenizer: encoded and decoded, it should come back as it was."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from seq2seq.metrics.corpus import score
from seq2seq.text.characters import spelled_out
from seq2seq.text.lines import one_line
from seq2seq.text.tokenizer import Tokenizer

EXAMPLES = 5
LONGEST_EXAMPLE = 40  # characters
SPACES = re.compile("[\t\x1f\ufffd\ufeff]")  # what is no character to keep, beside line ends


@dataclass(frozen=True)
class RoundTrip:
    """What became of texts, from the best translation that a model could ever write on."""

    texts: int
    changed: int
    chrf: float
    examples: list[tuple[str, str]]  # before and after

    def line(self, name: str) -> str:
        """Return the facts about the texts that are called `name`."""
        if not self.changed:
            return f"round trip: all {self.texts:,} {name} come back as they were (chrF 100)"
        shown = ", ".join(f"{before} -> {after}" for before, after in self.examples)
        return (
            f"round trip: {self.changed:,} of {self.texts:,} {name} come back changed, so that no "
            f"translation scores above chrF {self.chrf:.2f}: {shown}"
        )


def round_trip(tokenizer: Tokenizer, texts: Sequence[str]) -> RoundTrip:
    """Return what encoding and decoding makes of texts; runs of white space are no matter."""
    before = [_spaced(text) for text in texts]
    after = [_spaced(text) for text in tokenizer.decode(tokenizer.encode(texts))]
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    if not changed:
        return RoundTrip(len(texts), 0, 100.0, [])
    chrf = score(after, [before], metrics=("chrF",))["chrF"].value
    examples: dict[tuple[str, str], None] = {}
    for pair in changed:
        examples.update(dict.fromkeys(_differences(*pair)))
        if len(examples) >= EXAMPLES:
            break
    return RoundTrip(len(texts), len(changed), chrf, list(examples)[:EXAMPLES])


def _spaced(text: str) -> str:
    return one_line(SPACES.sub(" ", text))


def _differences(before: str, after: str) -> list[tuple[str, str]]:
    """Return the words that differ, on both sides."""
    words = before.split(" "), after.split(" ")
    codes = difflib.SequenceMatcher(None, *words, autojunk=False).get_opcodes()
    return [
        _told_apart(_shown(words[0][begin:end]), _shown(words[1][start:stop]))
        for code, begin, end, start, stop in codes
        if code != "equal"
    ]


def _told_apart(before: str, after: str) -> tuple[str, str]:
    """Return both with numbers for the characters of one that look like those of the other."""
    if unicodedata.normalize("NFC", before) != unicodedata.normalize("NFC", after):
        return before, after
    return _by_number(before), _by_number(after)


def _by_number(text: str) -> str:
    return "".join(
        character if character.isascii() else f"U+{ord(character):04X}" for character in text
    )


def _shown(words: Sequence[str]) -> str:
    text = " ".join(words)
    if len(text) > LONGEST_EXAMPLE:
        text = text[:LONGEST_EXAMPLE] + "..."
    return spelled_out(text) or "nothing"
