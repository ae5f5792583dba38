"""Length normalisation: what makes hypotheses of different lengths comparable."""

from __future__ import annotations

from typing import overload

from torch import Tensor


@overload
def normalised(log_probability: float, symbols: int, length_penalty: float) -> float: ...
@overload
def normalised(log_probability: Tensor, symbols: int, length_penalty: float) -> Tensor: ...


def normalised(
    log_probability: float | Tensor, symbols: int, length_penalty: float
) -> float | Tensor:
    """Return log P / symbols ** length_penalty, higher being better.

    `symbols` counts what was generated, the end of sentence included, so it is never zero. A
    penalty of 0 compares plain log-probabilities, as in 2014; 1 compares their mean.
    """
    divisor: float = float(symbols) ** length_penalty
    return log_probability / divisor
