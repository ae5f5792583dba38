"""A recurrent matrix over time: the same numbers with gradients kept apart and without."""

from __future__ import annotations

import pytest
import torch

from seq2seq.nn import recurrence
from seq2seq.nn.cells import make_cell
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.unroll import unroll


@pytest.mark.parametrize("name", ["peephole", "grid", "gru_reset_before"])
@pytest.mark.parametrize("lengths", [None, [4, 2, 1]])
def test_one_product_is_the_sum_of_all_steps(
    monkeypatch: pytest.MonkeyPatch, name: str, lengths: list[int] | None
) -> None:
    torch.manual_seed(1)
    cell = make_cell(name, 5, 6, initial=0.5).double()
    below = torch.randn(4, 3, 5, dtype=torch.float64)
    found = []
    for large in (1, 1 << 18):
        monkeypatch.setattr(recurrence, "LARGE", large)
        state = cell.initial_state(3, below)
        given = None if lengths is None else torch.tensor(lengths)
        signal, last = unroll(cell, Signal(below), state, given)
        loss = signal.output.square().sum() + last[0].sum()
        found.append([signal.output, *torch.autograd.grad(loss, list(cell.parameters()))])
    torch.testing.assert_close(*found)


def test_the_choice_is_by_size() -> None:
    small, large = torch.ones(8, 4), torch.ones(recurrence.LARGE // 4, 4)
    assert not isinstance(recurrence.recurrent_product(small), recurrence.RecurrentProduct)
    assert isinstance(recurrence.recurrent_product(large), recurrence.RecurrentProduct)
    x = torch.randn(2, 4)
    torch.testing.assert_close(recurrence.recurrent_product(large)(x), x @ large.t())
