"""Cells against torch.nn, and against the parent that they reduce to, exactly."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.nn.cells import make_cell
from seq2seq.nn.cells.cell import Cell, Signal
from seq2seq.nn.stack import RecurrentStack
from seq2seq.nn.unroll import unroll

TIME, ROWS, BELOW, HIDDEN = 8, 3, 5, 6


def make(name: str, **options: Any) -> Any:
    torch.manual_seed(1)
    cell = make_cell(name, BELOW, HIDDEN, initial=0.5, **options).double()
    with torch.no_grad():
        cell.bias.add_(torch.randn_like(cell.bias))  # type: ignore[union-attr, operator, arg-type]
    return cell


def text() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(TIME, ROWS, BELOW, dtype=torch.float64)


def run(cell: Cell, below: Tensor) -> Tensor:
    return unroll(cell, Signal(below), cell.initial_state(ROWS, below))[0].output


def assert_same(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def give(theirs: Any, ours: Any) -> None:
    """Give torch's layer our weights."""
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.input_weight)
        theirs.weight_hh_l0.copy_(ours.recurrent_weight)
        theirs.bias_ih_l0.copy_(ours.bias)
        theirs.bias_hh_l0.zero_()


def gradients_agree(ours: Any, theirs: Any, below: Tensor) -> None:
    run(ours, below).square().sum().backward()
    theirs(below)[0].square().sum().backward()
    assert_same(ours.input_weight.grad, theirs.weight_ih_l0.grad)
    assert_same(ours.recurrent_weight.grad, theirs.weight_hh_l0.grad)
    assert_same(ours.bias.grad, theirs.bias_ih_l0.grad)


def test_rnn_is_torchs() -> None:
    ours, theirs, below = make("rnn"), nn.RNN(BELOW, HIDDEN).double(), text()
    give(theirs, ours)
    assert_same(run(ours, below), theirs(below)[0])
    gradients_agree(ours, theirs, below)


def test_gru_is_torchs() -> None:
    ours, theirs, below = make("gru"), nn.GRU(BELOW, HIDDEN).double(), text()
    give(theirs, ours)
    with torch.no_grad():
        ours.reset_bias.copy_(torch.randn(HIDDEN))
        theirs.bias_hh_l0[2 * HIDDEN :] = ours.reset_bias
    assert_same(run(ours, below), theirs(below)[0])
    gradients_agree(ours, theirs, below)


def test_gru_that_resets_before_is_the_papers() -> None:
    """Cho et al. 2014, written out."""
    cell, below = make("gru_reset_before"), text()
    W_r, W_z, W_n = cell.input_weight.chunk(3)  # noqa: N806
    U_r, U_z, U_n = cell.recurrent_weight.chunk(3)  # noqa: N806
    b_r, b_z, b_n = cell.bias.chunk(3)
    h, expected = torch.zeros(ROWS, HIDDEN, dtype=torch.float64), []
    for x in below:
        r = torch.sigmoid(x @ W_r.t() + h @ U_r.t() + b_r)
        z = torch.sigmoid(x @ W_z.t() + h @ U_z.t() + b_z)
        n = torch.tanh(x @ W_n.t() + (r * h) @ U_n.t() + b_n)
        h = (1 - z) * n + z * h
        expected.append(h)
    assert_same(run(cell, below), torch.stack(expected))


def test_without_a_reset_both_conventions_are_one() -> None:
    after, before, below = make("gru"), make("gru_reset_before"), text()
    with torch.no_grad():
        for cell in (after, before):
            cell.bias[:HIDDEN] = 1e4  # r = 1
    before.load_state_dict(after.state_dict(), strict=False)
    assert_same(run(after, below), run(before, below))


def lstm_of(cell: Any) -> Any:
    lstm = make("lstm")
    lstm.load_state_dict(
        {name: cell.state_dict()[name] for name in ("input_weight", "recurrent_weight", "bias")}
    )
    return lstm


def test_peephole_with_shut_eyes_is_the_lstm() -> None:
    cell, below = make("peephole"), text()
    assert_same(run(cell, below), run(lstm_of(cell), below))


def test_peepholes_look_where_they_should() -> None:
    """Graves 2013, written out: i and f see the old cell, o the new one."""
    cell, below = make("peephole"), text()
    with torch.no_grad():
        cell.peep.copy_(torch.randn(3, HIDDEN))
    h = c = torch.zeros(ROWS, HIDDEN, dtype=torch.float64)
    expected = []
    for x in below:
        i, f, g, o = F.linear(x, cell.input_weight, cell.bias).chunk(4, -1)
        ui, uf, ug, uo = F.linear(h, cell.recurrent_weight).chunk(4, -1)
        new = torch.sigmoid(f + uf + cell.peep[1] * c) * c
        c = new + torch.sigmoid(i + ui + cell.peep[0] * c) * torch.tanh(g + ug)
        h = torch.sigmoid(o + uo + cell.peep[2] * c) * torch.tanh(c)
        expected.append(h)
    assert_same(run(cell, below), torch.stack(expected))


def test_coupled_is_an_lstm_whose_input_gate_is_what_is_forgotten() -> None:
    """1 - sigmoid(f) = sigmoid(-f)."""
    cell, below = make("coupled"), text()
    lstm = make("lstm")
    with torch.no_grad():
        for name in ("input_weight", "recurrent_weight", "bias"):
            f, g, o = getattr(cell, name).chunk(3)
            getattr(lstm, name).copy_(torch.cat([-f, f, g, o]))
    assert_same(run(cell, below), run(lstm, below))


def stacks(name: str, parent: str, **options: Any) -> tuple[RecurrentStack, RecurrentStack]:
    torch.manual_seed(5)
    one = RecurrentStack(name, 3, BELOW, HIDDEN, dropout=0.0, initial=0.5, **options).double()
    other = RecurrentStack(parent, 3, BELOW, HIDDEN, dropout=0.0, initial=0.5).double()
    other.load_state_dict(
        {key: value for key, value in one.state_dict().items() if key in other.state_dict()}
    )
    return one, other


def through(stack: RecurrentStack, below: Tensor) -> Tensor:
    return stack(below, stack.initial_states(ROWS, below))[0]


def test_depth_gated_with_its_gate_shut_is_the_lstm() -> None:
    gated, plain = stacks("depth_gated", "lstm", depth_bias=-1e4)
    assert_same(through(gated, text()), through(plain, text()))
    gated, plain = stacks("depth_gated", "lstm")  # half open
    assert not torch.allclose(through(gated, text()), through(plain, text()), atol=1e-3)


def test_clockwork_of_one_module_is_the_plain_net() -> None:
    one, other = stacks("clockwork", "rnn", periods=[1])
    assert_same(through(one, text()), through(other, text()))


def test_clockwork_modules_tick() -> None:
    cell, below = make("clockwork", periods=[3, 1]), text()  # in any order
    hidden = run(cell, below)  # [T, B, H]
    fast, slow = hidden.chunk(2, dim=-1)
    for time in range(1, TIME):
        assert torch.equal(slow[time], slow[time - 1]) == bool(time % 3)
        assert not torch.equal(fast[time], fast[time - 1])
    with torch.no_grad():  # the fast module's weights into the slow one are not used
        cell.recurrent_weight[HIDDEN // 2 :, : HIDDEN // 2] = 9.0
    assert_same(run(cell, below), hidden)


def test_grid_without_depth_is_the_lstm() -> None:
    cell, below, lstm = make("grid"), text(), make("lstm")
    with torch.no_grad():
        lstm.input_weight.copy_(cell.input_weight[: 4 * HIDDEN])
        lstm.bias.copy_(cell.bias[: 4 * HIDDEN])
        lstm.recurrent_weight.copy_(cell.time_weight)
    state, expected = cell.initial_state(ROWS, below), run(lstm, below)
    for x, wanted in zip(below, expected, strict=True):
        _, state = cell(Signal(x), state)
        assert_same(state.hidden, wanted)


def test_grid_of_one_step_is_an_lstm_along_depth() -> None:
    """At the first step nothing came through time but its own gates' outcome."""
    stack, _ = stacks("grid", "grid")
    with torch.no_grad():
        for layer in stack.layers:
            layer.depth_weight.zero_()  # type: ignore[union-attr, operator]
    x = below = text()[:1]
    found = through(stack, below)[0]
    memory = F.linear(x[0], stack.layers[0].lift)  # type: ignore[arg-type]
    h = x[0]
    for layer in stack.layers:
        gates = F.linear(h, layer.input_weight, layer.bias)[:, 4 * HIDDEN :]  # type: ignore[arg-type]
        i, f, g, o = gates.chunk(4, -1)
        memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(memory)
    assert_same(found, h)


def test_a_highway_of_depth_one_is_a_coupled_plain_net() -> None:
    cell, below = make("recurrent_highway", recurrence_depth=1), text()
    h, expected = torch.zeros(ROWS, HIDDEN, dtype=torch.float64), []
    for x in below:
        sums = F.linear(x, cell.input_weight, cell.bias[0]) + F.linear(h, cell.recurrent_weight[0])
        new, t = torch.tanh(sums[:, :HIDDEN]), torch.sigmoid(sums[:, HIDDEN:])
        h = t * new + (1 - t) * h
        expected.append(h)
    assert_same(run(cell, below), torch.stack(expected))


def test_a_highway_that_carries_everything_stands_still() -> None:
    cell, below = make("recurrent_highway", transform_bias=-1e4), text()
    assert_same(run(cell, below), torch.zeros(TIME, ROWS, HIDDEN, dtype=torch.float64))


def test_layer_norm_forgets_scale() -> None:
    """Ten times the weights are the same net."""
    cell, below = make("layer_norm_lstm"), text()
    expected = run(cell, below)
    with torch.no_grad():
        cell.input_weight.mul_(10.0)
        cell.recurrent_weight.mul_(10.0)
    torch.testing.assert_close(run(cell, below), expected, rtol=1e-2, atol=1e-3)  # epsilon


@pytest.mark.parametrize("start", ["orthogonal", "identity"])
def test_plain_nets_may_start_without_forgetting(start: str) -> None:
    cell = make("rnn", recurrent_initial=start)
    values = torch.linalg.svdvals(cell.recurrent_weight.detach())
    torch.testing.assert_close(values, torch.ones_like(values), rtol=1e-6, atol=1e-6)
