"""Rotary positions: only distances matter."""

from __future__ import annotations

import torch

from seq2seq.nn.positions import rotation


def test_products_depend_on_distance_alone() -> None:
    torch.manual_seed(1)
    query, key = torch.randn(8, dtype=torch.float64), torch.randn(8, dtype=torch.float64)
    turned = rotation(20, 8, like=query)
    queries, keys = turned.turn(query.expand(20, 8)), turned.turn(key.expand(20, 8))
    products = queries @ keys.t()
    for distance in range(-10, 11):
        own = products.diagonal(distance)
        torch.testing.assert_close(own, own[:1].expand_as(own))
    assert products[0, 0] != products[0, 1]


def test_turning_keeps_lengths_and_goes_on() -> None:
    x = torch.randn(6, 4)
    turned = rotation(6, 4, like=x)
    torch.testing.assert_close(turned.turn(x).norm(dim=1), x.norm(dim=1))
    torch.testing.assert_close(turned.turn(x)[0], x[0])  # position 0 does not turn
    later = rotation(1, 4, first=3, like=x)
    torch.testing.assert_close(later.turn(x[3:4]), turned.turn(x)[3:4])
