"""What may not be written: each rule holds in every search, and probabilities stay the model's."""

from __future__ import annotations

import pytest
import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.processors import ForcedPrefix, NoRepeatedNgram
from seq2seq.decoding.search import search

SOURCES = [[5], [6, 7, 8], [4, 4], [9, 5, 6], [11, 12, 13, 14, 15], [16], [17, 18], [19, 4, 9]]
WAYS = [{"beam": 1}, {"beam": 4}, {"method": "sampling", "temperature": 0.7}]
IDS = ["greedy", "beam", "sampling"]


def found(model, way, prefixes=None, **settings):
    decoding = DecodingConfig(max_ratio=1.0, max_extra=12, **way, **settings)
    return [own[0] for own in search(model, SOURCES, decoding, prefixes=prefixes)]


def repeats(tokens, size):
    runs = [tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]
    return len(runs) != len(set(runs))


@pytest.fixture
def model(prefix_model):
    """Return a model of few pieces that likes to go on, and so to say things again."""
    return prefix_model(size=9, sharpness=4.0, end_bonus=-2.0)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_no_run_of_pieces_stands_twice(model, way, size):
    free = found(model, way)
    assert any(repeats(one.tokens, size) for one in free)
    for source, one, usual in zip(
        SOURCES, found(model, way, no_repeat_ngram=size), free, strict=True
    ):
        assert not repeats(one.tokens, size)
        assert one.log_probability == pytest.approx(model.score([*source, 3], one.tokens), abs=1e-3)
        if way == WAYS[0] and not repeats(usual.tokens, size):
            assert one.tokens == usual.tokens  # a rule that forbids nothing changes nothing


@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_translations_begin_with_their_prefix(model, way):
    prefixes = [[4, 4, 4, 4], [], [5], [8, 1, 8], [], [6, 5, 4, 7, 8, 4, 5], [7, 7], [4]]
    free = found(model, way)
    forced = found(model, way, prefixes)
    for source, prefix, usual, one in zip(SOURCES, prefixes, free, forced, strict=True):
        assert one.tokens[: len(prefix)] == prefix
        assert one.log_probability == pytest.approx(model.score([*source, 3], one.tokens), abs=1e-3)
        if not prefix:
            assert one == usual
    assert [one.tokens for one in forced] != [one.tokens for one in free]


@pytest.mark.parametrize("way", [WAYS[0], WAYS[2]], ids=[IDS[0], IDS[2]])
def test_a_prefix_that_would_have_been_written_changes_nothing(model, way):
    free = found(model, way)
    again = found(model, way, [one.tokens[:3] for one in free])
    assert [one.tokens for one in again] == [one.tokens for one in free]


def test_a_prefix_overrules_what_is_blocked_and_what_is_too_long(model):
    prefix = [4, 4, 4, 4] * 6
    for way in WAYS:
        for one in found(model, way, [prefix] * len(SOURCES), no_repeat_ngram=2):
            assert one.tokens[: len(prefix)] == prefix
            assert not repeats(one.tokens[len(prefix) :], 2)


def test_nbest_of_a_forced_search_are_different(model):
    decoding = DecodingConfig(beam=4, max_extra=5)
    for own in search(model, SOURCES, decoding, nbest=4, prefixes=[[4, 5]] * len(SOURCES)):
        assert len({tuple(one.tokens) for one in own}) == len(own) > 1
        assert all(one.tokens[:2] == [4, 5] for one in own)


def test_blocking_by_hand():
    banned = torch.zeros(1, 2, 9, dtype=torch.bool)
    tokens = torch.tensor([[[4, 5, 6, 4, 5], [4, 5, 4, 6, 5]]])
    NoRepeatedNgram(3)(banned, tokens, torch.tensor([0]))
    assert banned[0, 0, 4:].nonzero().flatten().tolist() == [2]
    assert not banned[0, 1, 4:].any()
    NoRepeatedNgram(2)(banned, tokens, torch.tensor([0]))
    assert banned[0, 1, 4:].nonzero().flatten().tolist() == [0]


def test_a_prefix_by_hand():
    rule = ForcedPrefix([[7], [], [8, 6]], "cpu")
    banned = torch.zeros(2, 1, 9, dtype=torch.bool)
    rule(banned, torch.zeros(2, 1, 0, dtype=torch.long), torch.tensor([2, 1]))
    assert (~banned[0, 0]).nonzero().flatten().tolist() == [8] and not banned[1].any()
