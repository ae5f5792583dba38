"""Which characters of a text have a sentencepiece piece of their own: by count, not by share."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from seq2seq.text.normalization import WORD_START
from seq2seq.text.tokenizer import EOS

LONGEST_SENTENCE = 4192  # bytes; sentencepiece trains on none that is longer
RESERVED = "\u2585"  # sentencepiece trains on no sentence that has it
BYTES = 256
HANDFUL = 5  # what occurs more often has a piece of its own


def trainable(sentences: Sequence[str], size: int, spells_bytes: bool) -> list[str]:
    """Return the sentences to train on, without characters that shall have no piece.

    sentencepiece's own `character_coverage` is a share of all characters, so that a line of another
    script takes the rarest characters of the real text away. Here it is their count that decides:
    what occurs more than `HANDFUL` times is kept, unless there are more such characters than three
    quarters of a vocabulary with bytes.
    """
    spaced = (text.replace(WORD_START, " ") for text in sentences)
    usable = [text for text in spaced if len(text.encode()) <= LONGEST_SENTENCE]
    room = size - EOS - 1 - BYTES * spells_bytes
    comfortable = min(max(256, size // 16), room // 2)
    most = 3 * room // 4 if spells_bytes else sys.maxunicode
    rare = rare_characters(usable, HANDFUL, comfortable, most)
    table = str.maketrans(dict.fromkeys([*rare, RESERVED], " "))
    return [text.translate(table) for text in usable]


def rare_characters(sentences: Iterable[str], handful: int, comfortable: int, most: int) -> str:
    """Return the characters that get no piece of their own: those that the vocabulary cannot hold.

    None, where there are up to `comfortable`. Otherwise those that occur at most `handful` times,
    except ASCII and, up to `comfortable`, what occurs twice; and, whatever they are, all but the
    `most` frequent.
    """
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update(sentence)
    del counts[" "]
    if len(counts) <= min(comfortable, most):
        return ""
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    return "".join(
        character
        for rank, character in enumerate(ranked)
        if rank >= most
        or not (
            counts[character] > handful
            or character.isascii()
            or (counts[character] > 1 and rank < comfortable)
        )
    )
