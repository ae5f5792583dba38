"""Reversing the source moves words only."""

from __future__ import annotations

import torch

from seq2seq.nn.order import reverse_source


def test_words_turn_and_the_rest_stays() -> None:
    source = torch.tensor([[5, 6, 7, 3, 0], [8, 3, 0, 0, 0], [3, 0, 0, 0, 0], [4, 5, 6, 7, 3]])
    lengths = torch.tensor([4, 2, 1, 5])
    expected = [[7, 6, 5, 3, 0], [8, 3, 0, 0, 0], [3, 0, 0, 0, 0], [7, 6, 5, 4, 3]]
    assert reverse_source(source, lengths).tolist() == expected


def test_twice_is_nothing() -> None:
    torch.manual_seed(1)
    source, lengths = torch.randint(4, 99, (50, 12)), torch.randint(1, 13, (50,))
    assert torch.equal(reverse_source(reverse_source(source, lengths), lengths), source)
