"""Word vocabularies: frequency order, unknown words, and files that cannot be trusted."""

from __future__ import annotations

import pytest

from seq2seq.errors import DataError, ModelError
from seq2seq.text import words
from seq2seq.text.tokenizer import EOS, SPECIALS, UNK
from seq2seq.text.words import Words, train_words

TEXTS = ["The dog sees the cat.", "The cat, the big cat, sees nothing.", "It isn't the dog's."]


@pytest.fixture(scope="module")
def english() -> Words:
    return train_words(TEXTS, "en", 12)


def test_the_most_frequent_words_are_kept_in_order(english):
    assert english.size == 12
    assert english.pieces(range(4)) == list(SPECIALS)
    assert english.pieces([4, 5]) == [".", "cat"]  # three each, ordered by spelling
    assert english.pieces([6]) == ["the"]
    assert english.suffix == ".vocab"


def test_unknown_words_come_back_as_unk(english):
    row = english.encode(["The zebra sees the cat."])[0]
    assert row.count(UNK) == 1
    assert english.decode([row]) == ["The <unk> sees the cat."]


def test_control_symbols_in_text_are_text(english):
    known = train_words(["<unk> </s> <s> <pad> | &amp; [x]"] * 3, "en", 40)
    for row in known.encode(["<unk> </s> <s> <pad>"]):
        assert min(row) > EOS
    assert known.decode(known.encode(["<unk> </s> x", "a &amp; x"])) == [
        "<unk> </s> x",
        "<unk> &amp; x",
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "L'homme qui n'est pas là, c'est toi ?"),
        ("fr", "Aujourd'hui, elle l'a vu."),
        ("de", "Zwei junge Männer sind im Freien."),
        ("en", "He said: \"It isn't the dog's.\""),
        ("pt_BR", "Ele não sabe."),
    ],
)
def test_text_survives_the_round_trip(language, text):
    tokenizer = train_words([text], language, 100)
    assert tokenizer.decode(tokenizer.encode([text])) == [text]


def test_hostile_text_is_encoded(english):
    rows = english.encode(["dog\x00cat", "dog cat", "dog\u2028cat", "", "\ud800"])
    assert rows[0] == rows[1] == rows[2]
    assert rows[3] == []
    assert set(rows[4]) <= {UNK}


def test_special_ids_do_not_show(english):
    assert english.decode([[0, 2, 3], []]) == ["", ""]


def test_the_file_is_read_back_as_it_was(english, tmp_path):
    english.save(tmp_path / "v")
    data = (tmp_path / "v").read_bytes()
    assert data.count(b"\n") == english.size
    again = Words(data, "en")
    assert again.digest == english.digest
    assert again.encode(TEXTS) == english.encode(TEXTS)
    assert train_words(TEXTS, "en", 12).digest == english.digest


def test_counting_forgets_the_rarest_words_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(words, "LARGEST_COUNTER", 20)
    texts = [f"often rare{index}" for index in range(200)]
    tokenizer = train_words(texts, "en", 6)
    assert "often" in tokenizer.pieces(range(tokenizer.size))


def test_no_words_at_all_is_an_error():
    with pytest.raises(DataError, match="no text"):
        train_words(["", " "], "en", 100)


HEAD = b"".join(f"{special}\t0\n".encode() for special in SPECIALS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty or cut off"),
        (HEAD + b"dog\t3", "empty or cut off"),
        (HEAD + b"dog\n", "line 5 is not"),
        (HEAD + b"dog\tmany\n", "line 5 is not"),
        (HEAD + b"a dog\t3\n", "line 5 is not"),
        (HEAD + "a\u2028b\t3\n".encode(), "line 5 is not"),
        (HEAD + b"\t3\n", "line 5 is not"),
        (HEAD + b"dog\t3\ndog\t2\n", "twice"),
        (b"dog\t3\n", "must start with"),
        (b"\xff\xfe\n", "invalid UTF-8 at byte 1"),
    ],
)
def test_damaged_files_are_refused(data, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        Words(data, "en", "here.vocab")
    assert "here.vocab" in str(caught.value)
