"""Everything a training loop works with, made anew or taken up from a run directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from seq2seq.config.schema import Recipe
from seq2seq.data.encoded import EncodedCorpus
from seq2seq.data.plan import batch_plan
from seq2seq.data.prepare import Prepared, prepare
from seq2seq.data.subwords import SampledCorpus
from seq2seq.errors import ModelError
from seq2seq.files import read_plain
from seq2seq.models.build import build_model
from seq2seq.models.bundle import (
    RECIPE,
    load_bundle_tokenizers,
    read_document,
    read_recipe,
    weight_tensors,
)
from seq2seq.models.bundle import WEIGHTS as BEST
from seq2seq.models.weights import pack, unpack
from seq2seq.nn.mixed import resolve_precision
from seq2seq.text.folder import save_tokenizers
from seq2seq.training.average import WeightAverage
from seq2seq.training.checkpoint import (
    newest_checkpoint,
    prune,
    save_checkpoint,
    sweep,
    whole_checkpoints,
)
from seq2seq.training.directory import (
    CARD,
    CHECKPOINTS,
    differences,
    environment,
    surroundings_changed,
    truncate_log,
    write_document,
)
from seq2seq.training.optimizer import build_optimizer, load_optimizer, optimizer_tensors
from seq2seq.training.randomness import reseed
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


def cache_folder() -> Path:
    """Return where encoded corpora are kept: SEQ2SEQ_CACHE, or a folder of the user's own."""
    named = os.environ.get("SEQ2SEQ_CACHE") or ""
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "seq2seq"


def named_origin(recipe: Recipe) -> Path | None:
    """Return the run whose tokenizers a recipe asks for."""
    return Path(recipe.text.from_) if recipe.text.from_ else None


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
    require_training_memory(recipe, device)
    begun = resume and (run / RECIPE).exists()
    if resume and not begun:
        note(f"{run} has no run to resume yet: starting at step 0")
    if begun and start is not None:
        note(f"{run} goes on from its own checkpoint: --from {start} was for its beginning")
    origin = run if begun else start or named_origin(recipe)
    tokenizers = load_bundle_tokenizers(origin) if origin is not None else None
    prepared = prepare(recipe, cache_folder(), tokenizers, note=note)
    require_training_memory(recipe, device, prepared.source.size, prepared.target.size)
    for line in prepared.report.lines():
        note(line)
    surroundings = environment(device, precision)
    if begun:
        _check_same_run(run, recipe, prepared, surroundings, note)
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
    if begun:
        _go_on(session, note)
        _write_changes(session)
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
    try:
        _fill(weights, unpack(start / BEST, weights))
    except ModelError as error:
        there = read_recipe(start).model.model_dump()
        here = session.recipe.model.model_dump()
        told = [
            f"model.{key}: {there[key]} -> {here[key]}" for key in here if there[key] != here[key]
        ]
        raise ModelError(
            f"cannot begin with {start}: {'; '.join(told) or error.message}",
            "leave [model] as it is there",
        ) from error
    if session.average is not None:
        session.average.load(weights)


def _go_on(session: Session, note: Note) -> None:
    """Take up the newest checkpoint, or begin anew where none was saved before the run was killed.

    Raises:
        ModelError: there were checkpoints, and they are gone.
    """
    run = session.run
    checkpoint = newest_checkpoint(run / CHECKPOINTS, note)
    if checkpoint is None and ((run / CARD).exists() or not (run / CHECKPOINTS).exists()):
        raise ModelError(
            f"{run} has no checkpoint to go on from: they are gone",
            f"begin another run with its weights: --from {run}",
        )
    if checkpoint is None:
        note("no checkpoint was ever saved: starting at step 0")
    else:
        _take_up(checkpoint, session)


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


def _write_changes(session: Session) -> None:
    """Write the recipe that the run goes on with, if it is another."""
    run, recipe, prepared = session.run, session.recipe, session.prepared
    if read_recipe(run) == recipe:
        return
    first = read_document(run).get("environment", {})
    write_document(run, recipe, prepared, first, session.command)


def _take_up(checkpoint: Path, session: Session) -> None:
    model, average = session.model, session.average
    weights = weight_tensors(model)
    _fill(weights, unpack(checkpoint / WEIGHTS, weights))
    load_optimizer(session.optimizer, model, unpack(checkpoint / OPTIMIZER))
    if average is not None:
        average.load(unpack(checkpoint / AVERAGE, weights))
    state = TrainingState.from_json(read_plain(checkpoint / STATE, LARGEST_STATE))
    ends = session.recipe.training.ends
    if state.ends != ends:  # a longer or shorter run: where it ends is decided anew
        if 0 < ends[0] < state.step or 0 < ends[1] < state.epoch:
            raise ModelError(
                f"{session.run} is at step {state.step} already, in epoch {state.epoch + 1}",
                "give it a later end",
            )
        state.ends, state.total_steps, state.finished, state.averaged = ends, 0, "", 0
    session.state = state


@torch.no_grad()
def _fill(weights: dict[str, Tensor], values: dict[str, Tensor]) -> None:
    for name, weight in weights.items():
        weight.copy_(values[name])
