"""What search needs of a model: the stepwise half of `seq2seq.models.contract`."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor


class StepwiseModel(Protocol):
    """A model that reads a source once and takes the target token by token; or an ensemble."""

    normalised: bool  # True: a step returns scores to add up, not logits

    @property
    def one_length_batches(self) -> bool:
        """True where batches should hold a single source length."""
        ...

    def encode(self, source: Tensor, lengths: Tensor) -> Any:
        """Read `source` ([B, S]) of `lengths` ([B]); return the memory."""
        ...

    def start(self, memory: Any) -> Any:
        """Return the state before the first target token, B rows."""
        ...

    def step(self, tokens: Tensor, state: Any, memory: Any) -> tuple[Tensor, Any]:
        """Feed `tokens` ([B * K]); return logits ([B * K, V]) with the next state."""
        ...

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor | None:
        """Return attention weights ([B, T, S]) of `target` ([B, T]); None without attention."""
        ...
