"""The optimiser's state goes to disk by name, and comes back."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from seq2seq.config.schema import TrainingConfig
from seq2seq.errors import ModelError
from seq2seq.training.optimizer import build_optimizer, load_optimizer, optimizer_tensors


def take_steps(model: nn.Module, optimizer: Any, seeds: range) -> None:
    for seed in seeds:
        torch.manual_seed(seed)
        optimizer.zero_grad()
        model(torch.randn(5, 4)).square().sum().backward()
        optimizer.step()


def fresh(name: Any) -> tuple[nn.Module, Any]:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    config = TrainingConfig(optimizer=name, learning_rate=0.01, weight_decay=0.01)
    return model, build_optimizer(model, config)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_going_on_is_exact(name: str) -> None:
    straight, optimizer = fresh(name)
    take_steps(straight, optimizer, range(6))
    begun, first = fresh(name)
    take_steps(begun, first, range(3))
    resumed, second = fresh(name)
    resumed.load_state_dict(begun.state_dict())
    load_optimizer(second, resumed, optimizer_tensors(first, begun))
    take_steps(resumed, second, range(3, 6))
    for one, other in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_names() -> None:
    model, optimizer = fresh("adam")
    assert optimizer_tensors(optimizer, model) == {}
    take_steps(model, optimizer, range(1))
    names = [name for name, _ in model.named_parameters()]
    parts = ("exp_avg", "exp_avg_sq", "step")
    assert set(optimizer_tensors(optimizer, model)) == {f"{n}|{p}" for n in names for p in parts}


def test_strangers() -> None:
    model, optimizer = fresh("adam")
    with pytest.raises(ModelError, match=r"'9\.weight\|step'"):
        load_optimizer(optimizer, model, {"9.weight|step": torch.zeros(())})


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_one_step_is_the_papers(name: str) -> None:
    model, optimizer = fresh(name)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    take_steps(model, optimizer, range(1))
    for parameter, old in zip(model.parameters(), before, strict=True):
        gradient, decay = parameter.grad, 0.01
        assert gradient is not None
        if name == "sgd":
            expected = old - 0.01 * (gradient + decay * old)
        else:  # the first step of Adam goes by the sign
            slope = gradient + decay * old if name == "adam" else gradient
            expected = old - 0.01 * slope / (slope.abs() + 1e-9)
            expected -= 0.01 * decay * old if name == "adamw" else 0.0
        torch.testing.assert_close(parameter.detach(), expected, rtol=1e-5, atol=1e-6)
