"""What a training would do: its data, its sizes and its memory, without a step of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seq2seq.config.schema import Recipe
from seq2seq.data.cleaning import DataReport
from seq2seq.data.plan import batch_plan
from seq2seq.data.prepare import Prepared
from seq2seq.data.round_trip import RoundTrip
from seq2seq.models.build import MODELS
from seq2seq.runtime.devices import choose_device
from seq2seq.runtime.memory import available_memory
from seq2seq.training.session import prepare_text
from seq2seq.training.sizes import Sizes, memory_estimate, sizes_of

EXAMPLES = 2


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
    round_trip: RoundTrip
    sizes: Sizes
    memory: int  # bytes, an estimate
    available: int | None  # bytes, where it is known
    steps_per_epoch: int
    data_hash: str
    examples: list[EncodedExample]


def dry_run(
    recipe: Recipe,
    note: Callable[[str], None],
    *,
    start: Path | None = None,
    resumed: Path | None = None,
    device: str = "cpu",
) -> DryRun:
    """Prepare the data as training would, and look at the result.

    `start` is the run that a new one begins with, `resumed` the one that would go on.
    """
    prepared = prepare_text(recipe, resumed=resumed, start=start, note=note)
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
    available = available_memory(choose_device(device))
    examples = _examples(prepared)
    return DryRun(
        prepared.report,
        prepared.round_trip,
        sizes,
        memory,
        available,
        steps,
        prepared.data_hash,
        examples,
    )


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
