from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.decoding import parts as module
from seq2seq.decoding.parts import encode_parts, split_text
from seq2seq.text import splitting


def parts_of(texts, tokenizer, max_input=8):
    notes = []
    return encode_parts(texts, tokenizer, max_input, lambda *note: notes.append(note)), notes


def test_usual_and_blank_texts(letters):
    blank = ["", "  \t", "\u00a0\u3000", "\0", "\n\n", "\u2028"]
    parts, notes = parts_of(["ab c", *blank, "abcdefgh"], letters)
    assert parts == [[[4, 5, 6]], *([[]] * 6), [[4, 5, 6, 7, 8, 9, 10, 11]]]
    assert notes == []


def test_a_text_that_encodes_to_nothing_is_blank():
    class Deaf:
        def encode(self, texts):
            return [[] for _ in texts]

    assert parts_of(["\u200b"], Deaf())[0] == [[]]


def test_long_text_is_split_between_words(letters):
    parts, notes = parts_of(["abc", "abc def ghi jkl m"], letters)
    assert [letters.decode(own) for own in parts] == [["abc"], ["abcdef", "ghijklm"]]
    assert notes == [(1, "longer than 8 pieces, translated in 2 parts")]


def test_a_giant_word_is_cut_inside(letters):
    text = "a" * 30
    parts, _ = parts_of([f"bb {text} cc"], letters)
    assert max(map(len, parts[0])) <= 8
    assert "".join(letters.decode(parts[0])) == f"bb{text}cc"


@given(text=st.text(alphabet="abc \t\u3000", max_size=200), max_input=st.integers(2, 20))
def test_nothing_is_lost(letters, text, max_input):
    (own,), _ = parts_of([text], letters, max_input)
    assert all(0 < len(part) <= max_input for part in own)
    assert "".join(letters.decode(own)) == "".join(text.split())


class Crossing:
    """A tokenizer whose pieces of a text are more than those of its words."""

    def encode(self, texts):
        return [[4] * (len(text) + text.count(" ") * 3) for text in texts]

    def pieces(self, ids):
        return ["x" for _ in ids]


def test_parts_fit_where_words_together_have_more_pieces_than_alone():
    parts = split_text("ab cd ef gh ij", Crossing(), 8)
    assert all(len(part) <= 8 for part in parts)
    assert len(parts) >= 3


def test_a_character_of_too_many_pieces():
    class Bytes:
        def encode(self, texts):
            return [list(range(4, 4 + 5 * len(text))) for text in texts]

        def pieces(self, ids):
            return [f"<{index}>" for index in ids]

    assert split_text("x", Bytes(), 2) == [[4, 5], [6, 7], [8]]


def test_long_texts_are_never_encoded_whole(letters, monkeypatch):
    longest = []

    class Watched(type(letters)):
        def encode(self, texts):
            longest.extend(map(len, texts))
            return letters.encode(texts)

    monkeypatch.setattr(module, "LONG_TEXT", 50)
    monkeypatch.setattr(splitting, "LONG_TEXT", 50)
    monkeypatch.setattr(splitting, "LONGEST_WORD", 20)
    parts, notes = parts_of(["a" * 1000, "b" + " " * 100 + "c"], Watched(), 10)
    assert max(longest) <= 20
    assert sum(map(len, parts[0])) == 1000
    assert parts[1] == [[5, 6]]
    assert [place for place, _ in notes] == [0]


def test_endless_texts_are_cut(letters, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_TEXT", 12)
    parts, notes = parts_of(["abc " * 10], letters, 20)
    assert letters.decode(parts[0]) == ["abcabcabc"]
    assert notes == [(0, "longer than 12 characters, the rest is left out")]


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_tokenizers_cannot_take_is_replaced(letters, text):
    (own,), _ = parts_of([text], letters)
    assert own[0][0] == 4 and own[0][-1] == 5
