"""Sampling: the model's distribution, by a seed, whatever stands beside it in a batch."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.sampling import Draw, pick
from seq2seq.decoding.search import search
from seq2seq.errors import ModelError

SOURCES = [[5], [6, 7, 8], [4, 4], [9, 5, 6], [11, 12, 13, 14, 15]]


def drawn(model, sources=SOURCES, nbest=1, **settings):
    decoding = DecodingConfig(**{"method": "sampling", "max_extra": 6, **settings})
    return [[one.tokens for one in own] for own in search(model, sources, decoding, nbest=nbest)]


def test_a_seed_says_it_all(prefix_model):
    model = prefix_model()
    one = drawn(model, seed=7)
    assert one == drawn(model, seed=7)
    assert one != drawn(model, seed=8)


def test_batches_and_order_change_nothing(prefix_model):
    model = prefix_model()
    together = drawn(model, nbest=3)
    assert together == drawn(model, nbest=3, batch_tokens=1)
    assert together == drawn(model, SOURCES[::-1], nbest=3)[::-1]
    assert drawn(model, [SOURCES[3]], nbest=3) == [together[3]]


def test_the_first_samples_do_not_depend_on_how_many_there_are(prefix_model):
    model = prefix_model()
    many = drawn(model, nbest=7)
    assert [own[:2] for own in many] == drawn(model, nbest=2)
    assert all(len({tuple(one) for one in own}) > 1 for own in many)


@pytest.mark.parametrize("settings", [{"top_k": 1}, {"temperature": 1e-5}, {"top_p": 1e-6}])
def test_cut_down_to_the_likeliest_it_is_greedy(prefix_model, settings):
    model = prefix_model()
    greedy = search(model, SOURCES, DecodingConfig(beam=1, max_extra=6))
    assert drawn(model, **settings) == [[one.tokens for one in own] for own in greedy]


def test_probabilities_are_the_models_own(prefix_model):
    model = prefix_model(end_bonus=1.0)
    decoding = DecodingConfig(
        method="sampling", temperature=2.0, top_k=5, max_extra=30, length_penalty=0.5
    )
    for source, own in zip(SOURCES, search(model, SOURCES, decoding, nbest=4), strict=True):
        for one in own:
            assert one.log_probability == pytest.approx(
                model.score([*source, 3], one.tokens), abs=1e-3
            )
            length = len(one.tokens) + 1
            assert one.score == pytest.approx(one.log_probability / length**0.5)


@pytest.mark.parametrize(
    "draw",
    [Draw(), Draw(temperature=0.5), Draw(top_k=3), Draw(top_p=0.7), Draw(1, 2.0, 6, 0.8)],
    ids=str,
)
def test_pieces_come_as_often_as_they_should(draw):
    """The expected shares are worked out anew here, piece by piece."""
    logits = torch.tensor([9.0, 0.3, 9.0, 0.5, 1.5, -1.0, 2.0, 0.8, -0.5, 1.0])  # 0, 2: never
    likely = sorted((i for i in range(10) if i not in (0, 2)), key=lambda i: -logits[i])
    if draw.top_k:
        likely = likely[: draw.top_k]
    weights = [float(torch.exp(logits[i] / draw.temperature)) for i in likely]
    kept, share = {}, 0.0
    for index, weight in zip(likely, weights, strict=True):
        if share >= draw.top_p:
            break
        kept[index] = weight
        share += weight / sum(weights)
    expected = {index: weight / sum(kept.values()) for index, weight in kept.items()}
    count = 20_000
    uniform = (torch.arange(count).double() + 0.5) / count  # evenly, so that nothing is by chance
    found = Counter(pick(logits.repeat(count, 1), None, uniform, draw).tolist())
    assert found.keys() == expected.keys()
    for index, share in expected.items():
        assert found[index] / count == pytest.approx(share, abs=2 / count)


def test_what_is_banned_is_never_drawn():
    banned = torch.zeros(50, 10, dtype=torch.bool)
    banned[:, 4:9] = True
    uniform = torch.arange(50) / 50
    found = set(pick(torch.zeros(50, 10), banned, uniform, Draw()).tolist())
    assert found == {1, 3, 9}


def test_the_numbers_behind_it_are_even(prefix_model):
    """Over many sentences, the first pieces are as likely as the model says."""
    model = prefix_model(size=8, sharpness=0.0)
    sources = [[4 + a % 4, 4 + b, 4 + c] for a in range(4) for b in range(40) for c in range(40)]
    found = Counter(own[0][0] if own[0] else 3 for own in drawn(model, sources, max_extra=1))
    shares = [found[piece] / len(sources) for piece in (1, 3, 4, 5, 6, 7)]
    assert shares == pytest.approx([1 / 6] * 6, abs=0.02)


def test_length_limits_hold(prefix_model):
    model = prefix_model(end_bonus=-50.0)
    assert {len(own[0]) for own in drawn(model, max_ratio=1.0, max_extra=1)} == {2, 3, 4, 6}


def test_damaged_weights_are_told(prefix_model):
    class Damaged(prefix_model):
        def logits(self, key):
            return super().logits(key) * torch.nan

    with pytest.raises(ModelError, match="not finite"):
        drawn(Damaged())
