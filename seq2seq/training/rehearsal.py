"""What a training would refuse, found without one: for `train --dry-run`.

Nothing is written, not even the run directory.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import torch

from seq2seq.config.schema import Recipe, TrainingConfig
from seq2seq.errors import ResourceError
from seq2seq.files import read_plain
from seq2seq.models.build import build_model, check_cell_options
from seq2seq.models.bundle import RECIPE, load_bundle_tokenizers, weight_tensors
from seq2seq.nn.mixed import resolve_precision
from seq2seq.runtime.devices import choose_device
from seq2seq.training.beginning import weights_to_begin_with
from seq2seq.training.directory import refuse_held, refuse_used
from seq2seq.training.ending import already_finished, in_force, known_total, limits_told
from seq2seq.training.resuming import (
    check_recipe_fits,
    check_same_text,
    check_sizes_fit,
    last_checkpoint,
    take_new_ends,
)
from seq2seq.training.session import LARGEST_STATE, STATE
from seq2seq.training.state import TrainingState

Note = Callable[[str], None]


def check_start(
    recipe: Recipe, run: Path, *, resume: bool, start: Path | None, device: str, note: Note
) -> bool:
    """Refuse what training would refuse before it reads any text.

    Returns:
        Whether it would go on with a run that was begun.

    Raises:
        UsageError, ModelError, ResourceError, RecipeError: as `training.run.train` does.
    """
    check_cell_options(recipe.model)
    resolve_precision(recipe.training.precision, torch.device(choose_device(device)), note)
    refuse_held(run)
    if not resume:
        refuse_used(run)
    _refuse_unwritable(run)
    begun = resume and (run / RECIPE).exists()
    if begun:
        check_sizes_fit(run, recipe)
        check_recipe_fits(run, recipe)
        last_checkpoint(run, note)
    elif start is not None:
        source, target = load_bundle_tokenizers(start)
        with torch.device("meta"):
            model = build_model(recipe.model, recipe.text.source_order, source.size, target.size)
        weights_to_begin_with(recipe, start, weight_tensors(model))
    return begun


def check_end(
    recipe: Recipe, run: Path, *, begun: bool, data_hash: str, steps_per_epoch: int, note: Note
) -> tuple[int, int, TrainingConfig]:
    """Refuse a resumption with other text or an end that lies behind it; note what cuts a run off.

    Returns:
        The step at which training would begin, the one where it would end (0: not known), and the
        configuration whose limits are in force.
    """
    state = TrainingState(ends=recipe.training.ends)
    if begun:
        check_same_text(run, recipe, data_hash)
        checkpoint = last_checkpoint(run, lambda message: None)
        if checkpoint is not None:
            state = TrainingState.from_json(read_plain(checkpoint / STATE, LARGEST_STATE))
        for line in take_new_ends(state, recipe.training, run, lambda: steps_per_epoch):
            note(line)
        if state.finished:
            note(already_finished(run, state, recipe.training))
            return state.step, state.step, recipe.training
    training = in_force(recipe.training, state.lifted)
    for line in limits_told(training, steps_per_epoch):
        note(line)
    return state.step, known_total(training, steps_per_epoch), training


def _refuse_unwritable(run: Path) -> None:
    """Raise a ResourceError where the run directory could not be made or written to."""
    folder = run
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    reason = 0
    if not folder.is_dir():
        reason = errno.ENOTDIR
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = errno.EACCES
    if reason:
        raise ResourceError(
            f"cannot make the run directory {run}: {os.strerror(reason)}", "choose another --run"
        )
