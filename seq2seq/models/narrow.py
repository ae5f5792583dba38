"""A model for translating with products in bfloat16, where the hardware multiplies that faster."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.nn.packed import ByteLinear, PackedLinear, packed


class Narrow:
    """What a model computes under autocast, as it was trained; its matrices are turned only once.

    It has the stepwise half of `models.contract`; the original stays as it is.
    """

    def __init__(self, model: Any, device: str) -> None:
        assert isinstance(model, nn.Module)
        self.model: Any = _with_narrow_matrices(model)
        self.normalised: bool = model.normalised  # type: ignore[assignment]
        self.device = torch.device(device).type

    @property
    def one_length_batches(self) -> bool:
        """As the model wants it."""
        return bool(self.model.one_length_batches)

    def encode(self, source: Tensor, lengths: Tensor) -> Any:
        """Read [B, S]; return the memory."""
        with self._autocast():
            return self.model.encode(source, lengths)

    def start(self, memory: Any) -> Any:
        """Return the state before the first step."""
        with self._autocast():
            return self.model.start(memory)

    def step(self, tokens: Tensor, state: Any, memory: Any) -> tuple[Tensor, Any]:
        """Feed [B * K]; return logits ([B * K, V]) and the next state."""
        with self._autocast():
            return self.model.step(tokens, state, memory)  # type: ignore[no-any-return]

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor | None:
        """Return weights ([B, T, S]), or None without attention."""
        with self._autocast():
            weights: Tensor | None = self.model.align(source, lengths, target)
        return None if weights is None else weights.float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, cache_enabled=False)


def _with_narrow_matrices(model: nn.Module) -> nn.Module:
    """Return a copy whose matrices are bfloat16, or bytes in packed layers that are wide.

    What is no matrix of a product (word vectors, biases, norms) is shared with the original.
    """
    result = copy.deepcopy(model, {id(weight): weight for weight in model.parameters()})
    for module in list(result.modules()):
        for name, layer in list(module.named_children()):
            setattr(module, name, packed(layer))
    for module in result.modules():
        if isinstance(module, nn.Embedding | PackedLinear | ByteLinear):
            continue
        for name, weight in list(module.named_parameters(recurse=False)):
            if weight.dim() > 1:
                narrow = weight.detach().to(torch.bfloat16)
                setattr(module, name, nn.Parameter(narrow, requires_grad=False))
    return result
