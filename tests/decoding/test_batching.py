from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.decoding.batching import pad_sources, plan_batches


@given(
    lengths=st.lists(st.integers(1, 60), max_size=80),
    beam=st.integers(1, 12),
    batch_tokens=st.integers(1, 3000),
    one_length=st.booleans(),
)
def test_plan(lengths, beam, batch_tokens, one_length):
    batches = plan_batches(lengths, beam=beam, batch_tokens=batch_tokens, one_length=one_length)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        own = [lengths[place] for place in batch]
        assert len(batch) == 1 or len(batch) * beam * (max(own) + 1) <= batch_tokens
        assert not one_length or len(set(own)) == 1
    order = [lengths[place] for batch in batches for place in batch]
    assert order == sorted(order, reverse=True)


def test_batches_are_full():
    batches = plan_batches([9] * 10, beam=2, batch_tokens=80, one_length=False)
    assert list(map(len, batches)) == [4, 4, 2]


def test_padding():
    source, lengths = pad_sources([[5, 6, 7], [8]], "cpu")
    assert source.tolist() == [[5, 6, 7, 3], [8, 3, 0, 0]]
    assert lengths.tolist() == [4, 2]
    assert source.dtype == lengths.dtype == torch.int64
