"""The tokenizers of a model directory: trained, written, and read back with suspicion."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from seq2seq.config.schema import TextConfig
from seq2seq.errors import ModelError
from seq2seq.files import read_plain
from seq2seq.text.lines import is_blank
from seq2seq.text.sentencepiece import SentencePiece, train_sentencepiece
from seq2seq.text.tokenizer import LARGEST_FILE, Tokenizer
from seq2seq.text.words import Words, train_words

Pairs = Callable[[], Iterator[tuple[str, str]]]


def train_tokenizers(
    sentences: Pairs, text: TextConfig, languages: tuple[str, str], seed: int
) -> tuple[Tokenizer, Tokenizer]:
    """Train the source's and the target's tokenizer; a joint one is the same object twice.

    `sentences()` starts a fresh stream of pairs each time it is called. The result is a pure
    function of the arguments; where the text is too small for the size asked, it is smaller (see
    `shortfalls`).
    """
    if text.tokenizer == "words":
        return _train_words(sentences, text, languages)
    return _train_pieces(sample_pairs(sentences(), text.sample, seed), text)


def shortfalls(tokenizers: tuple[Tokenizer, Tokenizer], text: TextConfig) -> list[str]:
    """Return a sentence for each vocabulary that is smaller than the recipe asked."""
    joint = tokenizers[0] is tokenizers[1]
    names = ("the vocabulary",) if joint else ("the source vocabulary", "the target vocabulary")
    return [
        f"{name} has {tokenizer.size:,} entries instead of {asked:,}: the text has no more"
        for name, tokenizer, asked in zip(names, tokenizers, text.sizes, strict=False)
        if tokenizer.size < asked
    ]


def _train_words(
    sentences: Pairs, text: TextConfig, languages: tuple[str, str]
) -> tuple[Tokenizer, Tokenizer]:
    source = train_words((pair[0] for pair in sentences()), languages[0], text.sizes[0])
    target = train_words((pair[1] for pair in sentences()), languages[1], text.sizes[1])
    return source, target


def _train_pieces(
    sample: Sequence[tuple[str, str]], text: TextConfig
) -> tuple[Tokenizer, Tokenizer]:
    sides = [[pair[side] for pair in sample] for side in (0, 1)]

    def train(sentences: list[str], size: int) -> SentencePiece:
        return train_sentencepiece(sentences, text.tokenizer, size, text.normalization)

    if text.joint:
        joint = train(sides[0] + sides[1], text.sizes[0])
        return joint, joint
    source, target = map(train, sides, text.sizes)
    return source, target


def sample_pairs(pairs: Iterator[tuple[str, str]], count: int, seed: int) -> list[tuple[str, str]]:
    """Return `count` pairs with text on both sides, each as likely as any other.

    One pass, all pairs where there are fewer, in the memory of the sample (Vitter's algorithm R,
    1985), and the same pairs for the same seed.
    """
    draw = random.Random(f"sample {seed}").random
    sample: list[tuple[str, str]] = []
    seen = 0
    for pair in pairs:
        if is_blank(pair[0]) or is_blank(pair[1]):
            continue
        seen += 1
        if len(sample) < count:
            sample.append(pair)
        elif (place := int(draw() * seen)) < count:
            sample[place] = pair
    return sample


def save_tokenizers(folder: Path, source: Tokenizer, target: Tokenizer) -> None:
    """Write both tokenizers into a folder that exists."""
    source.save(folder / f"source{source.suffix}")
    target.save(folder / f"target{target.suffix}")


def load_tokenizers(
    folder: Path, text: TextConfig, languages: tuple[str, str]
) -> tuple[Tokenizer, Tokenizer]:
    """Read both tokenizers of a model directory; a joint one is the same object twice.

    Raises ModelError where a file is missing, no plain file, too large, damaged, or does not fit
    `text`.
    """
    source, target = (
        _load(folder, side, text, language)
        for side, language in zip(("source", "target"), languages, strict=True)
    )
    if text.joint and text.tokenizer != "words":
        if source.digest != target.digest:
            message = (
                f"{folder}: source.model and target.model differ, but the recipe has one for both"
            )
            raise ModelError(message, "copy the model directory again")
        return source, source
    return source, target


def _load(folder: Path, side: str, text: TextConfig, language: str) -> Tokenizer:
    if text.tokenizer == "words":
        path = folder / f"{side}{Words.suffix}"
        return Words(read_plain(path, LARGEST_FILE), language, str(path))
    path = folder / f"{side}{SentencePiece.suffix}"
    return SentencePiece(read_plain(path, LARGEST_FILE), str(path))
