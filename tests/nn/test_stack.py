"""Residual connections and a second input around recurrent layers, written out layer by layer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.stack import RecurrentStack
from seq2seq.nn.unroll import unroll

TIME, ROWS, BELOW, HIDDEN, BESIDE, LAYERS = 6, 3, 5, 8, 4, 4


def make(**options: Any) -> RecurrentStack:
    torch.manual_seed(4)
    return RecurrentStack("lstm", LAYERS, BELOW, HIDDEN, dropout=0.0, initial=0.5, **options)


def run(layer: Any, below: Tensor) -> Tensor:
    return unroll(layer, Signal(below), layer.initial_state(ROWS, below))[0].output


@pytest.mark.parametrize("first", [2, 3, LAYERS + 1])
@pytest.mark.parametrize("connection", ["none", "residual", "highway"])
def test_a_way_leads_around_layers_from_the_given_one_on(connection: str, first: int) -> None:
    stack = make(connection=connection, connected_from=first)
    x = below = torch.randn(TIME, ROWS, BELOW)
    for number, layer in enumerate(stack.layers, start=1):
        output = run(layer, x)
        if number < first or connection == "none":
            x = output
        elif connection == "residual":
            x = output + x
        else:
            gate = torch.sigmoid(stack.around[number - 1].gate(x))  # type: ignore[union-attr, operator]
            x = gate * output + (1 - gate) * x
    found, _ = stack(below, stack.initial_states(ROWS, below))
    torch.testing.assert_close(found, x)


def test_every_layer_reads_what_stands_beside() -> None:
    stack = make(beside=BESIDE)
    below, beside = torch.randn(TIME, ROWS, BELOW), torch.randn(TIME, ROWS, BESIDE)
    x = below
    for layer in stack.layers:
        x = run(layer, torch.cat([x, beside], -1))
    found, _ = stack(below, stack.initial_states(ROWS, below), beside=beside)
    torch.testing.assert_close(found, x)


@pytest.mark.parametrize("lengths", [None, torch.tensor([6, 2, 4])])
def test_steps_are_the_whole(lengths: Tensor | None) -> None:
    stack = make(beside=BESIDE, connection="residual")
    below, beside = torch.randn(TIME, ROWS, BELOW), torch.randn(TIME, ROWS, BESIDE)
    state = stack.initial_states(ROWS, below)
    whole, _ = stack(below, state, lengths, beside=beside)
    for time in range(TIME):
        output, state = stack.step(below[time], state, beside[time])
        rows = slice(None) if lengths is None else lengths > time
        torch.testing.assert_close(output[rows], whole[time][rows], rtol=1e-5, atol=1e-5)


def test_a_sum_needs_equal_widths() -> None:
    with pytest.raises(AssertionError):
        make(connection="residual", connected_from=1)


def test_steps_drop_upwards_in_training() -> None:
    stack = make()
    stack.dropout = 0.5
    below = torch.randn(ROWS, BELOW)
    state = stack.initial_states(ROWS, below)
    top, after = stack.step(below, state)
    assert bool((top == 0).any())  # of 24 numbers, half fall
    assert not bool((after[-1].hidden == 0).any())  # what goes on in time stays whole
    stack.eval()
    torch.testing.assert_close(stack.step(below, state)[0], stack(below[None], state)[0][0])
