"""What a sentencepiece model changes in text before it cuts it: white space, and little else.

A model can only write what its normalised text has. Compatibility folding (NFKC) writes m2 for m²,
1/2 for ½, three dots for an ellipsis, ASCII for the full-width marks of Chinese, and a space for
the joiners of Persian; so it is done only where a recipe asks for it. The rules are stored with the
model, and models keep the rules that they were trained with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import sentencepiece

from seq2seq.config.schema import NormalizationName

WORD_START = "\u2581"
STAND_IN = "\ufdd0"  # for U+2581 written in text; a code point that no text has (Unicode, 23.7)

SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029\ufffd"  # U+FFFD stands for damage
CONTROLS = [chr(code) for code in (*range(1, 32), 127) if chr(code) not in SPACES]
NOTHING = [*CONTROLS, "\ufeff"]  # a byte order mark within a text

Rules = dict[str, str]


def identity_rules(sentences: Sequence[str]) -> Rules:
    """Return what is replaced by what, in a model of `sentences` whose characters stay.

    White space and line ends become a space, controls nothing. A character in two code points (e
    and a combining accent, as macOS writes it) is read as the composed one (é) if the text has
    that, and never the two: NFC, except where it would change the text that the model is of.
    """
    rules = dict.fromkeys(SPACES, " ") | dict.fromkeys(NOTHING, "")
    return rules | {WORD_START: STAND_IN} | _compositions(sentences)


def _compositions(sentences: Sequence[str]) -> Rules:
    """Return composed characters of the text by their other spellings, which it must not have."""
    characters = set().union(*sentences)
    rules: Rules = {}
    for character in sorted(characters):
        if unicodedata.normalize("NFC", character) != character:
            continue  # such as U+2126, the ohm sign, which is a letter of its own here
        spellings = {unicodedata.normalize("NFD", character), _once_decomposed(character)}
        rules |= dict.fromkeys((text for text in sorted(spellings) if len(text) > 1), character)
    marks = characters.intersection("".join(text[1:] for text in rules))
    if not marks:
        return rules
    mark = re.compile(f"[{re.escape(''.join(sorted(marks)))}]")
    marked = "\n".join(sentence for sentence in sentences if mark.search(sentence))
    return {text: composed for text, composed in rules.items() if text not in marked}


def _once_decomposed(character: str) -> str:
    """Return ê and an acute for ế, which in full is e, a circumflex and an acute."""
    mapping = unicodedata.decomposition(character)
    if not mapping or mapping.startswith("<"):  # <compat>, <wide> and others are no spelling of it
        return character
    return "".join(chr(int(code, 16)) for code in mapping.split())


def normalizer(
    name: NormalizationName, sentences: Sequence[str]
) -> sentencepiece.SentencePieceNormalizer:
    """Return what a recipe names, for a model of `sentences`."""
    if name == "identity":
        return sentencepiece.SentencePieceNormalizer(
            norm_map=list(identity_rules(sentences).items())
        )
    return sentencepiece.SentencePieceNormalizer(rule_name=name)


def written_back(model: bytes) -> bytes:
    """Return a model that writes U+2581 where the text that it was trained on has it.

    Field 5 of a sentencepiece model is its `denormalizer_spec`. A field that is appended to a
    protocol buffer counts as part of it.
    """
    specification = sentencepiece.SentencePieceNormalizer(
        norm_map=[(STAND_IN, WORD_START)],
        add_dummy_prefix=False,
        escape_whitespaces=False,
        remove_extra_whitespaces=False,
    ).serialized_normalizer_spec()
    length = len(specification)
    assert 1 << 7 <= length < 1 << 14  # which two bytes of seven bits hold
    return model + bytes([5 << 3 | 2, length & 127 | 128, length >> 7]) + specification
