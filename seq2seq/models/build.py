"""From a recipe's words to a network."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.errors import RecipeError
from seq2seq.models.attentive import Attentive
from seq2seq.models.bahdanau import Bahdanau
from seq2seq.models.gnmt import GNMT
from seq2seq.models.language import (
    LanguageModel,
    RecurrentLanguageModel,
    TransformerLanguageModel,
)
from seq2seq.models.luong import Luong
from seq2seq.models.recurrent import Recurrent
from seq2seq.models.transformer import Transformer
from seq2seq.nn.cells import cell_class

MODELS: dict[str, type[Recurrent] | type[Attentive] | type[Transformer] | type[LanguageModel]] = {
    "recurrent": Recurrent,
    "bahdanau": Bahdanau,
    "luong": Luong,
    "gnmt": GNMT,
    "transformer": Transformer,
    "recurrent_language_model": RecurrentLanguageModel,
    "transformer_language_model": TransformerLanguageModel,
}


def build_model(
    config: ModelConfig, source_order: SourceOrder, source_size: int, target_size: int
) -> nn.Module:
    """Return a freshly initialised model, drawn from torch's global generator.

    Raises:
        RecipeError: `model.cell_options` has a field that the cell does not know, or a wrong value.
    """
    check_cell_options(config)
    return MODELS[config.architecture](config, source_size, target_size, source_order)


def outline(
    config: ModelConfig, source_order: SourceOrder, source_size: int, target_size: int
) -> nn.Module:
    """Return the model on the "meta" device: its names and shapes, without any numbers."""
    with torch.device("meta"), _Undrawn():
        return build_model(config, source_order, source_size, target_size)


def allocate(model: nn.Module) -> None:
    """Give an outline's weights memory on the CPU, without setting them; ties are kept.

    (`Module.to_empty` does so too, by way of sympy: a quarter of a second.)
    """
    weights = {
        id(weight): nn.Parameter(torch.empty(weight.shape, dtype=weight.dtype))
        for weight in model.parameters()
    }
    for module in model.modules():
        for name, weight in list(module.named_parameters(recurse=False, remove_duplicate=False)):
            setattr(module, name, weights[id(weight)])


class _Undrawn(TorchFunctionMode):
    """Leaves out what draws initial weights.

    On the "meta" device there is nothing to draw, yet drawing there imports PyTorch's compiler,
    which takes 1.5 s of a command's start.
    """

    DRAWING = (Tensor.normal_, Tensor.uniform_, nn.init.normal_, nn.init.uniform_)

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in self.DRAWING:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


def check_cell_options(config: ModelConfig) -> None:
    """Check `model.cell_options` against the cell's own small schema."""
    schema = cell_class(config.cell).Options
    try:
        schema.model_validate(config.cell_options)
    except ValidationError as error:
        first: Any = error.errors()[0]
        known = ", ".join(schema.model_fields) or "none"
        unknown = first["type"] == "extra_forbidden"
        said = "no such option" if unknown else first["msg"]
        raise RecipeError(
            f"model.cell_options.{'.'.join(map(str, first['loc']))}: {said}",
            f"the {config.cell} cell knows: {known}",
        ) from error


def parameters_by_part(model: nn.Module) -> dict[str, int]:
    """Return the number of weights of each top-level part.

    A shared weight is counted once, where it first stands.
    """
    counts: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        part = name.partition(".")[0]
        counts[part] = counts.get(part, 0) + parameter.numel()
    return counts
