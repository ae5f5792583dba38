"""Sentencepiece models: reproducible, hostile text stays text, hostile files are refused."""

from __future__ import annotations

import io
import random

import pytest
import sentencepiece

from seq2seq.errors import DataError, ModelError, RecipeError
from seq2seq.text.sentencepiece import SentencePiece, train_sentencepiece
from seq2seq.text.tokenizer import BOS, EOS, PAD, UNK

LETTERS = random.Random(5)
WORDS = ["the", "dog"] + [
    "".join(LETTERS.choices("abcdefgh", k=LETTERS.randint(2, 6))) for _ in range(300)
]


def sentences(count: int = 400) -> list[str]:
    draw = random.Random(3)
    return [
        " ".join(["the", "dog", *draw.choices(WORDS, k=draw.randint(3, 9))]) for _ in range(count)
    ]


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(kind) -> SentencePiece:
    return train_sentencepiece(sentences(), kind, 60)


def test_training_again_gives_the_same_bytes(kind, model, tmp_path):
    again = train_sentencepiece(sentences(), kind, 60)
    assert again.digest == model.digest
    model.save(tmp_path / "m")
    again.save(tmp_path / "n")
    assert (tmp_path / "m").read_bytes() == (tmp_path / "n").read_bytes()


def test_text_survives_the_round_trip(model):
    texts = [*sentences(100), ""]
    assert model.decode(model.encode(texts)) == texts
    assert model.decode(model.encode(texts[:2])) == texts[:2]
    assert model.size == 60
    assert model.suffix == ".model"
    assert model.encode([]) == []


def test_control_symbols_in_text_are_text(model):
    named = [model.pieces([index])[0] for index in (PAD, UNK, BOS, EOS)]
    for row in model.encode(["foo </s> bar <s> <unk> <pad> <2de>", *named]):
        assert not {PAD, BOS, EOS} & set(row)


def test_special_ids_decode_to_nothing_and_never_to_two_lines(model):
    assert model.decode([[PAD, BOS, EOS], []]) == ["", ""]
    assert model.decode([list(range(model.size))])[0].splitlines()[1:] == []


def test_hostile_text_is_encoded(model):
    rows = model.encode(["a\x00dog", "a dog", "a\ud800dog", "a\u2028dog", "\u200b", "x" * 10_000])
    assert rows[0] == rows[1] == rows[3]
    assert rows[2]
    assert rows[4] == []


def test_a_model_with_byte_fallback_still_gives_one_line():
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()), model_writer=stream, vocab_size=330, minloglevel=3,
        pad_id=0, unk_id=1, bos_id=2, eos_id=3, byte_fallback=True, num_threads=1,
    )  # fmt: skip
    model = SentencePiece(stream.getvalue())
    newline = next(i for i in range(model.size) if model.pieces([i]) == ["<0x0A>"])
    dog = model.encode(["dog"])[0]
    assert model.decode([[*dog, newline, *dog]]) == ["dog dog"]


def test_little_text_gives_a_smaller_vocabulary():
    for kind in ("unigram", "bpe"):
        assert 8 <= train_sentencepiece(sentences(50), kind, 30_000).size < 1000


def test_unusable_training_says_what_to_do():
    with pytest.raises(DataError, match="no text to train"):
        train_sentencepiece([], "unigram", 100)
    with pytest.raises(DataError, match="no text to train"):
        train_sentencepiece(["", " "], "bpe", 100)
    with pytest.raises(RecipeError, match="use at least") as caught:
        train_sentencepiece(sentences(), "unigram", 8)
    least = int(str(caught.value).rpartition(" ")[2])
    assert train_sentencepiece(sentences(), "unigram", least).size == least


def test_stray_characters_do_not_fill_the_vocabulary():
    strays = ["".join(map(chr, range(start, start + 30))) for start in range(0x4E00, 0x4F2C, 30)]
    model = train_sentencepiece(sentences(20_000) + strays, "bpe", 200)
    assert model.size == 200
    assert UNK not in model.encode(["the dog"])[0]
    assert UNK in model.encode(strays)[0]


@pytest.mark.parametrize("damage", ["empty", "half", "tail", "random", "text", "zeros"])
def test_damaged_models_are_refused(model, tmp_path, damage, capfd):
    model.save(tmp_path / "m")
    whole = (tmp_path / "m").read_bytes()
    data = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "tail": whole[:-1],
        "random": random.Random(1).randbytes(5000),
        "text": b"hello",
        "zeros": bytes(1000),
    }[damage]
    with pytest.raises(ModelError, match=r"here\.model"):
        SentencePiece(data, "here.model")
    assert capfd.readouterr().err == ""


def test_flipped_bytes_are_refused_or_harmless(model, tmp_path):
    model.save(tmp_path / "m")
    whole = (tmp_path / "m").read_bytes()
    draw = random.Random(2)
    refused = 0
    for _ in range(100):
        data = bytearray(whole)
        data[draw.randrange(1200)] = draw.randrange(256)
        try:
            SentencePiece(bytes(data)).encode(["the dog"])
        except ModelError:
            refused += 1
    assert refused


def test_other_special_ids_are_refused():
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()), model_writer=stream, vocab_size=60, minloglevel=3,
        num_threads=1,
    )  # fmt: skip
    with pytest.raises(ModelError, match="other special ids"):
        SentencePiece(stream.getvalue())


def test_sentences_too_long_for_training_are_named():
    with pytest.raises(DataError, match="4192 bytes"):
        train_sentencepiece(["word " * 2000], "unigram", 100)


@pytest.mark.parametrize("at", range(0, 400, 50))
def test_a_signal_is_not_an_error_of_the_text(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """It may arrive while any sentence is read."""
    seen = [0]

    def interrupted(text: str) -> str:
        seen[0] += 1
        if seen[0] == at + 1:
            raise KeyboardInterrupt
        return text

    monkeypatch.setattr("seq2seq.text.sentencepiece.encodable", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_sentencepiece(["one two three"] * 400, "unigram", 20)
