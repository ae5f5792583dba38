"""What the gates of a recurrent encoder do while it reads a sentence, word by word.

The gates are those that a cell says its sigmoids are; beside them stand its hidden state and its
memory. A unit that forgets by a factor f a step has lost half of what it held after
log(1/2) / log(f) steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from seq2seq.decoding.batching import pad_sources
from seq2seq.errors import DataError, ModelError
from seq2seq.models.bundle import load_bundle
from seq2seq.models.recurrent import Recurrent
from seq2seq.nn.cells.cell import Cell, Signal
from seq2seq.nn.order import reverse_source

KEEPING = {"forget": False, "update": False, "transform": True}  # True: 1 means all is replaced


@dataclass(frozen=True)
class Read:
    """One layer over one sentence: pieces in the order of reading, and what each unit did."""

    layer: int
    pieces: list[str]
    values: dict[str, Tensor]  # of a gate, "hidden" or "memory": [T, H]

    def half_lives(self) -> dict[str, list[float]]:
        """Return in how many steps each unit ([H]) forgets half, by gate."""
        found = {}
        for name, values in self.values.items():
            turned = KEEPING.get(name.split()[0])
            if turned is None or name.startswith("depth"):
                continue
            kept = (1.0 - values if turned else values).double().clamp(1e-9, 1.0 - 1e-9)
            factors = kept.log().mean(0).exp()  # [H], geometric means over time
            found[name] = (math.log(0.5) / factors.log()).tolist()
        return found


def read_gates(run: Path, sentence: str) -> list[Read]:
    """Let the encoder of a run read a sentence; return what each layer did.

    Raises:
        ModelError: the run is missing or damaged, or no recurrent encoder-decoder.
        DataError: the sentence is empty.
    """
    bundle = load_bundle(run)
    model: Any = bundle.model
    if not isinstance(model, Recurrent):
        raise ModelError(
            f"{run} is a {bundle.recipe.model.architecture} model: gates are shown of the "
            "architecture recurrent alone",
            "give such a run",
        )
    (pieces,) = bundle.source.encode([sentence])
    if not pieces:
        raise DataError("there is nothing to read", "give a sentence with --sentence")
    source, lengths = pad_sources([pieces], "cpu")
    if model.source_order == "reverse":
        source = reverse_source(source, lengths)
    with torch.inference_mode():
        return _layers(model, source, bundle.source.pieces(source[0].tolist()))


def _layers(model: Recurrent, source: Tensor, pieces: list[str]) -> list[Read]:
    """Step through the encoder ([1, T]) with an ear on every cell."""
    embedded = model.source_embedding(source.t())  # [T, 1, E]
    signals = [Signal(now) for now in embedded.unbind(0)]
    result = []
    stack = zip(model.encoder.layers, model.encoder.around, strict=True)
    for number, (layer, around) in enumerate(stack, start=1):
        assert isinstance(layer, Cell)
        state = layer.initial_state(1, embedded)
        heard: dict[str, list[Tensor]] = {}
        above = []
        for below in signals:
            with _Ear() as ear:
                after, state = layer(below, state)
            for name, gate in zip(layer.gates, ear.gates(layer.gates), strict=True):
                heard.setdefault(name, []).append(gate)
            for name, part in zip(state._fields, state, strict=True):
                if part.is_floating_point():
                    heard.setdefault(name, []).append(part)
            above.append(after._replace(output=around(below.output, after.output)))
        signals = above
        values = {name: torch.cat(parts) for name, parts in heard.items()}
        result.append(Read(number, pieces, values))
    return result


class _Ear(TorchDispatchMode):
    """Hears what sigmoids return."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.heard: list[Tensor] = []

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Let an operation happen, and remember a sigmoid's result."""
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket.__name__ == "sigmoid":
            self.heard.append(result)
        return result

    def gates(self, names: Any) -> list[Tensor]:
        """Return a tensor for each name: one sigmoid may have served several gates at once."""
        every = len(names) // max(len(self.heard), 1)
        return [part for one in self.heard for part in one.chunk(every, dim=-1)]
