"""What `<unk>` in a translation stands for, by the attention weights when it was written.

The aligned source word is looked up in a dictionary, or else copied (Luong, Sutskever, Le, Vinyals
and Zaremba 2015, section 3; Jean et al. 2015, section 4.2): most unknown words are names and
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from torch import Tensor

from seq2seq.decoding.parts import LONGEST_TEXT
from seq2seq.errors import DataError, RecipeError
from seq2seq.text.characters import has_text
from seq2seq.text.lines import decode_line, encodable, read_lines
from seq2seq.text.normalization import STAND_IN, WORD_START
from seq2seq.text.splitting import LONG_TEXT
from seq2seq.text.tokenizer import UNK, Tokenizer
from seq2seq.text.words import Words


@lru_cache(maxsize=2)
def read_dictionary(path: Path) -> dict[str, str]:
    """Return the first translation of each word of a file: source, tab, target on each line.

    Raises:
        DataError: the file is missing, or a line is something else.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        text, damaged = decode_line(line)
        if damaged:
            raise DataError(f"{path}, line {number}: not UTF-8", "mend the line")
        if not text.strip():
            continue
        source, tab, target = text.partition("\t")
        if not tab or not source.strip() or not target.strip() or "\t" in target:
            raise DataError(
                f"{path}, line {number}: not a word, a tab and its translation", "mend the line"
            )
        found.setdefault(source.strip(), target.strip())
    return found


def strange_pieces(text: str, parts: Sequence[Sequence[int]], source: Tokenizer) -> list[str]:
    """Return what of a text the model has no piece for: UNK, or spelled in bytes.

    Each once; what cannot be seen, and U+FFFD, which stands for damage, are left out.
    """
    found: dict[str, None] = {}
    if any(UNK in part for part in parts):
        for start in range(0, min(len(text), LONGEST_TEXT), LONG_TEXT):
            block = text[start : min(start + LONG_TEXT, LONGEST_TEXT)]
            found.update(dict.fromkeys(source.unknown(encodable(block))))
    found.update(dict.fromkeys(source.spelled(text[:LONGEST_TEXT])))
    written = (piece.replace(STAND_IN, WORD_START) for piece in found)
    return [piece for piece in written if has_text(piece.replace("\ufffd", ""))]


class UnknownCharacters:
    """Puts what a model over pieces of words cannot read (an emoji, say) where it wrote `<unk>`."""

    def __init__(self, source: Tokenizer, target: Tokenizer) -> None:
        self.source, self.target = source, target

    def written(self, text: str, parts: Sequence[Sequence[int]]) -> list[list[str]]:
        """Return how the UNK pieces of each part are written in `text`.

        Where a long text was cut inside them, they are not known, and empty.
        """
        return _shared_out(self.source.unknown(encodable(text[:LONG_TEXT])), parts, "")

    def replaced(
        self, source: Sequence[int], unknown: Sequence[str], target: Sequence[int], weights: Tensor
    ) -> str:
        """Return the text of `target` with each UNK replaced by the UNK of `source` it aligns to.

        `unknown` are those of `source` as they are written; `weights` are [T, S + 1]. Without any,
        `<unk>` stays.
        """
        places = [place for place, index in enumerate(source) if index == UNK]
        written = self.target.pieces(target)
        if places and all(unknown):
            best = weights[:, places].argmax(1).tolist()
            for place, index in enumerate(target):
                if index == UNK:
                    written[place] = unknown[best[place]]
        return self.target.join(written)


def _shared_out(
    unknown: Sequence[str], parts: Sequence[Sequence[int]], otherwise: str
) -> list[list[str]]:
    """Return the unknown pieces of a text part by part; `otherwise` where their counts differ."""
    counts = [list(part).count(UNK) for part in parts]
    each = iter(unknown if sum(counts) == len(unknown) else [otherwise] * sum(counts))
    return [[next(each) for _ in range(count)] for count in counts]


class UnknownWords:
    """Puts source words, or their translations, where a model over words wrote `<unk>`."""

    def __init__(self, source: Tokenizer, target: Tokenizer, dictionary: str) -> None:
        """Take the tokenizers and a dictionary's path, or nothing.

        Raises:
            RecipeError: the tokenizers are not of words.
            DataError: the dictionary is missing or damaged.
        """
        if not isinstance(source, Words) or not isinstance(target, Words):
            raise RecipeError(
                "decoding.replace_unknown: this model writes pieces of words, not <unk>",
                "leave it out",
            )
        self.source, self.target = source, target
        self.dictionary = read_dictionary(Path(dictionary)) if dictionary else {}

    def written(self, text: str, parts: Sequence[Sequence[int]]) -> list[list[str]]:
        """Return how the words that are UNK in each part are written in `text`.

        Where a long text was cut in the middle of words, they cannot be told and stay `<unk>`.
        """
        return _shared_out(self.source.unknown(text), parts, "<unk>")

    def replaced(
        self, source: Sequence[int], unknown: Sequence[str], target: Sequence[int], weights: Tensor
    ) -> str:
        """Return the text of `target` with each UNK replaced by its source word's translation.

        `unknown` are the unknown words of `source` as they were written, in order; `weights` are
        [T, S + 1], of which the last, the end symbol, is left out.
        """
        each = iter(unknown)
        known = zip(source, self.source.pieces(source), strict=True)
        words = [next(each) if index == UNK else word for index, word in known]
        looked_at = weights[:, :-1].argmax(1).tolist()
        written = self.target.pieces(target)
        for place, index in enumerate(target):
            if index == UNK:
                word = words[looked_at[place]]
                found = self.dictionary.get(word) or self.dictionary.get(word.lower())
                written[place] = found or word
        return self.target.join(written)
