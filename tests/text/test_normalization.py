"""What text survives a sentencepiece model: every character, but for white space and damage."""

from __future__ import annotations

import random

import pytest

from seq2seq.text.alphabet import rare_characters
from seq2seq.text.sentencepiece import BYTES_FROM, SentencePiece, train_sentencepiece
from seq2seq.text.tokenizer import UNK

DRAW = random.Random(7)
LETTERS = "abcdefghijklmnopqrstuvwxyzäöü"
WORDS = ["".join(DRAW.choices(LETTERS, k=DRAW.randint(2, 6))) for _ in range(300)]
PLAIN = [" ".join(DRAW.choices(WORDS, k=7)) for _ in range(400)]
KEPT = [
    "5 m² und ½ № 7 …",
    "，！（？） 全角ＡＢ１２",
    "می\u200cخواهم",
    "ทำ น้ำ",
    "10\u00a0km\u202f: «\u00a0oui\u00a0»",
    "\u3000日本語\u3000です。",
    "ﬁnal ﬂow Ω \u2126 \u212b",
    "👩‍👩‍👧 🇩🇪 ❤️",
    "soft\u00adhyphen zero\u200bwidth",
    "ban\u0303o e\u0301te\u0301",
    "▁ x▁y",
    "▅ ⁇ <0x41> <unk> </s>",
    "한국어 \u1112\u1161\u11ab",
    "क़ \u0915\u093c",
    "l\x92homme",  # an apostrophe of Windows, read as ISO 8859-1: real text has it
]


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def model(request: pytest.FixtureRequest) -> SentencePiece:
    return train_sentencepiece([*PLAIN, *KEPT], request.param, 700)


@pytest.mark.parametrize("text", KEPT)
def test_every_character_comes_back(model: SentencePiece, text: str) -> None:
    row = model.encode([text])[0]
    assert UNK not in row
    assert model.decode([row]) == [text]


def test_what_the_text_never_had_is_spelled_in_bytes(model: SentencePiece) -> None:
    text = "Ⴀ 𝔘 ௵"
    assert model.spells_bytes
    assert model.decode(model.encode([text])) == [text]
    assert set(model.uncovered([text], model.encode([text]))) >= set("Ⴀ𝔘௵")


def test_white_space_is_a_space_and_controls_are_nothing(model: SentencePiece) -> None:
    text = "a\tb\u2028c\x85d\x0be\x1b[0mf\ufeffg\ufffdh  i"
    assert model.decode(model.encode([text])) == ["a b c d e[0mfg h i"]
    for blank in ("", " ", "\u00a0", "\u3000\t", "\u200b", "\ufeff", "\u200d\u00ad"):
        assert model.encode([blank]) == [[]]


def test_other_spellings_are_read_as_the_one_that_the_text_has() -> None:
    """NFC, except where the text itself has both spellings."""
    composed = train_sentencepiece([*PLAIN, "é ế"], "unigram", 700)
    assert composed.decode(composed.encode(["e\u0301", "ê\u0301 e\u0302\u0301"])) == ["é", "ế ế"]
    assert composed.decode(composed.encode(["a\u0303"])) == ["a\u0303"]
    both = train_sentencepiece([*PLAIN, "é e\u0301"], "unigram", 700)
    assert both.decode(both.encode(["é e\u0301"])) == ["é e\u0301"]


def test_a_recipe_may_ask_for_folding() -> None:
    folded = train_sentencepiece([*PLAIN, *KEPT], "unigram", 700, "nmt_nfkc")
    assert folded.decode(folded.encode(["m² ½ … №，"])) == ["m2 1⁄2 ... No,"]


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_one_line_of_another_script_takes_nothing_away(kind: str) -> None:
    """Coverage as a share of all characters took the digits of 8,000 pairs of Multi30k."""
    rare = ["Ü 1 4 9 ! ? ( )"] * 6  # more than a handful
    stray = "".join(map(chr, range(0x4E00, 0x4F2C)))
    model = train_sentencepiece([*PLAIN, *rare, stray], kind, 900)
    assert set("Ü149!?()") <= model.alphabet
    assert not set(stray) & model.alphabet
    assert model.decode(model.encode([stray])) == [stray]
    assert UNK not in model.encode([stray])[0]


def test_a_small_vocabulary_has_no_bytes_and_names_what_it_loses() -> None:
    stray = "".join(map(chr, range(0x4E00, 0x4E96)))
    text = [*PLAIN, stray, "0123"]
    model = train_sentencepiece(text, "bpe", 120)
    assert BYTES_FROM > 120
    assert not model.spells_bytes
    assert set("0123äöü") <= model.alphabet  # ASCII is kept though it is rare
    assert model.uncovered(text, model.encode(text)) == dict.fromkeys(stray, 1)


def test_a_large_alphabet_leaves_room_for_words() -> None:
    draw = random.Random(1)
    han = [chr(0x4E00 + int(900 * draw.random() ** 3)) for _ in range(40_000)]
    lines = ["".join(han[start : start + 20]) for start in range(0, len(han), 20)]
    model = train_sentencepiece(lines, "unigram", 800)
    kept = [character for character in set(han) if character in model.alphabet]
    assert 300 < len(kept) <= 3 * (800 - 256 - 4) // 4
    assert han.count(min(kept, key=han.count)) >= 6
    assert model.decode(model.encode(lines)) == lines


def test_rare_characters() -> None:
    text = ["aaaa bbb cc d ä é é"]
    assert rare_characters(text, 2, comfortable=6, most=100) == ""
    assert rare_characters(text, 2, comfortable=1, most=100) == "éä"
    assert rare_characters(text, 2, comfortable=5, most=100) == "ä"
    assert rare_characters(text, 2, comfortable=5, most=2) == "cédä"


def test_bytes_decode_to_one_line(model: SentencePiece) -> None:
    """The line contract: no end of a line, no NUL and valid UTF-8, whatever a model writes."""
    names = {name: index for index, name in enumerate(model.pieces(range(model.size)))}
    draw = random.Random(3)
    bytes_ = [names[f"<0x{value:02X}>"] for value in range(256)]
    rows = [[*draw.choices(bytes_, k=9)] for _ in range(500)]
    rows += [[names[f"<0x{v:02X}>"] for v in v_] for v_ in (b"\n", b"\0", "\u2028".encode(), b"\r")]
    for text in model.decode(rows):
        assert len(text.splitlines()) <= 1
        assert "\0" not in text
        assert text.encode().decode() == text


def test_what_is_hardly_known_is_named() -> None:
    """A name or an emoji, but not one of thousands of Chinese characters to a Chinese model."""
    german = train_sentencepiece(PLAIN, "unigram", 700)
    assert german.spelled("ab 😀 李 ő,") == ["😀", "李", "ő", ","]
    assert german.spelled("a ▁") == ["▁"]
    assert german.uncovered(["a ▁"], german.encode(["a ▁"])) == {"▁": 1}
    assert german.spelled("ä a\u0308 b") == []  # read as the composed letter
    chinese = train_sentencepiece([*PLAIN, "你好"], "unigram", 700)
    assert chinese.spelled("李 😀") == ["😀"]
