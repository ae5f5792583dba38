"""Laws of every cell: stepwise is whole, padding changes nothing, gradients are right."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seq2seq.config.cells import CELLS
from seq2seq.nn.bidirectional import BidirectionalStack
from seq2seq.nn.cells import make_cell
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.stack import RecurrentStack
from seq2seq.nn.unroll import unroll

TIME, ROWS, BELOW, HIDDEN = 9, 3, 5, 6
LENGTHS = torch.tensor([9, 2, 5])
OPTIONS: dict[str, dict[str, Any]] = {"clockwork": {"periods": [1, 2, 4]}}
every = pytest.mark.parametrize("name", CELLS)


def make(name: str, layers: int = 2, **options: Any) -> RecurrentStack:
    """Return a stack whose weights are all random, biases and gains included."""
    torch.manual_seed(3)
    options = {"initial": 0.5, **OPTIONS.get(name, {}), **options}
    stack = RecurrentStack(name, layers, BELOW, HIDDEN, dropout=0.0, **options).double()
    shake(stack)
    return stack


def shake(module: torch.nn.Module) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))


def text() -> Tensor:
    torch.manual_seed(7)
    return torch.randn(TIME, ROWS, BELOW, dtype=torch.float64)


def parts(states: tuple[Any, ...]) -> list[Tensor]:
    return [part for state in states for part in state]


def assert_close(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@every
def test_stepwise_is_whole(name: str) -> None:
    stack, below = make(name, connection="highway"), text()
    state = stack.initial_states(ROWS, below)
    whole, final = stack(below, state)
    outputs = []
    for now in below.unbind(0):
        output, state = stack.step(now, state)
        outputs.append(output)
    assert_close(torch.stack(outputs), whole)
    assert_close(parts(state), parts(final))


@every
def test_padding_changes_nothing(name: str) -> None:
    stack, below = make(name), text()
    whole, final = stack(below, stack.initial_states(ROWS, below), LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        own = below[:length, row : row + 1]
        output, states = stack(own, stack.initial_states(1, own))
        assert_close(output[:, 0], whole[:length, row])
        assert_close([part[0] for part in parts(states)], [part[row] for part in parts(final)])


@every
def test_padding_changes_nothing_in_both_directions(name: str) -> None:
    torch.manual_seed(4)
    options = {"initial": 0.5, **OPTIONS.get(name, {})}
    stack = BidirectionalStack(name, 2, BELOW, HIDDEN, dropout=0.0, **options).double()
    shake(stack)
    below = text()
    whole = stack(below, LENGTHS)
    assert whole.shape == (TIME, ROWS, 2 * HIDDEN)
    for row, length in enumerate(LENGTHS.tolist()):
        assert_close(stack(below[:length, row : row + 1])[:, 0], whole[:length, row])


@every
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradients(name: str, lengths: Tensor | None) -> None:
    """Against differences, through the recurrent product that gathers its weight's gradient."""
    stack, below = make(name), text()[:5].requires_grad_()
    lengths = lengths if lengths is None else lengths.clamp(max=5)
    weights = dict(stack.named_parameters())

    def run(below: Tensor, *values: Tensor) -> Tensor:
        given = dict(zip(weights, values, strict=True))
        start = stack.initial_states(ROWS, below)
        output, final = torch.func.functional_call(stack, given, (below, start, lengths))
        real = [part.flatten() for part in parts(final) if part.is_floating_point()]
        return torch.cat([output.flatten(), *real])

    assert torch.autograd.gradcheck(run, (below, *weights.values()), fast_mode=True)


@every
def test_gradients_are_those_of_steps(name: str) -> None:
    """A layer alone takes its steps by plain products."""
    torch.manual_seed(1)
    cell, below = make_cell(name, BELOW, HIDDEN, initial=0.5, **OPTIONS.get(name, {})), text()
    cell = cell.double()
    shake(cell)
    start = cell.initial_state(ROWS, below)
    unroll(cell, Signal(below), start)[0].output.square().sum().backward()
    found = [parameter.grad for parameter in cell.parameters()]
    cell.zero_grad()
    outputs, state = [], start
    for now in below:
        signal, state = cell(Signal(now), state)
        outputs.append(signal.output)
    torch.stack(outputs).square().sum().backward()
    assert all(grad is not None for grad in found)
    assert_close(found, [parameter.grad for parameter in cell.parameters()])


@every
def test_nothing_is_kept_where_no_gradient_is_wanted(name: str) -> None:
    stack, below = make(name), text()
    with torch.no_grad():
        output, _ = stack(below, stack.initial_states(ROWS, below))
    assert not output.requires_grad
    assert_close(output, stack(below, stack.initial_states(ROWS, below))[0].detach())


@every
def test_a_state_begins_with_what_attention_asks_with(name: str) -> None:
    cell = make_cell(name, BELOW, HIDDEN, initial=0.5)
    below = torch.randn(ROWS, BELOW)
    signal, state = cell(Signal(below), cell.initial_state(ROWS, below))
    assert state[0].shape == signal.output.shape == (ROWS, HIDDEN)
    if name != "grid":  # whose output goes up, not on
        assert torch.equal(state[0], signal.output)


@every
@pytest.mark.usefixtures("bfloat16")
def test_half_precision_is_near(name: str) -> None:
    """Autocast runs the products in bfloat16; weights and their gradients stay float32."""
    stack, below = make(name).float(), text().float()
    exact, _ = stack(below, stack.initial_states(ROWS, below))
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = stack(below, stack.initial_states(ROWS, below))
        loss = F.mse_loss(output.float(), torch.zeros_like(exact))
    loss.backward()
    torch.testing.assert_close(output.float(), exact, rtol=0.1, atol=0.1)
    for parameter in stack.parameters():
        assert parameter.grad is not None and parameter.grad.dtype == torch.float32
