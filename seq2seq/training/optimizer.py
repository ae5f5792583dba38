"""The optimisers, and their state by parameter name, so that it can be saved without pickle."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from seq2seq.config.schema import TrainingConfig
from seq2seq.errors import ModelError


def sgd(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    """Return stochastic gradient descent without momentum, as in 2014."""
    return torch.optim.SGD(
        parameters, config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def adam(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    """Return Adam (Kingma and Ba 2015)."""
    betas = (config.betas[0], config.betas[1])
    return torch.optim.Adam(
        parameters, config.learning_rate, betas, 1e-9, weight_decay=config.weight_decay, fused=True
    )


def adamw(parameters: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    """Return Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""
    betas = (config.betas[0], config.betas[1])
    return torch.optim.AdamW(
        parameters, config.learning_rate, betas, 1e-9, weight_decay=config.weight_decay, fused=True
    )


OPTIMIZERS = {"sgd": sgd, "adam": adam, "adamw": adamw}


def build_optimizer(model: nn.Module, config: TrainingConfig) -> Optimizer:
    """Return the recipe's optimiser over all weights of `model`."""
    return OPTIMIZERS[config.optimizer](model.parameters(), config)


def optimizer_tensors(optimizer: Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """Return the optimiser's state as tensors by name.

    A name is `parameter|part`, such as `output.weight|exp_avg`.
    """
    return {
        f"{name}|{part}": value
        for name, parameter in model.named_parameters()
        for part, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def load_optimizer(optimizer: Optimizer, model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Put tensors from `optimizer_tensors` back.

    Raises:
        ModelError: a tensor does not belong to `model`.
    """
    parameters = dict(model.named_parameters())
    for key, value in tensors.items():
        name, _, part = key.rpartition("|")
        if name not in parameters:
            raise ModelError(f"the optimiser state has {key!r}, which this model has not")
        device = parameters[name].device
        optimizer.state[parameters[name]][part] = value.to(device)


def clip_gradients(parameters: Iterable[nn.Parameter], limit: float) -> Tensor:
    """Rescale gradients whose joint L2 norm s exceeds `limit`, by limit / s; return s.

    With `loss_per = "sentence"` this is the rule of Sutskever et al. 2014, section 3.4. If `limit`
    is 0, nothing is rescaled.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    if limit > 0.0:
        torch._foreach_mul_(gradients, torch.clamp(limit / norm, max=1.0))
    return norm
