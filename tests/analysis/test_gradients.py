"""How far back a loss is heard, where the answer is known; and from the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq.analysis.gradients import Flow, cell_settings, through_layers, through_time
from seq2seq.errors import RecipeError
from seq2seq.nn.cells import make_cell


def test_a_slope_is_that_of_a_line() -> None:
    flow = Flow("x", "steps", {"state": [3.0 * 0.9**place for place in range(30)]})
    assert flow.slope("state") == pytest.approx(0.9)
    assert flow.half_life("state") == pytest.approx(math.log(0.5) / math.log(0.9))
    still = Flow("x", "steps", {"state": [2.0] * 10})
    assert still.half_life("state") == math.inf
    gone = Flow("x", "steps", {"state": [1.0, 0.0, 0.0, 0.0]})
    assert gone.slope("state") == 0.0


def test_what_vanishes_and_what_does_not() -> None:
    """As the story has it, at initialisation, by the state: orthogonal nets and open gates keep."""
    factor = {
        name: through_time(name, 50, 32, 1).slope("state")
        for name in ("rnn", "rnn:recurrent_initial=orthogonal", "lstm:forget_bias=0",
                     "lstm:forget_bias=1", "lstm:forget_bias=3")
    }  # fmt: skip
    assert factor["rnn"] < 0.7 < factor["rnn:recurrent_initial=orthogonal"]
    assert (
        factor["lstm:forget_bias=0"]
        < factor["lstm:forget_bias=1"]
        < factor["lstm:forget_bias=3"]
        < 1.1
    )


def test_a_gradient_is_torchs_own() -> None:
    """Of a plain net's inputs and states, written out."""
    torch.manual_seed(3)
    net = make_cell("rnn", 16, 16, initial=0.25).double()
    inputs = torch.randn(5, 32, 16, dtype=torch.float64).requires_grad_()
    h, states = torch.zeros(32, 16, dtype=torch.float64).requires_grad_(), []
    for now in inputs:
        states.append(h)
        h = torch.tanh(now @ net.input_weight.t() + h @ net.recurrent_weight.t() + net.bias)
    loss = (h * torch.randn_like(h)).sum()
    by_inputs, *by_states = torch.autograd.grad(loss, [inputs, *states])
    flow = through_time("rnn", 5, 16, 3)
    for name, each in (("input", list(by_inputs)), ("state", by_states)):
        expected = [float(one.square().sum() / 32) ** 0.5 for one in reversed(each)]
        assert flow.norms[name] == pytest.approx(expected)
    assert set(flow.norms) == {"state", "input"}
    assert set(through_time("lstm", 5, 16, 3).norms) == {"state", "hidden", "memory", "input"}
    assert set(through_time("clockwork", 5, 16, 3).norms) == {"state", "input"}


def test_residual_layers_carry_a_gradient_down() -> None:
    plain = through_layers("lstm", 20, 16, 1, residual=False)
    residual = through_layers("lstm", 20, 16, 1, residual=True)
    assert plain.slope("input") < 0.9 < residual.slope("input")
    assert len(plain.norms["input"]) == 20


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("lstn", "did you mean lstm"),
        ("lstm:forget_bais=1", "forget_bais"),
        ("lstm:forget_bias=much", "forget_bias"),
        ("lstm:forget_bias", "expected CELL:OPTION=VALUE"),
        ("rnn:recurrent_initial=odd", "recurrent_initial"),
    ],
)
def test_wrong_cells(given: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        cell_settings(given)


def test_the_command(cli: Callable[..., Any], tmp_path: Path) -> None:
    picture = tmp_path / "flow.png"
    few = ("--cell", "rnn", "--cell", "gru", "--steps", 12, "--layers", 6, "--width", 8)
    done = cli("inspect", "gradients", *few, "--output", picture)
    assert done.code == 0, done.err
    assert "rnn, residual" in done.out and "halves in" in done.out
    assert picture.read_bytes().startswith(b"\x89PNG")
    document = json.loads(cli("inspect", "gradients", *few, "--json").out)
    assert [one["name"] for one in document] == ["rnn", "gru", "rnn, plain", "rnn, residual"]
    assert len(document[0]["gradients"]["state"]["norms"]) == 12


def test_the_command_on_runs(
    cli: Callable[..., Any], tiny_recipe: Callable[..., Any], tmp_path: Path, corpus: Path
) -> None:
    from seq2seq.training.run import train

    for order in ("forward", "reverse"):
        recipe = tiny_recipe("recurrent", text__source_order=order)
        list(train(recipe, tmp_path / order, device="cpu", command=""))
    texts = ("--source", corpus / "test.en", "--target", corpus / "test.de", "--sentences", 5)
    found = cli(
        "inspect", "gradients", tmp_path / "forward", tmp_path / "reverse", *texts, "--json"
    )
    assert found.code == 0, found.err
    document = json.loads(found.out)
    names = [one["name"] for one in document]
    assert names[:4] == [
        "forward, untrained", "forward, untrained, first word", "forward", "forward, first word",
    ]  # fmt: skip
    assert all(one["over"] == "words" for one in document) and len(document) == 8
    # At the start, what was read last is heard best: the end forwards, the beginning reversed.
    forward, reverse = (
        document[names.index(f"{order}, untrained, first word")]["gradients"]["input"]["norms"]
        for order in ("forward", "reverse")
    )
    assert reverse[0] > forward[0]


def test_runs_need_sentences(cli: Callable[..., Any], tiny_run: Path) -> None:
    done = cli("inspect", "gradients", tiny_run)
    assert done.code == 2 and "--source" in done.err


def test_a_picture_is_refused_before_the_work(cli: Callable[..., Any]) -> None:
    done = cli("inspect", "gradients", "--steps", 2000, "--width", 2048, "--output", "flow.txt")
    assert done.code == 2 and ".png" in done.err


def test_double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told to be zero only because float32 has no smaller numbers."""
    assert through_time("rnn", 200, 8, 1).norms["state"][-1] > 0.0
    assert torch.get_default_dtype() == torch.float32
