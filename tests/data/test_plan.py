"""Laws of the batch plan."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.data import plan
from seq2seq.data.plan import batch_plan, padding_share


def realistic(count: int, mean: float = 12.0, key: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(key)
    source = np.exp(draw.normal(np.log(mean), 0.4, count))
    target = source * 1.1 * np.exp(draw.normal(0, 0.2, count))
    return tuple(np.clip(side, 1, 250).astype(np.int32) for side in (source, target))


LENGTHS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=300)


@given(
    LENGTHS, st.integers(0, 2**40), st.integers(0, 100), st.integers(1, 500), st.integers(0, 20),
    st.booleans(),
)  # fmt: skip
def test_laws_hold_for_any_lengths(lengths, seed, epoch, tokens, sentences, one_length):
    source, target = (np.array(side, dtype=np.int32) for side in zip(*lengths, strict=True))
    options = {"batch_tokens": tokens, "batch_sentences": sentences, "one_length": one_length}
    batches = batch_plan(source, target, seed=seed, epoch=epoch, **options)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(source)))
    for batch in batches:
        assert batch.dtype == np.int64
        longest = max(source[batch].max(), target[batch].max()) + 1
        assert len(batch) == 1 or len(batch) * longest <= tokens
        assert not sentences or len(batch) <= sentences
    again = batch_plan(source, target, seed=seed, epoch=epoch, **options)
    assert all(np.array_equal(*both) for both in zip(batches, again, strict=True))


@pytest.mark.parametrize("one_length", [False, True])
def test_the_plan_depends_on_seed_and_epoch_alone(one_length):
    source, target = realistic(3000)
    options = {"batch_tokens": 600, "one_length": one_length}
    np.random.seed(1)
    first = batch_plan(source, target, seed=1, epoch=0, **options)
    np.random.seed(2)
    same = batch_plan(source.astype(np.int64), target.astype(np.int64), seed=1, epoch=0, **options)
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in same]
    for seed, epoch in ((1, 1), (2, 0)):
        other = batch_plan(source, target, seed=seed, epoch=epoch, **options)
        assert {tuple(batch) for batch in first} != {tuple(batch) for batch in other}


def test_large_batches_hold_few_different_numbers_of_sentences():
    source, target = realistic(20_000)
    sizes = [len(each) for each in batch_plan(source, target, seed=1, epoch=0, batch_tokens=4096)]
    large = [size for size in sizes if size >= 2 * plan.EVEN]
    assert len(large) > 0.9 * len(sizes)
    assert sum(size % plan.EVEN > 0 for size in large) <= 1  # the last
    fixed = batch_plan(source, target, seed=1, epoch=0, batch_tokens=4096, batch_sentences=70)
    assert sorted({len(each) for each in fixed})[-1] == 70  # as asked for


def test_the_stream_of_a_key_never_changes():
    source = target = np.full(8, 3, dtype=np.int32)
    batches = batch_plan(source, target, seed=1, epoch=0, batch_tokens=16)
    assert [batch.tolist() for batch in batches] == [[5, 6, 0, 1], [7, 2, 3, 4]]


@pytest.mark.parametrize("one_length", [False, True])
def test_padding_stays_under_five_percent(one_length):
    source, target = realistic(60_000)
    batches = batch_plan(source, target, seed=1, epoch=3, batch_tokens=4096, one_length=one_length)
    assert padding_share(batches, source, target) < 0.05
    used = sum(len(b) * (max(source[b].max(), target[b].max()) + 1) for b in batches)
    assert used / (4096 * len(batches)) > 0.85


def test_several_pools_still_sort_well(monkeypatch):
    monkeypatch.setattr(plan, "POOL_BATCHES", 200)
    source, target = realistic(100_000)
    batches = batch_plan(source, target, seed=1, epoch=0, batch_tokens=1024)
    assert padding_share(batches, source, target) < 0.05
    assert sorted(np.concatenate(batches).tolist()) == list(range(100_000))


def test_batches_hold_one_source_length_but_for_rare_ones():
    source, target = realistic(30_000)
    tokens = 2048
    batches = batch_plan(source, target, seed=1, epoch=0, batch_tokens=tokens, one_length=True)
    for batch in batches:
        for length in set(source[batch].tolist()) if len(set(source[batch])) > 1 else ():
            members = source == length
            height = max(length, int(target[members].max())) + 1
            assert members.sum() * height < tokens / plan.RARE
    mixed = sum(len(set(source[batch])) > 1 for batch in batches)
    assert mixed < 0.05 * len(batches)


def test_no_crumbs_are_left_at_the_end_of_a_length():
    source = np.full(103, 9, dtype=np.int32)
    batches = batch_plan(source, source, seed=1, epoch=0, batch_tokens=100, one_length=True)
    assert sorted(map(len, batches)) == [6, 7] + [10] * 9


def test_batches_come_in_no_order_of_length():
    source, target = realistic(20_000)
    batches = batch_plan(source, target, seed=1, epoch=0, batch_tokens=1024)
    means = np.array([source[batch].mean() for batch in batches])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.2


def test_nothing_gives_no_batches():
    empty = np.zeros(0, dtype=np.int32)
    assert batch_plan(empty, empty, seed=1, epoch=0, batch_tokens=10) == []
    assert padding_share([], empty, empty) == 0.0
