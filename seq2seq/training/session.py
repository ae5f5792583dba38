"""Everything a training loop works with, made anew or taken up from a run directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from seq2seq.config.schema import Recipe
from seq2seq.data.batches import Batch
from seq2seq.data.cache import cache_folder, trim
from seq2seq.data.encoded import EncodedCorpus
from seq2seq.data.plan import batch_plan
from seq2seq.data.prepare import Prepared, prepare
from seq2seq.data.subwords import SampledCorpus
from seq2seq.files import read_plain
from seq2seq.models.build import build_model
from seq2seq.models.bundle import (
    RECIPE,
    load_bundle_tokenizers,
    read_document,
    weight_tensors,
)
from seq2seq.models.weights import pack, unpack
from seq2seq.nn.mixed import resolve_precision
from seq2seq.text.folder import save_tokenizers
from seq2seq.training.average import WeightAverage
from seq2seq.training.beginning import fill, weights_to_begin_with
from seq2seq.training.checkpoint import prune, save_checkpoint, sweep, whole_checkpoints
from seq2seq.training.directory import (
    CHECKPOINTS,
    environment,
    sweep_files,
    truncate_log,
    write_document,
)
from seq2seq.training.optimizer import build_optimizer, load_optimizer, optimizer_tensors
from seq2seq.training.randomness import reseed
from seq2seq.training.resuming import (
    check_same_run,
    check_sizes_fit,
    last_checkpoint,
    prepare_again,
    take_new_ends,
    write_changes,
)
from seq2seq.training.sizes import require_training_memory
from seq2seq.training.state import TrainingState

WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"
LARGEST_STATE = 1 << 20  # bytes
AVERAGE = "average.safetensors"  # where the recipe has training.average_decay

Note = Callable[[str], None]


@dataclass
class Session:
    """One run in memory."""

    run: Path
    recipe: Recipe
    prepared: Prepared
    model: nn.Module
    optimizer: Optimizer
    average: WeightAverage | None
    state: TrainingState
    precision: str
    command: str

    def corpus(self, epoch: int) -> EncodedCorpus | SampledCorpus:
        """Return the training text as an epoch reads it."""
        return self.prepared.epoch(self.recipe.seed, epoch)

    def plan(self, corpus: EncodedCorpus | SampledCorpus, epoch: int) -> list[Any]:
        """Return the batches of an epoch's corpus, as arrays of sentence numbers."""
        training = self.recipe.training
        return batch_plan(
            corpus.source_lengths,
            corpus.target_lengths,
            seed=self.recipe.seed,
            epoch=epoch,
            batch_tokens=training.batch_tokens,
            batch_sentences=training.batch_sentences,
            one_length=bool(self.model.one_length_batches),
        )

    def steps_per_epoch(self) -> int:
        """Return the optimiser steps of the first epoch; later ones may have a few more or less."""
        return -(-len(self.plan(self.corpus(0), 0)) // self.recipe.training.accumulate)

    def validation_batches(self) -> list[Batch]:
        """Return the batches of the validation set, the same at each validation."""
        valid = self.prepared.valid
        plan = batch_plan(
            valid.source_lengths,
            valid.target_lengths,
            seed=0,
            epoch=0,
            batch_tokens=self.recipe.training.batch_tokens,
            batch_sentences=0,
            one_length=bool(self.model.one_length_batches),
        )
        return [valid.gather(rows) for rows in plan]

    @contextmanager
    def for_use(self) -> Iterator[nn.Module]:
        """Lend the model as it is meant to translate: with averaged weights where there are any."""
        if self.average is None:
            yield self.model
        else:
            with self.average.standing_in(self.model):
                yield self.model

    def save(self) -> Path:
        """Write a checkpoint of this moment, and let go of the oldest."""
        files = {
            WEIGHTS: pack(weight_tensors(self.model)),
            OPTIMIZER: pack(optimizer_tensors(self.optimizer, self.model)),
            STATE: self.state.to_json(),
        }
        if self.average is not None:
            files[AVERAGE] = pack(self.average.tensors)
        place = save_checkpoint(self.run / CHECKPOINTS, self.state.step, files)
        training = self.recipe.training
        prune(self.run / CHECKPOINTS, training.keep, self.state.step, training.save_every)
        return place

    def kept(self, count: int) -> list[dict[str, Tensor]]:
        """Return the weights meant for use of up to `count` of the last checkpoints."""
        name = WEIGHTS if self.average is None else AVERAGE
        like = weight_tensors(self.model)
        places = whole_checkpoints(self.run / CHECKPOINTS, self.state.step)
        return [unpack(place / name, like) for place in places[:count]]


def named_origin(recipe: Recipe) -> Path | None:
    """Return the run whose tokenizers a recipe asks for."""
    return Path(recipe.text.from_) if recipe.text.from_ else None


def prepare_text(
    recipe: Recipe, *, resumed: Path | None, start: Path | None, note: Note
) -> Prepared:
    """Return the text of a run that goes on (`resumed`) or begins (perhaps with that of `start`).

    The cache is kept within its bound, and its place and size are noted.
    """
    began = time.time()
    origin = resumed or start or named_origin(recipe)
    tokenizers = load_bundle_tokenizers(origin) if origin is not None else None
    if resumed is not None and tokenizers is not None:
        prepared = prepare_again(resumed, recipe, tokenizers, note)
    else:
        prepared = prepare(recipe, cache_folder(), tokenizers, note=note)
    note(trim(cache_folder(), began))
    return prepared


def open_session(
    recipe: Recipe,
    run: Path,
    *,
    resume: bool,
    start: Path | None = None,
    device: str,
    command: str,
    note: Note,
) -> Session:
    """Prepare data, model and optimiser; with `resume`, from the newest valid checkpoint.

    `start` is a run whose tokenizers and best weights a new run begins with.

    Raises:
        ModelError: the run cannot be resumed: its recipe or data differ, or it is damaged.
        ResourceError: the device has too little memory, or no bfloat16 where that is asked for.
    """
    place = torch.device(device)
    precision = resolve_precision(recipe.training.precision, place, note)
    begun = resume and (run / RECIPE).exists()
    if begun:
        check_sizes_fit(run, recipe)
    require_training_memory(recipe, device)
    if resume and not begun:
        note(f"{run} has no run to resume yet: starting at step 0")
    if begun and start is not None:
        note(f"{run} goes on from its own checkpoint: --from {start} was for its beginning")
    prepared = prepare_text(recipe, resumed=run if begun else None, start=start, note=note)
    require_training_memory(recipe, device, prepared.source.size, prepared.target.size)
    for line in prepared.lines():
        note(line)
    surroundings = environment(device, precision)
    if begun:
        check_same_run(run, recipe, prepared.data_hash, surroundings, note)
        command = str(read_document(run).get("command", command))  # the one that made it
    reseed(recipe.seed, "initialisation")
    model = build_model(
        recipe.model, recipe.text.source_order, prepared.source.size, prepared.target.size
    ).to(place)
    optimizer = build_optimizer(model, recipe.training)
    decay = recipe.training.average_decay
    average = WeightAverage(model, decay) if decay else None
    state = TrainingState(ends=recipe.training.ends)
    session = Session(
        run, recipe, prepared, model.train(), optimizer, average, state, precision, command
    )
    sweep(run / CHECKPOINTS)
    sweep_files(run)
    if begun:
        _go_on(session, note)
        write_changes(run, recipe, prepared, command)
    else:
        _begin(session, start, surroundings)
    truncate_log(run, session.state.step)
    return session


def _begin(session: Session, start: Path | None, surroundings: dict[str, Any]) -> None:
    """Write what makes a directory a run; recipe.json, the mark of one, comes last."""
    run, prepared = session.run, session.prepared
    if start is not None:
        _take_weights(session, start)
    save_tokenizers(run, prepared.source, prepared.target)
    (run / CHECKPOINTS).mkdir(exist_ok=True)
    if start is not None:
        session.save()  # from here on the run can do without the one that it came from
    write_document(run, session.recipe, prepared, surroundings, session.command)


def _take_weights(session: Session, start: Path) -> None:
    """Begin with the best weights of another run."""
    weights = weight_tensors(session.model)
    fill(weights, weights_to_begin_with(session.recipe, start, weights))
    if session.average is not None:
        session.average.load(weights)


def _go_on(session: Session, note: Note) -> None:
    """Take up the newest checkpoint, or begin anew where none was saved before the run was killed.

    Raises:
        ModelError: there were checkpoints, and they are gone.
    """
    checkpoint = last_checkpoint(session.run, note)
    if checkpoint is None:
        note("no checkpoint was ever saved: starting at step 0")
    else:
        _take_up(checkpoint, session, note)


def _take_up(checkpoint: Path, session: Session, note: Note) -> None:
    model, average = session.model, session.average
    weights = weight_tensors(model)
    fill(weights, unpack(checkpoint / WEIGHTS, weights))
    load_optimizer(session.optimizer, model, unpack(checkpoint / OPTIMIZER))
    if average is not None:
        average.load(unpack(checkpoint / AVERAGE, weights))
    state = TrainingState.from_json(read_plain(checkpoint / STATE, LARGEST_STATE))
    training = session.recipe.training
    for line in take_new_ends(state, training, session.run, session.steps_per_epoch):
        note(line)
    session.state = state
