"""Sentencepiece models, unigram or BPE, trained here and kept as their bytes.

Unigram is of Kudo (2018), BPE for translation of Sennrich et al. (2016). Training is a pure
function of the sentences it is handed: sentencepiece's own sampling and shuffling are off, and its
number of threads is fixed, since unigram models differ in their last bits with it.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from random import Random

import sentencepiece

from seq2seq.config.schema import NormalizationName
from seq2seq.errors import DataError, ModelError, RecipeError
from seq2seq.text.alphabet import BYTES, LONGEST_SENTENCE, trainable
from seq2seq.text.characters import has_text, script
from seq2seq.text.lines import encodable, is_blank, one_line
from seq2seq.text.normalization import (
    STAND_IN,
    WORD_START,
    normalizer,
    written_back,
)
from seq2seq.text.segmentation import sampled_bpe, sampled_unigram
from seq2seq.text.tokenizer import BOS, EOS, PAD, SPECIALS, UNK

TRAINING_THREADS = 4  # fixed, whatever the machine has
BATCH_WORTH_THREADS = 64  # texts; below that, starting threads costs more than it gives
FATAL_ONLY = 3
BYTES_FROM = 2 * BYTES  # a smaller vocabulary would be of bytes for the most part
LARGE_SCRIPTS = {"CJK", "HANGUL"}

sentencepiece.set_min_log_level(FATAL_ONLY)


class SentencePiece:
    """A trained sentencepiece model that answers the `Tokenizer` protocol."""

    suffix = ".model"

    def __init__(self, model: bytes, name: str = "sentencepiece model") -> None:
        """Take a model's bytes; raises ModelError, naming `name`, where they are no such model."""
        self._model = model
        self._processor = _checked(model, name)
        self.size: int = self._processor.get_piece_size()
        self.digest = hashlib.sha256(model).hexdigest()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the content ids of each text."""
        clean = [encodable(text) if has_text(text) else "" for text in texts]
        threads = -1 if len(clean) >= BATCH_WORTH_THREADS else 1
        rows: list[list[int]] = self._processor.encode(clean, num_threads=threads)
        return rows

    def decode(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """Return detokenized text for each row of ids, one line each."""
        ids = [[int(index) for index in row] for row in rows]
        threads = -1 if len(ids) >= BATCH_WORTH_THREADS else 1
        texts: list[str] = self._processor.decode(ids, num_threads=threads)
        return [one_line(text) for text in texts]

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Return the pieces that ids stand for."""
        return [self._names[index] for index in ids]

    @cached_property
    def _names(self) -> list[str]:
        names: list[str] = self._processor.id_to_piece(list(range(self.size)))
        return names

    def unknown(self, text: str) -> list[str]:
        """Return the runs of characters of a text that become UNK, in order."""
        pieces: list[str] = self._processor.encode(encodable(text), out_type=str)
        ids: list[int] = self._processor.piece_to_id(pieces)
        return [piece for piece, index in zip(pieces, ids, strict=True) if index == UNK]

    def uncovered(self, texts: Sequence[str], rows: Sequence[Sequence[int]]) -> Counter[str]:
        """Count the characters without a piece of their own in texts and the rows of their ids."""
        counts: Counter[str] = Counter()
        special = {UNK, *self._bytes}
        for text, row in zip(texts, rows, strict=True):
            if not special.isdisjoint(row):
                counts.update(self._processor.normalize(encodable(text)))
        return Counter(
            {
                WORD_START if character == STAND_IN else character: count
                for character, count in counts.items()
                if character not in self.alphabet
            }
        )

    def spelled(self, text: str) -> list[str]:
        """Return the characters of a text that are spelled in bytes, and so are hardly known.

        Not those of Chinese or Korean writing in a model that has some of it: of thousands, some
        are always rare, and a translation has no need of them.
        """
        written = text.replace(" ", "").replace(WORD_START, STAND_IN)
        if not self._bytes or self.alphabet.issuperset(written):
            return []
        normalized = dict.fromkeys(self._processor.normalize(encodable(text)))
        strange = [
            WORD_START if character == STAND_IN else character
            for character in normalized
            if character not in self.alphabet
        ]
        return [
            character
            for character in strange
            if unicodedata.category(character)[0] in "LNPS"
            and script(character) not in self._scripts
        ]

    @cached_property
    def _scripts(self) -> set[str]:
        return LARGE_SCRIPTS & set(map(script, self.alphabet))

    @property
    def spells_bytes(self) -> bool:
        """Return whether characters without a piece are spelled in bytes, not lost."""
        return bool(self._bytes)

    @cached_property
    def alphabet(self) -> frozenset[str]:
        """Return the characters that have pieces."""
        special = {*range(EOS + 1), *self._bytes}
        names = (name for index, name in enumerate(self._names) if index not in special)
        return frozenset(chain.from_iterable(names)) | {WORD_START}

    @cached_property
    def _bytes(self) -> frozenset[int]:
        ids = list(range(self.size))
        flags: list[bool] = self._processor.is_byte(ids)
        return frozenset(index for index, is_byte in zip(ids, flags, strict=True) if is_byte)

    def join(self, pieces: Sequence[str]) -> str:
        """Return detokenized text, one line, for pieces; one that is not known stands as it is."""
        return one_line(self._processor.decode(list(pieces)))

    def ids(self, pieces: Iterable[str]) -> list[int] | None:
        """Return the ids of pieces, or None where one is not in the model."""
        names = list(pieces)
        found = [self._processor.piece_to_id(name) for name in names]
        unknown = SPECIALS[UNK]
        known = all(one != UNK or name == unknown for name, one in zip(names, found, strict=True))
        return found if known else None

    @cached_property
    def word_starts(self) -> list[bool]:
        """Return for each id whether its piece begins a word."""
        return [piece.startswith(WORD_START) for piece in self._names]

    def segmentations(
        self, words: Sequence[tuple[int, ...]], count: int, strength: float, seed: int
    ) -> list[list[tuple[int, ...]]]:
        """Return `count` segmentations of each word, drawn at random; the word is given as pieces.

        `strength` is alpha of Kudo (2018) for a unigram model, smaller being more varied, and the
        share of merges left out of Provilkov et al. (2020) for BPE. A word with an unknown
        character, or one in bytes, has only its own segmentation. The result is a function of the
        arguments.
        """
        special = {UNK, *self._bytes}
        sampled = sampled_bpe if self._merges else sampled_unigram
        result = []
        for word in words:
            text = "".join(self.pieces(word))
            rows: list[tuple[int, ...]] = []
            if special.isdisjoint(word):
                rows = sampled(text, self._scores, count, strength, Random(f"{seed}/{text}"))
            result.append(rows or [word] * count)
        return result

    @cached_property
    def _scores(self) -> dict[str, tuple[int, float]]:
        """The id and the score of each piece of characters."""
        special = {*range(EOS + 1), *self._bytes}
        ids = [index for index in range(self.size) if index not in special]
        scores: list[float] = self._processor.get_score(ids)
        entries = zip(ids, scores, strict=True)
        return {self._names[index]: (index, score) for index, score in entries}

    @property
    def _merges(self) -> bool:
        """Whether this is BPE: its scores are whole numbers, the ranks of merges."""
        return all(score.is_integer() for _, score in self._scores.values())

    def save(self, path: Path) -> None:
        """Write the model's bytes."""
        path.write_bytes(self._model)


def train_sentencepiece(
    sentences: Sequence[str], kind: str, size: int, normalization: NormalizationName = "identity"
) -> SentencePiece:
    """Train a model of `kind` "unigram" or "bpe" with up to `size` pieces, special ones included.

    From `BYTES_FROM` pieces on, 256 of them are bytes, in which characters without a piece are
    spelled. Text with too few different pieces gives a smaller model. Raises DataError where there
    is no text, and RecipeError where `size` cannot even hold the text's characters.
    """
    if all(map(is_blank, sentences)):
        raise DataError("there is no text to train a tokenizer on", "every sentence is blank")
    model = io.BytesIO()
    # A list, since a signal that arrives in a generator would look like an error of the text.
    clean = [encodable(sentence) for sentence in sentences]
    spells_bytes = size >= BYTES_FROM
    rules = normalizer(normalization, clean)
    clean = trainable([rules.normalize(text) for text in clean], size, spells_bytes)
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(clean),
            model_writer=model,
            model_type=kind,
            vocab_size=size,
            hard_vocab_limit=False,
            character_coverage=1.0,
            byte_fallback=spells_bytes,
            normalizer=rules,
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            num_threads=TRAINING_THREADS,
            input_sentence_size=0,
            shuffle_input_sentence=False,
            max_sentence_length=LONGEST_SENTENCE,
            minloglevel=FATAL_ONLY,
        )
    except RuntimeError as error:
        raise _explained(error, size) from None
    return SentencePiece(written_back(model.getvalue()))


def _explained(error: RuntimeError, size: int) -> Exception:
    text = str(error)
    if "sentences_.empty()" in text:
        return DataError(
            "no sentence is short enough to train a tokenizer on", "split lines over 4192 bytes"
        )
    needed = re.search(r"smaller than required_chars\. \d+ vs (\d+)", text)
    if needed:
        message = f"text.vocabulary: {size} is too small for the characters of this text"
        return RecipeError(message, f"use at least {int(needed[1]) + 1}")
    return DataError(f"sentencepiece cannot be trained on this text: {one_line(text)[:200]}")


def _checked(model: bytes, name: str) -> sentencepiece.SentencePieceProcessor:
    """Load a model that may come from a stranger, and try it before anything relies on it."""
    damaged = ModelError(
        f"{name} is not a usable sentencepiece model", "copy the model directory again"
    )
    if not model:
        raise ModelError(f"{name} is empty", "copy the model directory again")
    try:
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        size = processor.get_piece_size()
        if size <= EOS:
            raise damaged
        special = [processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id()]
        kinds = [*processor.is_control([PAD, BOS, EOS]), processor.is_unknown(UNK)]
        pieces = processor.id_to_piece(list(range(size)))
        processor.decode(processor.encode(["A probe, with ünusual <s> 字\n"]))
    except (RuntimeError, ValueError, IndexError, UnicodeDecodeError):
        raise damaged from None
    if special != [PAD, UNK, BOS, EOS] or not all(kinds):
        message = f"{name} has other special ids than pad 0, unk 1, bos 2, eos 3"
        raise ModelError(message, "use a model that seq2seq trained")
    if any("\n" in piece for piece in pieces):
        raise damaged
    return processor
