"""Finished translations as text, put together from the hypotheses of each text's parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor

from seq2seq.config.schema import AlignmentForm, DecodingConfig
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.penalties import normalised
from seq2seq.decoding.unknown import UnknownCharacters, UnknownWords, strange_pieces
from seq2seq.errors import RecipeError
from seq2seq.text.lines import one_line
from seq2seq.text.splitting import join
from seq2seq.text.tokenizer import EOS, UNK, Tokenizer
from seq2seq.text.words import Words

DIGITS = 4  # of an attention weight

Pieces = tuple[int, ...]
Weights = Mapping[tuple[Pieces, Pieces], Tensor]  # [T, S + 1] for a source and its translation


@dataclass(frozen=True)
class Translation:
    """One translation of a text: detokenized, on one line; blank for a blank text, with score 0.

    Where alignment was asked for and the model has attention, `alignment` holds for each piece the
    place among `source_pieces` (each part's end symbol included) that it looked at most, or the
    weights of all places; otherwise None.
    """

    text: str
    score: float  # log_probability, length-normalised; what n-best lists are sorted by
    log_probability: float
    pieces: list[str]
    source_pieces: list[str] = field(default_factory=list)
    alignment: list[int] | list[list[float]] | None = None
    truncated: bool = False  # the length limit ended it, so that its end may be missing
    lost: tuple[str, ...] = ()  # of the source: what the model has no piece for, and did not copy
    unknown: int = 0  # how many <unk> stand in it


class Writer:
    """Turns hypotheses into translations."""

    def __init__(
        self,
        tokenizers: tuple[Tokenizer, Tokenizer],
        decoding: DecodingConfig,
        alignment: AlignmentForm,
    ) -> None:
        """Take the tokenizers and the settings; `weights` are set where there are any.

        Raises:
            RecipeError: the decoding asks to replace unknown words, and the model has none.
        """
        self.source, self.target = tokenizers
        self.penalty = decoding.length_penalty
        self.alignment = alignment
        self.weights: Weights = {}
        self.written: dict[Pieces, str] = {}  # the text of a hypothesis, by its pieces
        if decoding.dictionary and not decoding.replace_unknown:
            raise RecipeError(
                "decoding.dictionary is read for decoding.replace_unknown alone",
                "add --set decoding.replace_unknown=true, or leave it out",
            )
        self.unknown: UnknownWords | UnknownCharacters | None = None
        if decoding.replace_unknown:
            self.unknown = UnknownWords(*tokenizers, decoding.dictionary)
        elif not isinstance(self.source, Words):
            self.unknown = UnknownCharacters(*tokenizers)

    def nbest(
        self,
        texts: Sequence[str],
        parts: Sequence[Sequence[Pieces]],
        found: Sequence[Sequence[Sequence[Hypothesis]]],
    ) -> list[list[Translation]]:
        """Return the translations of each text, whose parts have hypotheses, best first."""
        rows = {tuple(one.tokens) for text in found for part in text for one in part}
        # One call for all takes an eighth of the time of a call for each.
        self.written = dict(zip(rows, self.target.decode(rows), strict=True))
        return [self._nbest(*row) for row in zip(texts, parts, found, strict=True)]

    def _nbest(
        self, text: str, parts: Sequence[Pieces], found: Sequence[Sequence[Hypothesis]]
    ) -> list[Translation]:
        """Return the translations of a text.

        A part with fewer hypotheses than another gives its last one again.
        """
        if not parts:
            return [Translation("", 0.0, 0.0, [])]
        strange = strange_pieces(text, parts, self.source)
        unknown = (
            self.unknown.written(text, parts)
            if self.unknown and any(UNK in part for part in parts)
            else [[] for _ in parts]
        )
        result = []
        for rank in range(max(map(len, found))):
            chosen = [own[min(rank, len(own) - 1)] for own in found]
            rows = zip(parts, chosen, unknown, strict=True)
            joined = self._joined(parts, chosen, [self._text(*row) for row in rows])
            lost = tuple(piece for piece in strange if piece not in joined.text)
            result.append(replace(joined, lost=lost))
        return result

    def _joined(
        self, parts: Sequence[Pieces], chosen: Sequence[Hypothesis], texts: Sequence[str]
    ) -> Translation:
        log_probability = sum(one.log_probability for one in chosen)
        symbols = sum(len(one.tokens) + 1 for one in chosen)
        looks = [self._look(*pair) for pair in zip(parts, chosen, strict=True)]
        weights = [one for one in looks if one is not None]
        aligned = self.alignment != "none" and len(weights) == len(parts)
        return Translation(
            one_line(join(texts)),
            # That of a whole text may hold more than its length: its coverage.
            chosen[0].score
            if len(chosen) == 1
            else normalised(log_probability, symbols, self.penalty),
            log_probability,
            [piece for one in chosen for piece in self.target.pieces(one.tokens)],
            [piece for part in parts for piece in self.source.pieces([*part, EOS])]
            if aligned
            else [],
            (best_places(weights) if self.alignment == "best" else all_weights(weights))
            if aligned
            else None,
            any(one.truncated for one in chosen),
            unknown=sum(map(self._count_unknown, parts, chosen)),
        )

    def _count_unknown(self, part: Pieces, hypothesis: Hypothesis) -> int:
        """Return how many <unk> are not replaced."""
        count = hypothesis.tokens.count(UNK)
        if not count or self.unknown is None or self._look(part, hypothesis) is None:
            return count
        return 0 if isinstance(self.unknown, UnknownWords) or UNK in part else count

    def _look(self, part: Pieces, hypothesis: Hypothesis) -> Tensor | None:
        return self.weights.get((part, tuple(hypothesis.tokens)))

    def _text(self, part: Pieces, hypothesis: Hypothesis, unknown: Sequence[str]) -> str:
        weights = self._look(part, hypothesis)
        if self.unknown and weights is not None and UNK in hypothesis.tokens:
            return self.unknown.replaced(part, unknown, hypothesis.tokens, weights)
        return self.written[tuple(hypothesis.tokens)]


def best_places(weights: Sequence[Tensor]) -> list[int]:
    """Return for each row of the parts ([T, S + 1] each) the largest place, over all parts."""
    best, before = [], 0
    for part in weights:
        best += [before + int(place) for place in part.argmax(1)]
        before += part.shape[1]
    return best


def all_weights(weights: Sequence[Tensor]) -> list[list[float]]:
    """Return the rows of the parts ([T, S + 1] each), as wide as all parts together."""
    whole = sum(part.shape[1] for part in weights)
    rows, before = [], 0
    for part in weights:
        behind = whole - before - part.shape[1]
        for row in part.tolist():
            rows.append([0.0] * before + [round(one, DIGITS) for one in row] + [0.0] * behind)
        before += part.shape[1]
    return rows
