"""What a training would do: its data, its sizes and its memory, without a step of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from seq2seq.config.schema import Recipe
from seq2seq.data.cache import cache_folder, trim
from seq2seq.data.cleaning import DataReport
from seq2seq.data.plan import batch_plan
from seq2seq.data.prepare import Prepared, prepare
from seq2seq.models.build import MODELS, build_model, parameters_by_part
from seq2seq.models.bundle import load_bundle_tokenizers
from seq2seq.nn.allocation import CHUNK_LOGITS
from seq2seq.nn.cells.cell import Cell
from seq2seq.training.resuming import prepare_again
from seq2seq.training.session import named_origin

OPTIMIZER_COPIES = {"sgd": 0, "adam": 2, "adamw": 2}  # numbers kept a weight
ACTIVATIONS = {
    "recurrent": 12,
    "bahdanau": 32,
    "luong": 20,
    "gnmt": 20,
    "transformer": 24,
    "recurrent_language_model": 6,
    "transformer_language_model": 12,
}  # numbers kept a piece, layer and unit of width, about
EXAMPLES = 2


@dataclass(frozen=True)
class Sizes:
    """The parameters of a model over given vocabularies, by part; biases also apart."""

    source: int
    target: int
    parts: dict[str, int]
    biases: int
    recurrent: int  # weights of recurrent cells, without biases

    @property
    def all(self) -> int:
        """Return the number of parameters, biases included."""
        return sum(self.parts.values())


@dataclass(frozen=True)
class EncodedExample:
    """A training pair as the model sees it, and decoded back."""

    source: str
    source_pieces: list[str]
    source_again: str
    target: str
    target_pieces: list[str]
    target_again: str


@dataclass(frozen=True)
class DryRun:
    """Everything that `train --dry-run` shows of the data."""

    report: DataReport
    sizes: Sizes
    memory: int  # bytes, an estimate
    steps_per_epoch: int
    data_hash: str
    examples: list[EncodedExample]


def nominal_sizes(recipe: Recipe) -> Sizes:
    """Return the sizes that the recipe names, whatever the data turn out to hold; needs no data."""
    return sizes_of(recipe, *recipe.text.sizes)


def sizes_of(recipe: Recipe, source: int, target: int) -> Sizes:
    """Return the sizes of a model over vocabularies of these sizes; nothing is allocated."""
    with torch.device("meta"):
        model = build_model(recipe.model, recipe.text.source_order, source, target)
    biases = sum(value.numel() for value in model.parameters() if value.ndim == 1)
    cells = [module for module in model.modules() if isinstance(module, Cell)]
    recurrent = sum(
        weight.numel() for cell in cells for weight in cell.parameters() if weight.ndim > 1
    )
    return Sizes(source, target, parameters_by_part(model), biases, recurrent)


def memory_estimate(recipe: Recipe, sizes: Sizes) -> int:
    """Return the bytes that training needs, about.

    They hold weights, gradients, optimiser, the activations of one batch, and a chunk of logits.
    """
    training, model = recipe.training, recipe.model
    copies = 2 + OPTIMIZER_COPIES[training.optimizer] + bool(training.average_decay)
    positions = 2 * training.batch_tokens
    activations = positions * model.hidden * model.layers * ACTIVATIONS[model.architecture]
    projection = 2 * sizes.target * model.hidden
    return 4 * (sizes.all * copies + activations + projection + 3 * CHUNK_LOGITS)


def dry_run(
    recipe: Recipe,
    note: Callable[[str], None],
    start: Path | None = None,
    resumed: Path | None = None,
) -> DryRun:
    """Prepare the data as training would, and look at the result.

    `start` is the run that a new one begins with, `resumed` the one that would go on.
    """
    began = time.time()
    origin = resumed or start or named_origin(recipe)
    tokenizers = None if origin is None else load_bundle_tokenizers(origin)
    if resumed is not None and tokenizers is not None:
        prepared = prepare_again(resumed, recipe, tokenizers, note)
    else:
        prepared = prepare(recipe, cache_folder(), tokenizers, note=note)
    note(trim(cache_folder(), began))
    sizes = sizes_of(recipe, prepared.source.size, prepared.target.size)
    corpus = prepared.epoch(recipe.seed, 0)
    plan = batch_plan(
        corpus.source_lengths,
        corpus.target_lengths,
        seed=recipe.seed,
        epoch=0,
        batch_tokens=recipe.training.batch_tokens,
        batch_sentences=recipe.training.batch_sentences,
        one_length=MODELS[recipe.model.architecture].one_length_batches,
    )
    steps = -(-len(plan) // recipe.training.accumulate)
    memory = memory_estimate(recipe, sizes)
    examples = _examples(prepared)
    return DryRun(prepared.report, sizes, memory, steps, prepared.data_hash, examples)


def _examples(prepared: Prepared) -> list[EncodedExample]:
    """Return the first validation pairs, encoded and decoded."""
    result = []
    pairs = zip(prepared.valid_sources, prepared.valid_references, strict=True)
    for source, target in list(pairs)[:EXAMPLES]:
        source_ids, target_ids = (
            prepared.source.encode([source])[0],
            prepared.target.encode([target])[0],
        )
        result.append(
            EncodedExample(
                source,
                prepared.source.pieces(source_ids),
                prepared.source.decode([source_ids])[0],
                target,
                prepared.target.pieces(target_ids),
                prepared.target.decode([target_ids])[0],
            )
        )
    return result
