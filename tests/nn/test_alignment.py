"""Scores, weights and contexts against their formulas, written out pair by pair."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from seq2seq.nn.alignment import SCORES, Alignment

B, N, S, H, D = 3, 4, 6, 5, 8


def formula(name: str, score: Any, s: Tensor, h: Tensor) -> Tensor:
    """Return the score of one query ([H]) and one annotation ([D])."""
    if name == "dot":
        return (s * h).sum()
    if name == "general":
        return s @ score.key.weight @ h
    if name == "additive":
        inner = score.query.weight @ s + score.key.weight @ h
    else:
        inner = score.both.weight @ torch.cat([s, h])
    return (score.score.weight[0] * torch.tanh(inner)).sum()


def width(name: str) -> int:
    return H if name == "dot" else D


@pytest.mark.parametrize("name", SCORES)
def test_every_pair_gets_its_score(name: str) -> None:
    torch.manual_seed(1)
    score = SCORES[name](H, width(name), 1.0)
    query, annotations = torch.randn(B, N, H), torch.randn(B, S, width(name))
    keys = score.remember(annotations)
    found = score(query, keys)
    assert keys.shape == (B, S, H) and found.shape == (B, N, S)
    for b in range(B):
        for n in range(N):
            for s in range(S):
                expected = formula(name, score, query[b, n], annotations[b, s])
                torch.testing.assert_close(found[b, n, s], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SCORES)
def test_the_context_is_the_weighted_mean_of_real_positions(name: str) -> None:
    torch.manual_seed(2)
    alignment = Alignment(name, H, width(name), 1.0)
    query, annotations = torch.randn(B, N, H), torch.randn(B, S, width(name))
    lengths = torch.tensor([6, 1, 4])
    context, weights = alignment(query, alignment.remember(annotations, lengths))
    scores = alignment.score(query, alignment.score.remember(annotations))
    for b, length in enumerate(lengths.tolist()):
        expected = scores[b, :, :length].softmax(-1)
        torch.testing.assert_close(weights[b, :, :length], expected)
        assert not weights[b, :, length:].any()
        torch.testing.assert_close(context[b], expected @ annotations[b, :length])


def test_hypotheses_ask_side_by_side() -> None:
    torch.manual_seed(3)
    alignment = Alignment("additive", H, D, 1.0)
    source = alignment.remember(torch.randn(B, S, D), torch.tensor([6, 1, 4]))
    query = torch.randn(B * N, H)
    context, weights = alignment.ask(query, source)
    assert context.shape == (B * N, D) and weights.shape == (B * N, S)
    whole, whole_weights = alignment(query.view(B, N, H), source)
    torch.testing.assert_close(context.view(B, N, D), whole)
    torch.testing.assert_close(weights.view(B, N, S), whole_weights)


def test_no_mask_where_no_row_is_padded() -> None:
    alignment = Alignment("general", H, D, 1.0)
    annotations = torch.randn(B, S, D)
    assert alignment.remember(annotations, None).mask is None
    assert alignment.remember(annotations, torch.full((B,), S)).mask is None
    chosen = alignment.remember(annotations, torch.tensor([6, 1, 4])).select(torch.tensor([2, 2]))
    assert chosen.mask is not None and chosen.mask.shape == (2, 1, S)
    assert torch.equal(chosen.values, annotations[[2, 2]])


def test_the_start() -> None:
    for name in SCORES:
        for value in SCORES[name](H, width(name), 0.08).parameters():
            assert value.ndim == 2 and 0.0 < value.abs().max() <= 0.08
