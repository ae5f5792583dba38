"""The encoded corpus and its batches, against the plain way of building them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.data.batches import Batch, gather_batch
from seq2seq.data.encoded import CorpusWriter, EncodedCorpus, token_type
from seq2seq.text.tokenizer import BOS, EOS, PAD

SIDE = st.lists(st.integers(4, 60_000), max_size=8)
PAIRS = st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=12)


def padded(rows: list[list[int]]) -> list[list[int]]:
    width = max(map(len, rows))
    return [row + [PAD] * (width - len(row)) for row in rows]


@given(PAIRS, st.data())
def test_a_gathered_batch_is_the_plainly_built_one(pairs, data):
    indices = data.draw(st.lists(st.integers(0, len(pairs) - 1), min_size=1, max_size=10))
    flat = [token for pair in pairs for side in pair for token in side]
    lengths = [0] + [len(side) for pair in pairs for side in pair]
    tokens, offsets = np.array(flat, dtype="<u2"), np.cumsum(lengths)
    batch = gather_batch(tokens, offsets, np.array(indices))
    chosen = [pairs[index] for index in indices]
    assert batch.source.tolist() == padded([[*source, EOS] for source, _ in chosen])
    assert batch.lengths.tolist() == [len(source) + 1 for source, _ in chosen]
    assert batch.target.tolist() == padded([[BOS, *target] for _, target in chosen])
    assert batch.labels.tolist() == padded([[*target, EOS] for _, target in chosen])
    assert batch.pieces == sum(len(source) + len(target) for source, target in chosen)
    assert batch.indices.tolist() == indices
    real = batch.pieces + 2 * len(indices)
    assert batch.positions - batch.padding == real
    for tensor in (batch.source, batch.lengths, batch.target, batch.labels):
        assert tensor.dtype == torch.int64


@pytest.mark.parametrize("kind", ["<u2", "<u4"])
def test_what_is_written_is_read(tmp_path, kind):
    draw = np.random.default_rng(1)
    pairs = [
        tuple(draw.integers(4, 60_000, draw.integers(1, 9)).tolist() for _ in "st")
        for _ in range(50)
    ]
    with CorpusWriter(tmp_path, "train", kind) as writer:
        for start in (0, 20, 40):
            chunk = pairs[start : start + 20]
            writer.write([pair[0] for pair in chunk], [pair[1] for pair in chunk])
        writer.write([], [])
    corpus = EncodedCorpus(tmp_path, "train", kind)
    assert len(corpus) == 50
    assert [corpus.pair(index) for index in range(50)] == pairs
    assert corpus.source_lengths.tolist() == [len(pair[0]) for pair in pairs]
    assert corpus.target_lengths.tolist() == [len(pair[1]) for pair in pairs]
    assert corpus.gather(np.array([7])).source[0].tolist() == [*pairs[7][0], EOS]
    size = np.dtype(kind).itemsize
    assert (tmp_path / "train.tokens").stat().st_size == size * sum(len(s + t) for s, t in pairs)
    assert (tmp_path / "train.offsets").stat().st_size == 8 * 101


def test_files_that_do_not_fit_are_refused(tmp_path):
    with CorpusWriter(tmp_path, "x", "<u2") as writer:
        writer.write([[4, 5]], [[6]])
    tokens = tmp_path / "x.tokens"
    tokens.write_bytes(tokens.read_bytes()[:-2])
    with pytest.raises(ValueError, match="do not fit together"):
        EncodedCorpus(tmp_path, "x", "<u2")
    tokens.unlink()
    with pytest.raises(OSError, match="tokens"):
        EncodedCorpus(tmp_path, "x", "<u2")


def test_tokens_take_two_bytes_where_they_can():
    assert token_type(65_536) == "<u2"
    assert token_type(65_537) == "<u4"
    assert np.iinfo("<u2").max == 65_535


def test_a_batch_moves_as_a_whole():
    tokens, offsets = np.array([5, 6, 7], dtype="<u2"), np.array([0, 2, 3])
    batch = gather_batch(tokens, offsets, np.array([0]))
    assert batch.to(torch.device("cpu")) is batch
    moved = batch.to(torch.device("meta"))
    assert isinstance(moved, Batch)
    assert {t.device.type for t in (moved.source, moved.lengths, moved.target, moved.labels)} == {
        "meta"
    }
    assert moved.pieces == batch.pieces
