"""Tokenizers of a model directory: the same for the same text, and read with suspicion."""

from __future__ import annotations

import os

import pytest

from seq2seq.config.schema import TextConfig
from seq2seq.errors import ModelError
from seq2seq.files import read_plain
from seq2seq.text.folder import (
    load_tokenizers,
    sample_pairs,
    save_tokenizers,
    shortfalls,
    train_tokenizers,
)

PAIRS = [(f"the dog number {n} runs", f"le chien numéro {n} court") for n in range(300)]
KINDS = [
    TextConfig(vocabulary=60),
    TextConfig(vocabulary=60, tokenizer="bpe"),
    TextConfig(vocabulary=[45, 40], joint=False),
    TextConfig(vocabulary=[45, 40], joint=False, tokenizer="words"),
]


@pytest.mark.parametrize("text", KINDS, ids=["joint", "bpe", "separate", "words"])
def test_saved_tokenizers_come_back(text, tmp_path):
    source, target = train_tokenizers(lambda: iter(PAIRS), text, ("en", "fr"), 1)
    assert (source.size, target.size) == text.sizes
    assert shortfalls((source, target), text) == []
    save_tokenizers(tmp_path, source, target)
    again = load_tokenizers(tmp_path, text, ("en", "fr"))
    assert [one.digest for one in again] == [source.digest, target.digest]
    assert again[0].encode([PAIRS[7][0]]) == source.encode([PAIRS[7][0]])
    assert (again[0] is again[1]) == (text.joint and text.tokenizer != "words")


def test_a_small_text_is_told_once_for_a_joint_vocabulary():
    text = TextConfig(vocabulary=5000)
    both = train_tokenizers(lambda: iter(PAIRS), text, ("en", "fr"), 1)
    assert len(shortfalls(both, text)) == 1
    text = TextConfig(vocabulary=[5000, 4000], joint=False)
    both = train_tokenizers(lambda: iter(PAIRS), text, ("en", "fr"), 1)
    assert "instead of 5,000" in shortfalls(both, text)[0]
    assert "instead of 4,000" in shortfalls(both, text)[1]


def test_the_sample_is_fair_and_repeatable():
    numbered = [(str(n), str(n)) for n in range(1000)]
    first = sample_pairs(iter(numbered), 100, 1)
    assert first == sample_pairs(iter(numbered), 100, 1)
    assert first != sample_pairs(iter(numbered), 100, 2)
    assert len(set(first)) == 100
    assert 300 < sum(int(pair[0]) for pair in first) / 100 < 700
    assert sample_pairs(iter([("a", ""), (" ", "b"), ("c", "d")]), 100, 1) == [("c", "d")]


def test_two_models_where_one_is_due_are_refused(tmp_path):
    separate = TextConfig(vocabulary=60, joint=False)
    save_tokenizers(tmp_path, *train_tokenizers(lambda: iter(PAIRS), separate, ("en", "fr"), 1))
    with pytest.raises(ModelError, match="differ"):
        load_tokenizers(tmp_path, TextConfig(vocabulary=60), ("en", "fr"))


@pytest.mark.parametrize("text", [KINDS[2], KINDS[3]], ids=["model", "vocab"])
@pytest.mark.parametrize("damage", [b"", b"random \xff\x00 bytes", None])
def test_damaged_or_missing_files_are_refused(text, damage, tmp_path):
    source, target = train_tokenizers(lambda: iter(PAIRS), text, ("en", "fr"), 1)
    save_tokenizers(tmp_path, source, target)
    path = tmp_path / f"target{target.suffix}"
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(ModelError, match=f"target{target.suffix}"):
        load_tokenizers(tmp_path, text, ("en", "fr"))


def test_links_pipes_and_large_files_are_refused(tmp_path):
    (tmp_path / "plain").write_bytes(b"12345")
    assert read_plain(tmp_path / "plain", 5) == b"12345"
    with pytest.raises(ModelError, match="more than the 4"):
        read_plain(tmp_path / "plain", 4)
    (tmp_path / "link").symlink_to(tmp_path / "plain")
    with pytest.raises(ModelError, match="is a link"):
        read_plain(tmp_path / "link", 5)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="not a plain file"):
        read_plain(tmp_path / "pipe", 5)
    with pytest.raises(ModelError):
        read_plain(tmp_path, 5)
