"""Matrix products of a step: what is counted is what is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from seq2seq.analysis.products import Recorder, best_seconds, operations
from seq2seq.models.build import build_model
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.cells.lstm import LSTM
from seq2seq.nn.unroll import unroll


def counted(work: Callable[[], torch.Tensor]) -> int:
    with Recorder() as recorder:
        work().sum().backward()
    return operations(recorder.products)


def test_a_linear_layer_and_its_gradients() -> None:
    layer, below = nn.Linear(8, 32), torch.randn(5, 8, requires_grad=True)
    assert counted(lambda: layer(below)) == 3 * 2 * 5 * 8 * 32


def test_a_transformer_has_as_many_operations_as_torch_counts(
    tiny_recipe: Callable[..., Any],
) -> None:
    model = build_model(tiny_recipe().model, "forward", 20, 20)
    source, target = torch.randint(4, 20, (3, 7)), torch.randint(4, 20, (3, 6))

    def work() -> torch.Tensor:
        return model(source, torch.full((3,), 7), target)  # type: ignore[no-any-return]

    with FlopCounterMode(display=False) as theirs:
        work().sum().backward()
    assert counted(work) == theirs.get_total_flops() > 0


def test_a_fused_layer_has_the_operations_of_its_steps() -> None:
    torch.manual_seed(1)
    cell = LSTM(8, 16, initial=0.1)
    below = torch.randn(7, 3, 8, requires_grad=True)

    def fused() -> torch.Tensor:
        return unroll(cell, Signal(below), cell.initial_state(3, below))[0].output

    def stepwise() -> torch.Tensor:
        state, outputs = cell.initial_state(3, below), []
        state = type(state)(*(part.requires_grad_() for part in state))
        for now in below.unbind(0):
            signal, state = cell(Signal(now), state)
            outputs.append(signal.output)
        return torch.stack(outputs)

    assert counted(fused) == counted(stepwise) == 3 * 2 * 7 * 3 * 4 * 16 * (8 + 16)


@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_is_timed_on_operands_of_its_layout(transposed: bool) -> None:
    left = torch.randn(64, 32).t() if transposed else torch.randn(32, 64)
    with Recorder() as recorder:
        torch.mm(left, torch.randn(64, 1).expand(64, 16))
    (product,) = recorder.products
    assert product.left.make().stride() == left.stride()
    assert product.right.make().shape == (64, 16)  # of rows that repeat, as if they did not
    assert best_seconds(recorder.products) > 0
