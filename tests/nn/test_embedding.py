"""Word vectors that are left out while training."""

from __future__ import annotations

import pytest
import torch

from seq2seq.config.schema import ModelConfig
from seq2seq.nn.embedding import WordEmbedding

WORDS, WIDTH = 400, 3


def table(**rates: float) -> WordEmbedding:
    torch.manual_seed(3)
    return WordEmbedding(WORDS, WIDTH, ModelConfig(**rates))  # type: ignore[arg-type]


def test_it_is_torchs_own_without_rates_and_when_not_training() -> None:
    tokens = torch.arange(WORDS).view(20, 20)
    for embedding in (table(), table(word_dropout=0.5, embedding_dropout=0.5).eval()):
        usual = torch.nn.functional.embedding(tokens, embedding.weight)
        assert torch.equal(embedding(tokens), usual)


def test_without_rates_no_random_number_is_drawn() -> None:
    embedding = table()
    before = torch.get_rng_state()
    embedding(torch.arange(9))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("rate", [0.25, 0.5])
@pytest.mark.parametrize("kind", ["word_dropout", "embedding_dropout"])
def test_whole_vectors_are_zero_and_the_others_scaled(kind: str, rate: float) -> None:
    embedding = table(**{kind: rate})
    tokens = torch.arange(WORDS).repeat(10, 1)
    found = embedding(tokens)
    usual = torch.nn.functional.embedding(tokens, embedding.weight)
    zero = (found == 0).all(-1)
    assert torch.allclose(found[~zero], usual[~zero] / (1 - rate))
    assert zero.float().mean().item() == pytest.approx(rate, abs=0.1)
    assert torch.allclose(found.mean(0), usual[0], atol=4.0) and embedding.weight.grad is None
    same_everywhere = (zero == zero[0]).all().item()
    assert same_everywhere == (kind == "embedding_dropout")


def test_what_is_left_out_learns_nothing() -> None:
    embedding = table(embedding_dropout=0.5)
    found = embedding(torch.arange(WORDS))
    found.sum().backward()
    zero = (found == 0).all(-1)
    assert embedding.weight.grad is not None
    assert (embedding.weight.grad[zero] == 0).all() and (embedding.weight.grad[~zero] == 2).all()
