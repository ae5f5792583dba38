"""The matrix products of a training step, and how fast the machine can take each at its best.

No step can be faster than its products: their best times, each measured alone on operands of the
same shape, layout and type, add up to the limit that a throughput is held against.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

REPEATS = 5  # of each product, of which the fastest counts
WARM = 2


class Operand(NamedTuple):
    """What of a tensor matters for the time of a product."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    kind: torch.dtype
    device: torch.device

    @classmethod
    def of(cls, tensor: Tensor) -> Operand:
        """Describe a tensor; one that repeats its rows is described as if it did not."""
        strides = (
            tensor.stride()
            if all(tensor.stride())
            else torch.empty(tensor.shape, device="meta").stride()
        )
        return cls(tuple(tensor.shape), strides, tensor.dtype, tensor.device)

    def make(self) -> Tensor:
        """Return a tensor of this description with random contents."""
        made = torch.empty_strided(self.shape, self.strides, dtype=self.kind, device=self.device)
        return made.normal_()


class Product(NamedTuple):
    """One matrix product [..., M, K] x [..., K, N]."""

    left: Operand
    right: Operand

    @property
    def operations(self) -> int:
        """Return its floating-point operations, an addition and a multiplication apart."""
        count = 2 * self.right.shape[-1]
        for size in self.left.shape:
            count *= size
        return count


class Recorder(TorchDispatchMode):
    """Counts the matrix products that are taken while it is on, backward passes included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.products: Counter[Product] = Counter()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Take note of a product, and let it happen."""
        name = func.overloadpacket.__name__
        if name in PAIRS:
            first = PAIRS[name]
            self._add(args[first], args[first + 1])
        elif name in FUSED:
            for left, right, times in FUSED[name](args):
                self.products[Product(left, right)] += times
        return func(*args, **(kwargs or {}))

    def _add(self, left: Tensor, right: Tensor) -> None:
        self.products[Product(Operand.of(left), Operand.of(right))] += 1


def _layer(below: Tensor, recurrent_weight: Tensor) -> list[tuple[Operand, Operand, int]]:
    """Return the products of a recurrent layer's forward pass over [T, B, E]."""
    steps, batch, width = below.shape
    gates, hidden = recurrent_weight.shape
    rows, state = _rows(below, steps * batch, width), _rows(below, batch, hidden)
    return [
        (rows, _columns(below, width, gates), 1),
        (state, _columns(below, hidden, gates), steps),
    ]


def _layer_backward(below: Tensor, recurrent_weight: Tensor) -> list[tuple[Operand, Operand, int]]:
    """Return those of its backward pass: to the input, to the states, and to both weights."""
    steps, batch, width = below.shape
    gates, hidden = recurrent_weight.shape
    every = steps * batch
    slopes = _columns(below, gates, every)
    return [
        (_rows(below, every, gates), _rows(below, gates, width), 1),
        (_rows(below, batch, gates), _rows(below, gates, hidden), steps),
        (slopes, _rows(below, every, width), 1),
        (slopes, _rows(below, every, hidden), 1),
    ]


def _rows(like: Tensor, first: int, second: int) -> Operand:
    """Describe a matrix that is kept row by row."""
    return Operand((first, second), (second, 1), like.dtype, like.device)


def _columns(like: Tensor, first: int, second: int) -> Operand:
    """Describe a matrix that is kept column by column."""
    return Operand((first, second), (1, first), like.dtype, like.device)


# operation: which of its arguments is the left factor; the right one follows
PAIRS = {"mm": 0, "bmm": 0, "addmm": 1, "baddbmm": 1}
# fused layers: oneDNN's arguments begin with input, W, U, cuDNN's with input, [W, U, ...]
FUSED: dict[str, Callable[[tuple[Any, ...]], list[tuple[Operand, Operand, int]]]] = {
    "mkldnn_rnn_layer": lambda args: _layer(args[0], args[2]),
    "mkldnn_rnn_layer_backward": lambda args: _layer_backward(args[0], args[2]),
    "_cudnn_rnn": lambda args: _layer(args[0], args[1][1]),
    "_cudnn_rnn_backward": lambda args: _layer_backward(args[0], args[1][1]),
}


def best_seconds(products: Counter[Product]) -> float:
    """Return the sum of the products' best times, each measured alone."""
    return sum(times * _best(product) for product, times in products.items())


def operations(products: Counter[Product]) -> int:
    """Return the floating-point operations of all products."""
    return sum(times * product.operations for product, times in products.items())


def _best(product: Product) -> float:
    left, right = product.left.make(), product.right.make()
    take = torch.bmm if left.dim() == 3 else torch.mm
    best = float("inf")
    for number in range(WARM + REPEATS):
        began = time.perf_counter()
        take(left, right)
        if left.device.type == "cuda":
            torch.cuda.synchronize(left.device)
        if number >= WARM:
            best = min(best, time.perf_counter() - began)
    return best
