"""Pairs of text, or of pieces as they were written, scored by a model: behind `seq2seq score`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seq2seq.decoding.forced import Pair, log_probabilities
from seq2seq.decoding.nbest import Candidate
from seq2seq.decoding.translator import Translator
from seq2seq.documents import parse_json
from seq2seq.errors import DataError
from seq2seq.text.lines import decode_line, encodable, is_blank, read_lines, read_parallel
from seq2seq.text.tokenizer import Tokenizer


class Scorer:
    """A model, or an ensemble, with its tokenizers."""

    def __init__(self, translator: Translator) -> None:
        self.model = translator.model
        self.source, self.target = translator.source, translator.target
        self.batch_tokens = translator.decoding.batch_tokens
        self.device = translator.device

    def log_probabilities(self, pairs: Sequence[Pair]) -> list[float]:
        """Return log P(target, end | source) of each pair of pieces, in nats.

        A blank text becomes a blank translation without asking the model: that pair has 0.

        Raises:
            ModelError: the model's output is not finite.
        """
        asked = [place for place, pair in enumerate(pairs) if pair[0] or pair[1]]
        found = log_probabilities(
            self.model, [pairs[place] for place in asked], self.batch_tokens, self.device
        )
        result = [0.0] * len(pairs)
        for place, value in zip(asked, found, strict=True):
            result[place] = value
        return result

    def pairs(self, sources: Sequence[str], targets: Sequence[str]) -> list[Pair]:
        """Return texts in pieces."""
        encoded = (_encoded(self.source, sources), _encoded(self.target, targets))
        return list(zip(*encoded, strict=True))

    def pairs_of(
        self, sources: Sequence[str], lists: Sequence[Sequence[Candidate]]
    ) -> list[list[Pair]]:
        """Return each source with each candidate of its list, in pieces."""
        rows = zip(sources, lists, strict=True)
        flat = [(source, one.text) for source, own in rows for one in own]
        pairs = iter(self.pairs([source for source, _ in flat], [text for _, text in flat]))
        return [[next(pairs) for _ in own] for own in lists]

    def lists(self, lists: Sequence[Sequence[Pair]]) -> list[list[float]]:
        """Return log P of each pair of each list, as `log_probabilities` does."""
        found = iter(self.log_probabilities([pair for own in lists for pair in own]))
        return [[next(found) for _ in own] for own in lists]

    def read_texts(self, source: Path, target: Path) -> list[Pair]:
        """Return the pieces of two files, line by line.

        Raises:
            DataError: a file is missing or damaged, or the numbers of lines differ.
        """
        rows = [[decode_line(line)[0] for line in row] for row in read_parallel([source, target])]
        return self.pairs([row[0] for row in rows], [row[1] for row in rows])

    def read_translations(self, path: Path) -> list[Pair]:
        """Return the pairs of what `translate --format jsonl` wrote, each of every list.

        Raises:
            DataError: the file is missing or damaged, or has pieces that this model does not know.
        """
        sources, targets = [], []
        for number, line in enumerate(read_lines(path), start=1):
            where = f"{path}:{number}"
            source, lists = _parsed(line, where)
            for pieces in lists:
                ids = self.target.ids(pieces)
                if ids is None:
                    raise DataError(
                        f"{where}: has pieces that this model's vocabulary does not have",
                        "score its text instead, with --source and --target",
                    )
                sources.append(source)
                targets.append(ids)
        encoded = self.pairs(sources, [""] * len(sources))
        return [(pair[0], ids) for pair, ids in zip(encoded, targets, strict=True)]


def _encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return the pieces of each text; equal ones, such as the source of a list, are cut once."""
    distinct = list(dict.fromkeys(texts))
    asked = ["" if is_blank(text) else encodable(text) for text in distinct]
    known = dict(zip(distinct, tokenizer.encode(asked), strict=True))
    return [known[text] for text in texts]


def _parsed(line: bytes, where: str) -> tuple[str, list[list[str]]]:
    """Return the source of a JSON line, and the pieces of each of its translations."""
    try:
        value: Any = parse_json(line)
        lists = [one["pieces"] for one in value["nbest"]]
        texts = [value["source"], *(piece for pieces in lists for piece in pieces)]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise DataError(
            f"{where}: not a line of translate --format jsonl", "it has `source` and `nbest`"
        ) from None
    return value["source"], lists
