"""Word vocabularies as of 2014: Moses tokenization, the most frequent words, else `<unk>`.

The count of `<pad>` tells which tokenization the words are of: 0 is Moses' own, which older runs
have, 1 is the one that brings text back as it was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from seq2seq.errors import DataError, ModelError
from seq2seq.text.moses import Moses, ReversibleMoses, unmarked
from seq2seq.text.tokenizer import EOS, SPECIALS, UNK

LARGEST_COUNTER = (
    4_000_000  # distinct words held while counting; the rarest are forgotten beyond that
)


TOKENIZATIONS: tuple[type[Moses], ...] = (Moses, ReversibleMoses)


class Words:
    """A word vocabulary with its language that answers the `Tokenizer` protocol."""

    suffix = ".vocab"

    def __init__(self, file: bytes, language: str, name: str = "word vocabulary") -> None:
        """Take a vocabulary file's bytes; raises ModelError, naming `name`, for damage."""
        self._file = file
        self._words, tokenization = _parsed(file, name)
        self._ids = {word: index for index, word in enumerate(self._words) if index > EOS}
        self._moses = tokenization(language)
        self.size = len(self._words)
        self.digest = hashlib.sha256(file).hexdigest()

    def split(self, text: str) -> list[str]:
        """Return the words of a text, those that `encode` does not know too."""
        return self._moses.split(text)

    def join(self, words: Sequence[str]) -> str:
        """Return running text, one line, for words."""
        return self._moses.join(words)

    def unknown(self, text: str) -> list[str]:
        """Return the words of a text that become UNK, in order, without marks of spaces."""
        return [unmarked(word) for word in self.split(text) if word not in self._ids]

    spells_bytes = False

    def spelled(self, text: str) -> list[str]:
        """Return nothing: words are known, or UNK."""
        return []

    def uncovered(self, texts: Sequence[str], rows: Sequence[Sequence[int]]) -> Counter[str]:
        """Return nothing: words, not characters, are unknown."""
        return Counter()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the word ids of each text."""
        lookup, split = self._ids.get, self._moses.split
        return [[lookup(word, UNK) for word in split(text)] for text in texts]

    def decode(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """Return detokenized text for each row of ids; an unknown word stays `<unk>`."""
        shown = (UNK, *range(EOS + 1, self.size))
        visible = set(shown)
        return [
            self._moses.join([self._words[index] for index in map(int, row) if index in visible])
            for row in rows
        ]

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Return the words that ids stand for."""
        return [self._words[int(index)] for index in ids]

    def ids(self, pieces: Iterable[str]) -> list[int] | None:
        """Return the ids of words, or None where one is not in the vocabulary."""
        specials = {word: index for index, word in enumerate(SPECIALS)}
        found = [self._ids.get(word, specials.get(word)) for word in pieces]
        known = [one for one in found if one is not None]
        return known if len(known) == len(found) else None

    def save(self, path: Path) -> None:
        """Write the vocabulary file: word, tab, count on each line, in the order of ids."""
        path.write_bytes(self._file)


def train_words(texts: Iterable[str], language: str, size: int) -> Words:
    """Count the words of a stream of texts and keep the `size` most frequent, specials included.

    Words of equal count are ordered by spelling. Raises DataError where there is no word at all.
    """
    split = ReversibleMoses(language).split
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word in split(text) if word not in SPECIALS)
        if len(counts) > LARGEST_COUNTER:
            counts = _pruned(counts)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: size - len(SPECIALS)]
    if not ranked:
        raise DataError("there is no text to build a vocabulary from", "every sentence is blank")
    version = TOKENIZATIONS.index(ReversibleMoses)
    special = [(SPECIALS[0], version), *((name, 0) for name in SPECIALS[1:])]
    lines = [f"{word}\t{count}" for word, count in [*special, *ranked]]
    return Words(("\n".join(lines) + "\n").encode("utf-8"), language)


def _pruned(counts: Counter[str]) -> Counter[str]:
    """Drop the rarest words until half of the room is free: they would make no vocabulary."""
    least = 1
    while len(counts) > LARGEST_COUNTER // 2:
        counts = Counter({word: count for word, count in counts.items() if count > least})
        least *= 2
    return counts


def _parsed(file: bytes, name: str) -> tuple[list[str], type[Moses]]:
    """Return the words of a vocabulary file that may come from a stranger, and what split them."""
    try:
        lines = file.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise _damaged(name, f"invalid UTF-8 at byte {error.start + 1}") from None
    if lines.pop() != "" or not lines:
        raise _damaged(name, "empty or cut off")
    words = []
    for number, line in enumerate(lines, 1):
        word, tab, count = line.partition("\t")
        if not tab or not (count.isascii() and count.isdigit()) or word.split() != [word]:
            raise _damaged(name, f"line {number} is not a word, a tab and a count")
        words.append(word)
    if tuple(words[: len(SPECIALS)]) != SPECIALS:
        raise _damaged(name, f"it must start with {', '.join(SPECIALS)}")
    if len(set(words)) != len(words):
        raise _damaged(name, "a word is there twice")
    version = lines[0].partition("\t")[2]
    if version not in map(str, range(len(TOKENIZATIONS))):
        raise ModelError(
            f"{name} has a tokenization that this seq2seq does not know", "install a newer one"
        )
    return words, TOKENIZATIONS[int(version)]


def _damaged(name: str, why: str) -> ModelError:
    return ModelError(f"{name} is not a usable vocabulary: {why}", "copy the model directory again")
