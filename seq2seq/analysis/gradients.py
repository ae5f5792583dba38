"""How far back a loss is heard: gradients by their distance from it, in time, depth or words.

Of a cell as it starts, the loss is a random direction of the last step's hidden state, and inputs
are random numbers: what is measured is the recurrence alone. Of a run, trained or as it started,
it is the loss of real translations, by the words of the source. A norm is the root of the mean
square over examples; all is computed in double precision, where nothing vanishes too early.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from seq2seq.analysis.runs import load_reader
from seq2seq.config.cells import known_cell
from seq2seq.config.loading import assigned
from seq2seq.config.schema import ModelConfig
from seq2seq.decoding.batching import pad_sources
from seq2seq.errors import DataError, RecipeError
from seq2seq.models.build import build_model, check_cell_options
from seq2seq.models.bundle import Bundle
from seq2seq.nn.cells import make_cell
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.stack import RecurrentStack
from seq2seq.text.lines import decode_line, read_parallel
from seq2seq.text.tokenizer import BOS, EOS, PAD

Over: TypeAlias = Literal["steps", "layers", "words"]

EXAMPLES = 32
THROUGH_LAYERS = 8  # steps of time, when gradients are followed through layers
USUAL = (
    "rnn",
    "rnn:recurrent_initial=orthogonal",
    "lstm:forget_bias=0",
    "lstm:forget_bias=1",
    "lstm:forget_bias=3",
    "gru",
)

DEEP = "lstm:forget_bias=1"  # what is stacked, where no cell is named


@dataclass(frozen=True)
class Flow:
    """Norms of gradients by distance, of each thing that they are taken by."""

    name: str
    over: Over
    norms: dict[str, list[float]]  # "state", "input", ...: at distance 0, 1, 2, ...

    def slope(self, part: str) -> float:
        """Return the factor by which norms change with each step, by least squares of their logs.

        The first two distances, where a gradient is still fresh from the loss, are left out.
        """
        logs = [(place, math.log(norm)) for place, norm in enumerate(self.norms[part]) if norm > 0]
        known = logs[2:] if len(logs) > 3 else logs
        if len(known) < 2:
            return 0.0
        places, values = np.array(known).T
        return float(np.exp(np.polyfit(places, values, 1)[0]))

    def half_life(self, part: str) -> float:
        """Return the distance over which norms halve; infinite where they do not shrink."""
        factor = self.slope(part)
        return math.inf if factor >= 1.0 else 0.0 if factor == 0 else math.log(0.5, factor)


def cell_settings(specification: str) -> tuple[str, dict[str, Any]]:
    """Read `lstm:forget_bias=1,...`: a cell and its options.

    Raises:
        RecipeError: there is no such cell, or it has no such option.
    """
    name, _, options = specification.partition(":")
    try:
        known_cell(name)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    parts = [part for part in options.split(",") if part]
    if not all("=" in part for part in parts):
        raise RecipeError(
            f"--cell {specification}: expected CELL:OPTION=VALUE", "such as lstm:forget_bias=1"
        )
    assignments = [f"model.cell_options.{part}" for part in parts]
    values, _ = assigned({"model": {}}, assignments)
    config = ModelConfig(cell=name, cell_options=values["model"].get("cell_options", {}))
    check_cell_options(config)
    return name, config.cell_options


def of_cells(
    cells: Sequence[str], deep: str, steps: int, layers: int, width: int, seed: int
) -> list[Flow]:
    """Follow cells through time, and `deep` through layers (if any), plain and residual.

    Raises:
        RecipeError: there is no such cell, or it has no such option.
    """
    flows = [through_time(each, steps, width, seed) for each in cells]
    if layers and cells:
        flows += [
            through_layers(deep, layers, width, seed, residual=residual)
            for residual in (False, True)
        ]
    return flows


def through_time(specification: str, steps: int, width: int, seed: int) -> Flow:
    """Follow the gradient of a cell's last hidden state back through `steps` steps."""
    cell, options = cell_settings(specification)
    torch.manual_seed(seed)
    layer: Any = make_cell(cell, width, width, initial=width**-0.5, **options).double()
    inputs = _noise(steps, width)
    state = layer.initial_state(EXAMPLES, inputs)
    states = []
    for now in inputs.unbind(0):
        state = type(state)(*map(_watched, state))
        states.append(state)
        _, state = layer(Signal(now), state)
    (state[0] * torch.randn_like(state[0])).sum().backward()
    parts = {
        name: [_norm([getattr(one, name)]) for one in reversed(states)]
        for name, part in zip(state._fields, state, strict=True)
        if part.is_floating_point()
    }
    whole = [_norm(one) for one in reversed(states)]
    inner = {} if len(parts) == 1 else parts
    assert inputs.grad is not None
    by_input = [_length([one]) for one in inputs.grad.flip(0)]
    return Flow(specification, "steps", {"state": whole, **inner, "input": by_input})


def through_layers(
    specification: str, layers: int, width: int, seed: int, *, residual: bool
) -> Flow:
    """Follow the gradient of the top of a deep stack down to its lowest layer."""
    cell, options = cell_settings(specification)
    torch.manual_seed(seed)
    stack = RecurrentStack(
        cell,
        layers,
        width,
        width,
        dropout=0.0,
        initial=width**-0.5,
        connection="residual" if residual else "none",
        **options,
    ).double()
    seen: list[Tensor] = []
    signal = _noise(THROUGH_LAYERS, width)
    handles = [
        layer.register_forward_pre_hook(lambda _, given: seen.append(_kept(given[0].output)))
        for layer in stack.layers
    ]
    state = stack.initial_states(EXAMPLES, signal)
    outputs = []
    for now in signal.unbind(0):
        output, state = stack.step(now, state)
        outputs.append(output)
    for handle in handles:
        handle.remove()
    top = torch.stack(outputs)
    (top * torch.randn_like(top)).sum().backward()
    by_layer = [seen[number::layers] for number in range(layers)]  # what each layer read
    norms = [_norm(each) for each in reversed(by_layer)]
    return Flow(f"{specification}{', residual' if residual else ', plain'}", "layers",
                {"input": norms})  # fmt: skip


def read_pairs(source: Path, target: Path) -> list[tuple[str, str]]:
    """Return the sentences of two files with as many lines.

    Raises:
        DataError: a file is missing or damaged, or the numbers of lines differ.
    """
    rows = [[decode_line(line)[0] for line in row] for row in read_parallel([source, target])]
    return [(one, other) for one, other in rows]


def by_word(
    name: str, run: Path, pairs: Sequence[tuple[str, str]], *, trained: bool = True
) -> list[Flow]:
    """Follow the loss of a run's translations back to the source words.

    A flow tells it of the whole loss, another of the loss of the first word that is written, both
    by how many words of the source stand before the one in question: 0 is the first.

    Raises:
        ModelError: the run is missing or damaged, or a language model.
        DataError: there is no pair to look at.
    """
    bundle = load_reader(run)
    model: Any = bundle.model if trained else _as_it_started(bundle)
    model = model.double().requires_grad_(True).eval()
    sums: dict[str, dict[int, list[float]]] = {"whole loss": {}, "first word": {}}
    for source, target in pairs:
        pieces = bundle.source.encode([source])[0], bundle.target.encode([target])[0]
        if not all(pieces):
            continue
        for kind, norms in _of_sentence(model, *pieces).items():
            for place, norm in enumerate(norms):
                sums[kind].setdefault(place, []).append(norm)
    if not any(sums.values()):
        raise DataError("there is no sentence to look at", "give some with --source and --target")
    shown = name if trained else f"{name}, untrained"
    whole, first = (
        {"input": [float(np.sqrt(np.mean(np.square(values)))) for values in own.values()]}
        for own in sums.values()
    )
    return [Flow(shown, "words", whole), Flow(f"{shown}, first word", "words", first)]


def _of_sentence(model: Any, source: list[int], target: list[int]) -> dict[str, list[float]]:
    """Return |dLoss/dx| of each source piece in reading order, for both losses."""
    result = {}
    for kind, wanted in (("whole loss", [*target, EOS]), ("first word", target[:1])):
        read: list[Tensor] = []
        handle = model.source_embedding.register_forward_hook(
            lambda _, given, output, to=read: to.append((given[0], _kept(output)))
        )
        tokens, lengths = pad_sources([source], "cpu")
        hidden = model(tokens, lengths, torch.tensor([[BOS, *wanted[:-1]]]))
        handle.remove()
        logits = model.project(hidden)[0]
        torch.nn.functional.cross_entropy(logits, torch.tensor(wanted), reduction="sum").backward()
        given, vectors = read[0]
        assert vectors.grad is not None
        norms = vectors.grad.flatten(0, 1).norm(dim=-1).tolist()
        order = given.flatten().tolist()  # as the model read it
        norms = [norm for norm, piece in zip(norms, order, strict=True) if piece not in (EOS, PAD)]
        turned = [piece for piece in order if piece not in (EOS, PAD)] != source
        result[kind] = norms[::-1] if turned else norms
        model.zero_grad()
    return result


def _as_it_started(bundle: Bundle) -> Any:
    """Return the model of a run with the weights that it began with."""
    recipe = bundle.recipe
    torch.manual_seed(recipe.seed)
    return build_model(
        recipe.model, recipe.text.source_order, bundle.source.size, bundle.target.size
    )


def _noise(steps: int, width: int) -> Tensor:
    return torch.randn(steps, EXAMPLES, width, dtype=torch.float64).requires_grad_()


def _watched(part: Tensor) -> Tensor:
    """Return a part of a state of which the gradient is kept."""
    if not part.is_floating_point():
        return part
    return _kept(part if part.requires_grad else part.requires_grad_())


def _kept(tensor: Tensor) -> Tensor:
    if tensor.requires_grad and not tensor.is_leaf:
        tensor.retain_grad()
    return tensor


def _norm(tensors: Sequence[Tensor]) -> float:
    """Return the root of the mean over examples of the squared gradient by `tensors`."""
    return _length([one.grad for one in tensors if one.grad is not None])


def _length(gradients: Sequence[Tensor]) -> float:
    return math.sqrt(sum(float(one.square().sum()) for one in gradients) / EXAMPLES)
