"""Everything a training loop works with, made anew or taken up from a run directory."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from seq2seq.config.schema import Recipe
from seq2seq.data.plan import batch_plan
from seq2seq.data.prepare import Prepared, prepare
from seq2seq.errors import ModelError
from seq2seq.models.build import build_model
from seq2seq.models.bundle import RECIPE, load_bundle_tokenizers, read_document, weight_tensors
from seq2seq.models.weights import pack, unpack
from seq2seq.text.folder import save_tokenizers
from seq2seq.training.checkpoint import newest_checkpoint, prune, save_checkpoint, sweep
from seq2seq.training.directory import (
    CHECKPOINTS,
    differences,
    environment,
    surroundings_changed,
    truncate_log,
    write_document,
)
from seq2seq.training.optimizer import build_optimizer, load_optimizer, optimizer_tensors
from seq2seq.training.precision import has_fast_bfloat16, resolve_precision
from seq2seq.training.randomness import reseed
from seq2seq.training.state import TrainingState

WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"

Note = Callable[[str], None]


@dataclass
class Session:
    """One run in memory."""

    run: Path
    recipe: Recipe
    prepared: Prepared
    model: nn.Module
    optimizer: Optimizer
    state: TrainingState
    precision: str
    command: str

    def plan(self, epoch: int) -> list[Any]:
        """Return the batches of an epoch, as arrays of sentence numbers."""
        training = self.recipe.training
        return batch_plan(
            self.prepared.train.source_lengths,
            self.prepared.train.target_lengths,
            seed=self.recipe.seed,
            epoch=epoch,
            batch_tokens=training.batch_tokens,
            batch_sentences=training.batch_sentences,
            one_length=bool(self.model.one_length_batches),
        )

    def save(self) -> Path:
        """Write a checkpoint of this moment, and let go of the oldest."""
        files = {
            WEIGHTS: pack(weight_tensors(self.model)),
            OPTIMIZER: pack(optimizer_tensors(self.optimizer, self.model)),
            STATE: self.state.to_json(),
        }
        place = save_checkpoint(self.run / CHECKPOINTS, self.state.step, files)
        prune(self.run / CHECKPOINTS, self.recipe.training.keep, self.state.step)
        return place


def cache_folder() -> Path:
    """Return where encoded corpora are kept: SEQ2SEQ_CACHE, or a folder of the user's own."""
    named = os.environ.get("SEQ2SEQ_CACHE") or ""
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "seq2seq"


def open_session(
    recipe: Recipe, run: Path, *, resume: bool, device: str, command: str, note: Note
) -> Session:
    """Prepare data, model and optimiser; with `resume`, from the newest valid checkpoint.

    Raises:
        ModelError: the run cannot be resumed: its recipe or data differ, or it is damaged.
    """
    begun = resume and (run / RECIPE).exists()
    if resume and not begun:
        note(f"{run} has no run to resume yet: starting at step 0")
    tokenizers = load_bundle_tokenizers(run) if begun else None
    prepared = prepare(recipe, cache_folder(), tokenizers, note=note)
    for line in prepared.report.lines():
        note(line)
    place = torch.device(device)
    precision = resolve_precision(recipe.training.precision, place)
    if precision == "bfloat16" and not has_fast_bfloat16(place):
        note(f"this {place.type} has no bfloat16 unit: float32 would be faster")
    surroundings = environment(device, precision)
    if begun:
        _check_same_run(run, recipe, prepared, surroundings, note)
        command = str(read_document(run).get("command", command))  # the one that made it
    else:
        save_tokenizers(run, prepared.source, prepared.target)
        sizes = (prepared.source, prepared.target)
        write_document(run, recipe, sizes, prepared.data_hash, surroundings, command)
    reseed(recipe.seed, "initialisation")
    model = build_model(
        recipe.model, recipe.text.source_order, prepared.source.size, prepared.target.size
    ).to(place)
    optimizer = build_optimizer(model, recipe.training)
    state = TrainingState(ends=recipe.training.ends)
    sweep(run / CHECKPOINTS)
    checkpoint = newest_checkpoint(run / CHECKPOINTS, note) if begun else None
    if begun and checkpoint is None:
        note("no checkpoint was ever saved: starting at step 0")
    if checkpoint is not None:
        state = _take_up(checkpoint, model, optimizer, recipe)
    truncate_log(run, state.step)
    return Session(run, recipe, prepared, model.train(), optimizer, state, precision, command)


def _check_same_run(
    run: Path, recipe: Recipe, prepared: Prepared, surroundings: dict[str, Any], note: Note
) -> None:
    allowed, refused = differences(run, recipe)
    if refused:
        raise ModelError(
            f"{run} was begun with another recipe: {'; '.join(refused)}",
            "resume it as it was, or choose another --run",
        )
    if read_document(run).get("data") != prepared.data_hash:
        raise ModelError(
            f"the training data of {run} has changed since it was begun",
            "put the old data back, or choose another --run",
        )
    if changed := surroundings_changed(run, surroundings):
        note(f"exact resume is not possible: {'; '.join(changed)}")
    if allowed:
        note(f"changed on resume: {'; '.join(allowed)}")
        document = read_document(run)
        tokenizers = (prepared.source, prepared.target)
        first = document.get("environment", surroundings)
        write_document(
            run, recipe, tokenizers, prepared.data_hash, first, document.get("command", "")
        )


def _take_up(
    checkpoint: Path, model: nn.Module, optimizer: Optimizer, recipe: Recipe
) -> TrainingState:
    weights = weight_tensors(model)
    loaded = unpack(checkpoint / WEIGHTS, weights)
    with torch.no_grad():
        for name, parameter in weights.items():
            parameter.copy_(loaded[name])
    load_optimizer(optimizer, model, unpack(checkpoint / OPTIMIZER))
    state = TrainingState.from_json((checkpoint / STATE).read_bytes())
    ends = recipe.training.ends
    if state.ends != ends:  # a longer or shorter run: where it ends is decided anew
        state.ends, state.total_steps, state.finished = ends, 0, ""
    return state
