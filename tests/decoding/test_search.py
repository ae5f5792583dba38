from __future__ import annotations

import pytest
import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.search import longest_target, search
from seq2seq.errors import ResourceError

SOURCES = [[5], [6, 7, 8], [4, 4], [9, 5, 6], [11, 12, 13, 14, 15]]


def tokens(results):
    return [[one.tokens for one in found] for found in results]


@pytest.mark.parametrize("beam", [1, 3])
def test_results_come_in_order_however_they_are_batched(prefix_model, beam):
    settings = {"beam": beam, "max_extra": 4}
    together = search(prefix_model(), SOURCES, DecodingConfig(**settings))
    alone = search(prefix_model(), SOURCES, DecodingConfig(**settings, batch_tokens=1))
    backwards = search(prefix_model(), SOURCES[::-1], DecodingConfig(**settings, batch_tokens=30))
    assert tokens(together) == tokens(alone) == tokens(backwards)[::-1]
    assert all(together)


@pytest.mark.parametrize("way", ["deterministic", "model"])
def test_batches_of_one_length(prefix_model, way):
    model = prefix_model(one_length_batches=way == "model")
    search(model, SOURCES, DecodingConfig(max_extra=2, deterministic=way == "deterministic"))
    assert sorted(map(len, model.sources)) == [1, 1, 1, 2]
    assert not any((source == 0).any() for source in model.sources)


def test_limits_follow_the_source():
    decoding = DecodingConfig(max_ratio=1.5, max_extra=4)
    assert [longest_target(pieces, decoding) for pieces in (1, 2, 10)] == [5, 7, 19]


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("not enough memory: you tried to allocate 9 bytes"),
    MemoryError(),
]


@pytest.mark.parametrize("error", ERRORS)
def test_short_memory_halves_the_batch(prefix_model, error):
    class Small(prefix_model):
        def encode(self, source, lengths):
            if len(source) > 2:
                raise error
            return super().encode(source, lengths)

    model = Small()
    found = search(model, SOURCES, DecodingConfig(max_extra=4))
    assert tokens(found) == tokens(search(prefix_model(), SOURCES, DecodingConfig(max_extra=4)))
    assert max(map(len, model.sources)) == 2


@pytest.mark.parametrize("error", ERRORS)
def test_no_memory_at_all_is_an_error(prefix_model, error):
    class Nothing(prefix_model):
        def step(self, tokens, state, memory):
            raise error

    with pytest.raises(ResourceError, match="single sentence"):
        search(Nothing(), SOURCES, DecodingConfig())


def test_other_errors_are_not_hidden(prefix_model):
    class Broken(prefix_model):
        def step(self, tokens, state, memory):
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        search(Broken(), SOURCES, DecodingConfig())
