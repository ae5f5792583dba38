"""A recurrent matrix over time: one product a step, and its gradient as one product in the end.

Left to autograd, each step would compute a gradient as large as the matrix and add it up. Here each
step only leaves what it read and what came back; the last to be reached puts all of it together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from seq2seq.nn.mixed import product_type

LARGE = 1 << 18  # weights, from which on keeping gradients apart pays (docs/log.md)


def recurrent_product(weight: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the function x ([B, H]) to x U^T for as many steps as there are, with U ([G, H])."""
    if weight.numel() < LARGE:
        return partial(F.linear, weight=weight)
    return RecurrentProduct(weight)


class _Kept:
    """A weight in the type of the products, and what the steps left."""

    def __init__(self, weight: Tensor) -> None:
        self.kind = product_type(weight)
        self.weight = weight.detach().to(self.kind)
        self.inputs: list[Tensor] = []
        self.slopes: list[Tensor] = []


class _Together(torch.autograd.Function):
    """Returns a token that every step depends on, so that this backward pass comes after theirs."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, kept: _Kept) -> Tensor:
        ctx.kept, ctx.kind = kept, weight.dtype
        return weight.new_zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor, None]:
        kept: _Kept = ctx.kept
        grad = torch.cat(kept.slopes).t() @ torch.cat(kept.inputs)
        kept.inputs.clear()
        kept.slopes.clear()
        return grad.to(ctx.kind), None


class _Step(torch.autograd.Function):
    """One product, which leaves what its weight's gradient needs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, token: Tensor, kept: _Kept) -> Tensor:
        ctx.kept, ctx.kind, ctx.token = kept, x.dtype, token.dtype
        narrow = x.to(kept.kind)
        ctx.save_for_backward(narrow)
        return F.linear(narrow, kept.weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor, None]:
        (narrow,) = ctx.saved_tensors
        kept: _Kept = ctx.kept
        slope = slope.to(kept.kind)
        kept.inputs.append(narrow)
        kept.slopes.append(slope)
        return (slope @ kept.weight).to(ctx.kind), slope.new_zeros((), dtype=ctx.token), None


class RecurrentProduct:
    """The function x ([B, H]) to x U^T, whose gradient by U ([G, H]) is one product."""

    def __init__(self, weight: Tensor) -> None:
        self.kept = _Kept(weight)
        wanted = weight.requires_grad and torch.is_grad_enabled()
        together: Callable[..., Tensor] = _Together.apply
        self.token = together(weight, self.kept) if wanted else None

    def __call__(self, x: Tensor) -> Tensor:
        """Return x U^T, [B, G]."""
        if self.token is None:
            return F.linear(x, self.kept.weight)
        step: Callable[..., Tensor] = _Step.apply
        return step(x, self.token, self.kept)
