"""Whether a run may go on, with which text, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from seq2seq.config.schema import Recipe, TrainingConfig
from seq2seq.data.cache import cache_folder
from seq2seq.data.prepare import Prepared, prepare
from seq2seq.errors import DataError, ModelError
from seq2seq.models.bundle import RECIPE, WEIGHTS, read_document, read_recipe
from seq2seq.text.tokenizer import SPECIALS, Tokenizer
from seq2seq.training.checkpoint import newest_checkpoint
from seq2seq.training.directory import (
    CARD,
    CHECKPOINTS,
    DATA_FROM_RUN,
    differences,
    has_files,
    surroundings_changed,
    write_document,
)
from seq2seq.training.ending import LIMITS, reached_limits, setting
from seq2seq.training.sizes import sizes_of
from seq2seq.training.state import TrainingState

BYTES = 4  # of a weight in float32

Note = Callable[[str], None]


def prepare_again(
    run: Path, recipe: Recipe, tokenizers: tuple[Tokenizer, Tokenizer], note: Note
) -> Prepared:
    """Return the text of a run that was begun, wherever it lies now.

    Raises:
        ModelError: it is nowhere; the hint names the option that says where it is.
        DataError: it is not where the user says now.
    """
    begun_with = read_document(run).get("data")
    failure: DataError | None = None
    other: tuple[Prepared, list[str]] | None = None
    for path, copies_stay in product(_places(run, recipe), (False, True)):
        if copies_stay and not (other and other[0].report.held_out):
            continue  # older versions left copies of pairs that were held out in the text
        data = recipe.data.model_copy(update={"path": path})
        notes: list[str] = []
        try:
            prepared = prepare(
                recipe.model_copy(update={"data": data}),
                cache_folder(),
                tokenizers,
                note=notes.append,
                copies_stay=copies_stay,
            )
        except DataError as error:
            failure = failure or error
            continue
        if other is None or prepared.data_hash == begun_with:
            other = prepared, notes
        if prepared.data_hash == begun_with:
            break
    if other is None:
        assert failure is not None, "there is always a place to look at"
        hint = failure.hint
        if has_files(recipe.data) and not Path(recipe.data.path).expanduser().is_dir():
            hint = f"if it was moved, add --data DIR to `seq2seq train --run {run} --resume`"
        if recipe.data != read_recipe(run).data:
            raise DataError(failure.message, hint) from failure
        raise ModelError(f"the text of {run} cannot be read: {failure.message}", hint) from failure
    for line in other[1]:
        note(line)
    return other[0]


def _places(run: Path, recipe: Recipe) -> Iterator[str]:
    """Yield where a run's text may lie: as named, seen from here, and as seen from the run.

    Another folder than the one it was begun with is what was asked for now: only that counts.
    """
    yield recipe.data.path
    if not has_files(recipe.data) or recipe.data.path != read_recipe(run).data.path:
        return
    from_run = read_document(run).get(DATA_FROM_RUN)
    if isinstance(from_run, str) and from_run:
        folder = (run / from_run).resolve()
        if folder != Path(recipe.data.path).expanduser().resolve() and folder.is_dir():
            yield str(folder)


def last_checkpoint(run: Path, note: Note) -> Path | None:
    """Return the newest checkpoint that is whole, or None where none was ever saved.

    Raises:
        ModelError: there were checkpoints, and they are gone or damaged.
    """
    checkpoint = newest_checkpoint(run / CHECKPOINTS, note)
    if checkpoint is None and ((run / CARD).exists() or not (run / CHECKPOINTS).exists()):
        raise ModelError(
            f"{run} has no checkpoint to go on from: they are gone",
            f"begin another run with its weights: --from {run}",
        )
    return checkpoint


def check_sizes_fit(run: Path, recipe: Recipe) -> None:
    """Refuse a recipe of more weights than the run's own files hold; nothing is allocated.

    Raises:
        ModelError: the recipe is not the one that the run was begun with.
    """
    files = [run / WEIGHTS, *(run / CHECKPOINTS).glob("*/*.safetensors")]
    held = max((path.lstat().st_size for path in files if path.is_file()), default=0)
    least = sizes_of(recipe, len(SPECIALS), len(SPECIALS)).all
    if 0 < held < BYTES * least:
        raise ModelError(
            f"{run / RECIPE} names a model of {least:,} weights or more, and the files beside it "
            f"hold {held // BYTES:,}",
            "take it from a backup",
        )


def check_recipe_fits(run: Path, recipe: Recipe) -> list[str]:
    """Return the changes with which a run goes on.

    Raises:
        ModelError: some of them would make it another run.
    """
    allowed, refused = differences(run, recipe)
    if refused:
        raise ModelError(
            f"{run} was begun with another recipe: {'; '.join(refused)}",
            "resume it as it was, or choose another --run",
        )
    return allowed


def check_same_text(run: Path, recipe: Recipe, data_hash: str) -> None:
    """Refuse to go on with other text.

    Raises:
        ModelError: the text is not what the run was begun with; changes of [data] are named.
    """
    if read_document(run).get("data") == data_hash:
        return
    allowed, _ = differences(run, recipe)
    changed = [change for change in allowed if change.startswith("data.")]
    raise ModelError(
        f"the training data of {run} has changed since it was begun"
        + (f": {'; '.join(changed)}" if changed else ""),
        "put the old data back, or choose another --run",
    )


def check_same_run(
    run: Path, recipe: Recipe, data_hash: str, surroundings: dict[str, Any], note: Note
) -> None:
    """Refuse what would make a run another one, and note what else has changed.

    Raises:
        ModelError: the recipe or the text differs.
    """
    allowed = check_recipe_fits(run, recipe)
    check_same_text(run, recipe, data_hash)
    if changed := surroundings_changed(run, surroundings):
        note(f"exact resume is not possible: {'; '.join(changed)}")
    if allowed:
        note(f"changed on resume: {'; '.join(allowed)}")


def write_changes(run: Path, recipe: Recipe, prepared: Prepared, command: str) -> None:
    """Write the recipe that the run goes on with, if it is another."""
    if read_recipe(run) == recipe:
        return
    first = read_document(run).get("environment", {})
    write_document(run, recipe, prepared, first, command)


def take_new_ends(
    state: TrainingState, training: TrainingConfig, run: Path, steps_per_epoch: Callable[[], int]
) -> list[str]:
    """Let a run go on until the limits of `training`, where they are not those it was begun with.

    A later limit has the word: others at which the run stands already are lifted. A patience that
    is larger, or a later limit, lets a run go on that had found nothing better.

    Returns:
        What was lifted.

    Raises:
        ModelError: a new limit lies behind where the run is.
    """
    patient = not training.patience or training.patience > state.stale
    if state.finished == "no better" and patient:
        state.finished, state.limit, state.averaged = "", "", 0
    if state.ends == training.ends:
        return []
    old = dict(zip(LIMITS, state.ends, strict=False))
    changed = [
        field
        for field, end in zip(LIMITS, training.ends, strict=True)
        if old.get(field) != end
    ]
    _refuse_earlier(state, training, run, changed)
    later = [field for field in changed if getattr(training, field)]
    reached = reached_limits(training, steps_per_epoch(), state)
    later = [field for field in later if field not in reached]
    state.lifted = [field for field in reached if field not in changed] if later else []
    if state.finished == "no better":
        state.stale = 0  # or its patience would end it at the next validation
    state.ends, state.total_steps = training.ends, 0
    state.finished, state.limit, state.averaged = "", "", 0
    return [
        f"{setting(training, field)} has ended this run; it is lifted, since "
        f"{setting(training, later[0])} comes later"
        for field in state.lifted
    ]


def _refuse_earlier(
    state: TrainingState, training: TrainingConfig, run: Path, changed: list[str]
) -> None:
    done = {
        "max_steps": state.step,
        "max_epochs": state.epoch,
        "max_minutes": state.seconds / 60.0,
    }
    for field in changed:
        if 0 < getattr(training, field) < done[field]:
            raise ModelError(
                f"{run} is at step {state.step} already, in epoch {state.epoch + 1}, after "
                f"{state.seconds / 60.0:.3g} minutes: {setting(training, field)} lies behind it",
                "give it a later end",
            )
