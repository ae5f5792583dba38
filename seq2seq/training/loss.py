"""Projection and cross-entropy in one: the logits of a batch are never held whole.

The gradient is computed beside the loss, chunk by chunk, since the softmax is at hand then. With
label smoothing e over V words (Szegedy et al. 2016) a position's loss is
(1 - e) * -log p(label) + e * mean over the vocabulary of -log p.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seq2seq.runtime.allocation import CHUNK_LOGITS


class Loss(NamedTuple):
    """Sums over the positions of a batch, in nats."""

    total: Tensor  # what is minimised, label smoothing included
    negative_log_likelihood: Tensor  # what perplexity is made of


class _ProjectedCrossEntropy(torch.autograd.Function):
    """Smoothed cross-entropies of hidden states [P, N, H] against labels [N], a mean over P."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        labels: Tensor,
        smoothing: float,
        consistency: float,
    ) -> tuple[Tensor, Tensor]:
        """Return the smoothed sum and the plain sum; keep the gradients for `backward`."""
        passes, count, _ = hidden.shape
        words = weight.shape[0]
        used = weight.to(hidden.dtype)
        wanted = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        grad_hidden = torch.empty_like(hidden) if wanted else None
        grad_weight = torch.zeros_like(weight) if wanted else None
        grad_bias = torch.zeros_like(weight[:, 0]) if wanted and bias is not None else None
        total, plain, normalisers = hidden.new_zeros(3, dtype=torch.float32).unbind()
        held = CHUNK_LOGITS * 4 // hidden.element_size()
        rows = max(1, held // (words * passes))
        for place in range(0, count, rows):
            h = hidden[:, place : place + rows].flatten(0, 1)  # [P * n, H]
            y = labels[place : place + rows].repeat(passes)
            logits = _logits(h, used, bias)  # [P * n, V]
            chosen = logits.gather(1, y.unsqueeze(1)).float()
            slope = torch.softmax(logits, dim=-1)  # in one go over each row, while it is near
            likely = _logarithms(slope, logits, y.unsqueeze(1))
            plain -= likely.sum()
            normalisers += (chosen - likely).sum()
            pull = None
            if consistency:
                divergence, pull = symmetric_divergence(*logits.float().log_softmax(-1).chunk(2))
                total += consistency * divergence
            if grad_hidden is None or grad_weight is None:
                continue
            # softmax - smoothed target; its constant part, smoothing / V, is taken off below
            slope[torch.arange(len(y), device=y.device), y] += smoothing - 1.0
            if pull is not None:
                slope.add_(pull, alpha=consistency)
            grad_hidden[:, place : place + rows] = torch.mm(slope, used).unflatten(0, (passes, -1))
            grad_weight += torch.mm(slope.t(), h)
            if grad_bias is not None:
                grad_bias += slope.sum(dim=0)
        total += (1.0 - smoothing) * plain
        if smoothing:
            total += smoothing * (normalisers - _mean_logits(hidden, used, bias))
        if smoothing and grad_hidden is not None and grad_weight is not None:
            even = smoothing / words
            grad_hidden -= even * used.sum(dim=0)
            grad_weight -= even * hidden.sum(dim=(0, 1))
            if grad_bias is not None:
                grad_bias -= even * passes * count
        if wanted:
            ctx.save_for_backward(grad_hidden, grad_weight, grad_bias)
        ctx.passes = passes
        ctx.mark_non_differentiable(plain.div_(passes))
        return total.div_(passes), plain

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Scale the gradients that `forward` left."""
        scale = scale / ctx.passes
        grad_hidden, grad_weight, grad_bias = ctx.saved_tensors
        scaled_bias = None if grad_bias is None else grad_bias * scale
        return (
            grad_hidden * scale.to(grad_hidden.dtype),
            grad_weight * scale,
            scaled_bias,
            None,
            None,
            None,
        )


def _logits(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return logits in the type of `hidden`."""
    if bias is None:
        return torch.mm(hidden, weight.t())
    return torch.addmm(bias.to(hidden.dtype), hidden, weight.t())


def _logarithms(softmax: Tensor, logits: Tensor, words: Tensor) -> Tensor:
    """Return the log-probabilities [N, 1] of `words` ([N, 1]) in float32.

    One too small to be told from 0 comes from the logits.
    """
    chosen = softmax.gather(1, words).float()
    lost = (chosen < torch.finfo(torch.float32).tiny).squeeze(1).nonzero().squeeze(1)
    logs = chosen.log()
    if len(lost):
        exact = logits.index_select(0, lost).float().log_softmax(-1)
        logs.index_copy_(0, lost, exact.gather(1, words.index_select(0, lost)))
    return logs


def _mean_logits(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return the sum over positions ([P, N, H]) of their mean logit: products with mean weights."""
    states = hidden.sum(dim=(0, 1), dtype=torch.float32)
    total = torch.dot(states, weight.mean(dim=0, dtype=torch.float32))
    return total if bias is None else total + hidden[..., 0].numel() * bias.mean()


def symmetric_divergence(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return (KL(p, q) + KL(q, p)) / 2, summed over rows, and its slope by the logits of both.

    `first` and `second` are log-probabilities [N, V] of p and q; the slope is [2 * N, V].
    """
    p, q = first.exp(), second.exp()
    difference = first - second
    forth = (p * difference).sum(dim=1, keepdim=True)
    back = -(q * difference).sum(dim=1, keepdim=True)
    slope = torch.cat([p * (difference - forth) + p - q, q - p - q * (difference + back)])
    return 0.5 * (forth + back).sum(), slope.mul_(0.5)


def projected_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    labels: Tensor,
    smoothing: float = 0.0,
    consistency: float = 0.0,
) -> Loss:
    """Return the summed loss of projected hidden states against labels.

    The states `hidden` are [N, H], they are projected by `weight` [V, H], and `labels` are [N]. The
    products run in the type of `hidden`, everything else in float32. With `consistency`, `hidden`
    is [2, N, H], of two passes with different dropout, and the loss is the mean of both plus half
    of `consistency` times their symmetric divergence: half of R-Drop's (Liang et al. 2021).
    """
    apply: Callable[..., tuple[Tensor, Tensor]] = _ProjectedCrossEntropy.apply
    states = hidden if hidden.dim() == 3 else hidden.unsqueeze(0)
    with torch.autocast(hidden.device.type, enabled=False):
        return Loss(*apply(states, weight, bias, labels, smoothing, consistency))
