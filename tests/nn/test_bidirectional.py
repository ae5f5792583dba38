"""Both directions at once are torch.nn.LSTM(bidirectional=True), ragged rows too."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seq2seq.nn.bidirectional import BidirectionalStack, reverse_time

TIME, ROWS, BELOW, HIDDEN, LAYERS = 7, 4, 5, 6, 2
LENGTHS = torch.tensor([7, 2, 1, 5])


def both() -> tuple[BidirectionalStack, nn.LSTM, Tensor]:
    torch.manual_seed(1)
    ours = BidirectionalStack("lstm", LAYERS, BELOW, HIDDEN, dropout=0.0, initial=0.6)
    theirs = nn.LSTM(BELOW, HIDDEN, LAYERS, bidirectional=True)
    with torch.no_grad():
        for number, layer in enumerate(ours.layers):
            for cell, suffix in ((layer.forwards, ""), (layer.backwards, "_reverse")):
                cell.bias.add_(torch.randn(4 * HIDDEN))  # type: ignore[union-attr, operator]
                for name, value in (
                    ("weight_ih", cell.input_weight),  # type: ignore[union-attr]
                    ("weight_hh", cell.recurrent_weight),  # type: ignore[union-attr]
                    ("bias_ih", cell.bias),  # type: ignore[union-attr]
                ):
                    getattr(theirs, f"{name}_l{number}{suffix}").copy_(value)
                getattr(theirs, f"bias_hh_l{number}{suffix}").zero_()
    return ours, theirs, torch.randn(TIME, ROWS, BELOW)


def test_rows_of_one_length() -> None:
    ours, theirs, below = both()
    expected, _ = theirs(below)
    torch.testing.assert_close(ours(below), expected, rtol=1e-5, atol=1e-5)
    masked = ours(below, torch.full((ROWS,), TIME))
    torch.testing.assert_close(masked, expected, rtol=1e-5, atol=1e-5)


def test_ragged_rows() -> None:
    ours, theirs, below = both()
    packed = pack_padded_sequence(below, LENGTHS, enforce_sorted=False)
    expected, _ = pad_packed_sequence(theirs(packed)[0])
    found = ours(below, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(
            found[:length, row], expected[:length, row], rtol=1e-5, atol=1e-5
        )


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradients(lengths: Tensor | None) -> None:
    ours, theirs, below = both()
    full = torch.full((ROWS,), TIME) if lengths is None else lengths
    real = torch.arange(TIME)[:, None] < full[None]  # [T, B]
    ours(below, lengths)[real].square().sum().backward()
    packed = pack_padded_sequence(below, full, enforce_sorted=False)
    theirs(packed)[0].data.square().sum().backward()
    for cell, suffix in (
        (ours.layers[0].forwards, "l0"),
        (ours.layers[0].backwards, "l0_reverse"),
    ):
        for name, value in (("ih", cell.input_weight), ("hh", cell.recurrent_weight)):  # type: ignore[union-attr]
            expected = getattr(theirs, f"weight_{name}_{suffix}").grad
            torch.testing.assert_close(value.grad, expected, rtol=1e-4, atol=1e-5)  # type: ignore[union-attr]


def test_reversing_within_lengths() -> None:
    sequence = torch.arange(1, 13).view(4, 3, 1)  # time first
    turned = reverse_time(sequence, torch.tensor([4, 2, 1])).squeeze(-1)
    assert turned.t().tolist() == [[10, 7, 4, 1], [5, 2, 8, 11], [3, 6, 9, 12]]
    assert torch.equal(reverse_time(sequence, None), sequence.flip(0))
