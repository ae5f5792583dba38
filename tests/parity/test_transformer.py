"""Our Transformer layers are torch's own, with the same weights."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.config.schema import ModelConfig, NormPlacement
from seq2seq.models.blocks import Block, DecoderLayer, EncoderLayer
from seq2seq.nn.attention import attend, causal_mask, padding_mask
from seq2seq.nn.positions import sinusoids

WIDTH, HEADS, INNER, ROWS, SOURCE, TARGET = 12, 3, 20, 4, 7, 5
LENGTHS = torch.tensor([7, 3, 5, 1])


def config(norm: NormPlacement) -> ModelConfig:
    return ModelConfig(hidden=WIDTH, heads=HEADS, feed_forward=INNER, dropout=0.0, norm=norm)


def randomise(module: nn.Module) -> None:
    torch.manual_seed(6)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)


def copy_linear(ours: Any, theirs: Any) -> None:
    theirs.weight.copy_(ours.weight)
    theirs.bias.copy_(ours.bias)


def copy_attention(block: Block, theirs: nn.MultiheadAttention, norm: nn.LayerNorm) -> None:
    ours = cast(Any, block.sublayer)
    inputs = [ours.inputs] if hasattr(ours, "inputs") else [ours.query, ours.memory]
    theirs.in_proj_weight.copy_(torch.cat([part.weight for part in inputs]))
    theirs.in_proj_bias.copy_(torch.cat([part.bias for part in inputs]))
    copy_linear(ours.output, theirs.out_proj)
    copy_linear(block.norm, norm)


def copy_feed_forward(block: Block, theirs: Any, norm: nn.LayerNorm) -> None:
    ours = cast(Any, block.sublayer)
    copy_linear(ours.inner, theirs.linear1)
    copy_linear(ours.outer, theirs.linear2)
    copy_linear(block.norm, norm)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_encoder_layer(norm: NormPlacement) -> None:
    ours = EncoderLayer(config(norm))
    randomise(ours)
    theirs = nn.TransformerEncoderLayer(
        WIDTH, HEADS, INNER, dropout=0.0, batch_first=True, norm_first=norm == "pre"
    )
    with torch.no_grad():
        copy_attention(ours.attention, theirs.self_attn, theirs.norm1)
        copy_feed_forward(ours.feed_forward, theirs, theirs.norm2)
    x = torch.randn(ROWS, SOURCE, WIDTH)
    behind = torch.arange(SOURCE) >= LENGTHS[:, None]
    expected = theirs(x, src_key_padding_mask=behind)
    found = ours(x, padding_mask(LENGTHS, SOURCE, x), None)
    torch.testing.assert_close(found[~behind], expected[~behind], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_decoder_layer(norm: NormPlacement) -> None:
    ours = DecoderLayer(config(norm))
    randomise(ours)
    theirs = nn.TransformerDecoderLayer(
        WIDTH, HEADS, INNER, dropout=0.0, batch_first=True, norm_first=norm == "pre"
    )
    with torch.no_grad():
        copy_attention(ours.attention, theirs.self_attn, theirs.norm1)
        copy_attention(ours.source, theirs.multihead_attn, theirs.norm2)
        copy_feed_forward(ours.feed_forward, theirs, theirs.norm3)
    x, memory = torch.randn(ROWS, TARGET, WIDTH), torch.randn(ROWS, SOURCE, WIDTH)
    behind = torch.arange(SOURCE) >= LENGTHS[:, None]
    future = torch.ones(TARGET, TARGET, dtype=torch.bool).triu(1)
    expected = theirs(x, memory, tgt_mask=future, memory_key_padding_mask=behind)
    keys, values = cast(Any, ours.source.sublayer).remember(memory)
    mask = padding_mask(LENGTHS, SOURCE, x)
    found = ours(x, causal_mask(TARGET, x), None, keys, values, mask)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("masked", [None, "padding", "causal"])
def test_attention(masked: str | None) -> None:
    torch.manual_seed(8)
    length = SOURCE if masked == "causal" else TARGET
    query = torch.randn(ROWS, HEADS, length, 4)
    keys, values = torch.randn(2, ROWS, HEADS, SOURCE, 4)
    mask: Tensor | None = None
    seen: Tensor | None = None
    if masked == "padding":
        mask = padding_mask(LENGTHS, SOURCE, query)
        seen = (torch.arange(SOURCE) < LENGTHS[:, None])[:, None, None, :]
    elif masked == "causal":
        mask, seen = causal_mask(SOURCE, query), torch.ones(SOURCE, SOURCE, dtype=torch.bool).tril()
    expected = F.scaled_dot_product_attention(query, keys, values, attn_mask=seen)
    found = attend(query, keys, values, mask)
    torch.testing.assert_close(found, expected.transpose(1, 2).flatten(2), rtol=1e-5, atol=1e-6)


def test_no_mask_where_nothing_is_padded() -> None:
    assert padding_mask(torch.tensor([3, 3]), 3, torch.zeros(1)) is None


def test_masks_hold_in_bfloat16() -> None:
    like = torch.zeros(1, dtype=torch.bfloat16)
    mask = padding_mask(torch.tensor([1, 2]), 2, like)
    assert mask is not None and mask.dtype == torch.bfloat16
    scores = torch.randn(2, 1, 1, 2, dtype=torch.bfloat16) * 50
    weights = torch.softmax(scores + mask, dim=-1)
    assert weights[0, 0, 0].tolist() == [1.0, 0.0] and torch.isfinite(weights).all()


@pytest.mark.parametrize("width", [2, 8, 9])
def test_positions(width: int) -> None:
    like = torch.zeros(1)
    whole = sinusoids(30, width, like=like)
    assert whole.shape == (30, width)
    half = width // 2
    for place in (0, 1, 29):
        for number in range(half):
            rate = 10000.0 ** (-number / max(half - 1, 1))
            angle = torch.tensor(place * rate)
            torch.testing.assert_close(whole[place, number], angle.sin(), rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(
                whole[place, half + number], angle.cos(), rtol=1e-4, atol=1e-5
            )
    later = sinusoids(10, width, first=20, like=like)
    torch.testing.assert_close(later, whole[20:], rtol=0.0, atol=0.0)
