"""Our LSTM is torch.nn.LSTM, whole and step by step, forwards and backwards."""

from __future__ import annotations

import torch
from torch import nn

from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.cells.lstm import LSTM, LSTMState

TIME, ROWS, BELOW, HIDDEN = 6, 3, 5, 8


def both() -> tuple[LSTM, nn.LSTM, torch.Tensor, LSTMState]:
    torch.manual_seed(1)
    ours, theirs = LSTM(BELOW, HIDDEN, initial=0.5, forget_bias=1.0), nn.LSTM(BELOW, HIDDEN)
    with torch.no_grad():
        ours.bias.add_(torch.randn(4 * HIDDEN))
        theirs.weight_ih_l0.copy_(ours.input_weight)
        theirs.weight_hh_l0.copy_(ours.recurrent_weight)
        theirs.bias_ih_l0.copy_(ours.bias)
        theirs.bias_hh_l0.zero_()
    start = LSTMState(torch.randn(ROWS, HIDDEN), torch.randn(ROWS, HIDDEN))
    return ours, theirs, torch.randn(TIME, ROWS, BELOW), start


def test_whole() -> None:
    ours, theirs, below, start = both()
    expected, (hidden, memory) = theirs(below, (start.hidden[None], start.memory[None]))
    signal, state = ours.whole(Signal(below), start)
    torch.testing.assert_close(signal.output, expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(state, LSTMState(hidden[0], memory[0]), rtol=1e-6, atol=1e-6)


def test_step_by_step() -> None:
    ours, theirs, below, state = both()
    expected, (hidden, memory) = theirs(below, (state.hidden[None], state.memory[None]))
    for now, output in zip(below, expected, strict=True):
        signal, state = ours(Signal(now), state)
        torch.testing.assert_close(signal.output, output, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(state, LSTMState(hidden[0], memory[0]), rtol=1e-5, atol=1e-6)


def test_gradients() -> None:
    ours, theirs, below, start = both()
    theirs(below, (start.hidden[None], start.memory[None]))[0].square().sum().backward()
    ours.whole(Signal(below), start)[0].output.square().sum().backward()
    for own, other in (
        (ours.input_weight, theirs.weight_ih_l0),
        (ours.recurrent_weight, theirs.weight_hh_l0),
        (ours.bias, theirs.bias_ih_l0),
    ):
        torch.testing.assert_close(own.grad, other.grad, rtol=1e-5, atol=1e-5)


def test_the_start() -> None:
    ours = LSTM(BELOW, HIDDEN, initial=0.08, forget_bias=1.0)
    assert 0.05 < ours.input_weight.abs().max() <= 0.08
    assert ours.bias.tolist() == [0.0] * HIDDEN + [1.0] * HIDDEN + [0.0] * 2 * HIDDEN
    state = ours.initial_state(2, ours.bias)
    assert torch.equal(state.hidden, torch.zeros(2, HIDDEN)) and state.memory.shape == (2, HIDDEN)
