"""The run directory: who may write to it, and what it remembers.

From what it remembers follows whether a resumed run is the same run.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from seq2seq.config.schema import DataConfig, Recipe
from seq2seq.data.prepare import Prepared
from seq2seq.documents import parse_table, signed
from seq2seq.errors import ModelError, ResourceError, UsageError
from seq2seq.files import TEMPORARY, read_plain, replace_file
from seq2seq.models.bundle import FORMAT, RECIPE, read_document, read_recipe

CHECKPOINTS, LOG, LOCK = "checkpoints", "log.jsonl", ".lock"
DATA_FROM_RUN = "data_from_run"  # in recipe.json: the folder of text as seen from the run directory
LOCK_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LARGEST_LOG = 1 << 28  # bytes; a million steps with a line each have a fifth of it
CARD = "README.md"  # written when training ends

BEGUN = (CHECKPOINTS, "source.model", "target.model", "source.vocab", "target.vocab")

MAY_CHANGE = (  # fields that a resumed run may have otherwise
    "training.max_steps",
    "training.max_epochs",
    "training.max_minutes",
    "training.patience",
    "training.save_every",
    "training.keep",
    "training.average_checkpoints",
    "training.validate_every",
    "training.log_every",
)


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold a run directory alone, making it if need be; the lock dies with the process.

    Raises:
        ModelError: another process is training in it, or its lock is a link or no plain file.
        ResourceError: it cannot be made.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT | LOCK_FLAGS, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR):
            raise _no_lock(run) from error
        raise ResourceError(
            f"cannot make the run directory {run}: {error.strerror}", "choose another --run"
        ) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _no_lock(run)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use(run, descriptor) from error
        except OSError as error:  # some network file systems have no locks
            raise ResourceError(
                f"cannot lock {run / LOCK}: {error.strerror}",
                "choose a --run on a local disk, and copy it afterwards",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()} on host {socket.gethostname()}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def refuse_held(run: Path) -> None:
    """Raise a ModelError where another process is training in a directory; take no lock."""
    try:
        descriptor = os.open(run / LOCK, os.O_RDONLY | LOCK_FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _no_lock(run) from error
        return  # nobody has ever been there, or nobody can be
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _in_use(run, descriptor) from error
    except OSError:  # a file system without locks
        return
    finally:
        os.close(descriptor)


def _no_lock(run: Path) -> ModelError:
    """Return the error for a lock that would be written through to another file."""
    return ModelError(f"{run / LOCK} is a link, or no plain file", "delete it, then run again")


def _in_use(run: Path, descriptor: int) -> ModelError:
    holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "another process"
    return ModelError(
        f"run directory {run} is in use by {holder}", "wait for it, or choose another --run"
    )


def refuse_used(run: Path) -> None:
    """Raise a UsageError where a new run would mix with what is in the directory already."""
    try:
        if not run.exists() or not (foreign := sorted(set(os.listdir(run)) - {LOCK})):
            return
    except NotADirectoryError as error:
        raise UsageError(f"{run} is a file", "choose another --run") from error
    if RECIPE in foreign:
        raise UsageError(
            f"{run} holds a run already", "go on with --resume, or choose another --run"
        )
    if all(name in BEGUN or name.startswith(TEMPORARY) for name in foreign):
        raise UsageError(
            f"{run} holds what a run left that was killed while it began",
            "begin it again with --resume, or choose another --run",
        )
    raise UsageError(f"{run} is not empty (it has {foreign[0]})", "choose another --run")


def environment(device: str, precision: str) -> dict[str, Any]:
    """Return what the bytes of a result depend on beside the recipe and the data."""
    packages = ("torch", "numpy", "sentencepiece", "sacrebleu", "safetensors")
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else device,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "precision": precision,
    }


def write_document(
    run: Path,
    recipe: Recipe,
    prepared: Prepared,
    surroundings: dict[str, Any],
    command: str,
) -> None:
    """Write recipe.json: with it, a directory becomes a run."""
    document = {
        "format": FORMAT,
        "seq2seq": version("seq2seq"),
        "recipe": recipe.model_dump(),
        "tokenizers": {"source": prepared.source.digest, "target": prepared.target.digest},
        "data": prepared.data_hash,
        DATA_FROM_RUN: _data_from(run, recipe),
        "environment": surroundings,
        "command": command,
        "usual_source": prepared.train.usual_source,
    }
    replace_file(
        run / RECIPE,
        json.dumps(signed(document), sort_keys=True, indent=1, allow_nan=False).encode(),
    )


def has_files(data: DataConfig) -> bool:
    """Return whether a recipe's text lies in files of a folder."""
    return data.format in ("text", "tsv", "jsonl") and bool(data.path)


def _data_from(run: Path, recipe: Recipe) -> str:
    """Return the way from a run to its text, which holds where both are moved together.

    A relative path of a run that goes on means what it meant when it was written.
    """
    if not has_files(recipe.data):
        return ""
    if (run / RECIPE).is_file() and read_recipe(run).data.path == recipe.data.path:
        written = str(read_document(run).get(DATA_FROM_RUN) or "")
        if written and (run / written).is_dir():
            return written
    return os.path.relpath(os.path.realpath(Path(recipe.data.path).expanduser()), run.resolve())


def differences(run: Path, recipe: Recipe) -> tuple[list[str], list[str]]:
    """Compare `recipe` with the one of the run.

    What [data] comes to is not compared here, but by the hash of the text.

    Returns:
        The changes that are allowed, and those that are not, each as "key: old -> new".
    """
    old, new = (_flat(each.model_dump()) for each in (read_recipe(run), recipe))
    changed = [key for key in new if old.get(key) != new[key]]
    told = {key: f"{key}: {old.get(key)} -> {new[key]}" for key in changed}
    free = ("decoding.", "data.")
    allowed = [key for key in changed if key in MAY_CHANGE or key.startswith(free)]
    return [told[key] for key in allowed], [told[key] for key in changed if key not in allowed]


def surroundings_changed(run: Path, surroundings: dict[str, Any]) -> list[str]:
    """Return what in the environment differs from the run's first start, as "key: old -> new"."""
    first = read_document(run).get("environment", {})
    old, new = _flat(first if isinstance(first, dict) else {}), _flat(surroundings)
    return [f"{key}: {old.get(key)} -> {new[key]}" for key in new if old.get(key) != new[key]]


def sweep_files(run: Path) -> None:
    """Remove files that a killed run was about to put into place."""
    for path in run.glob(f"{TEMPORARY}*"):
        with suppress(OSError):  # a folder of that name is not ours
            path.unlink()


def append_log(run: Path, record: dict[str, Any]) -> None:
    """Add one object to log.jsonl."""
    try:
        with (run / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")
    except OSError as error:
        raise ResourceError(
            f"cannot write {run / LOG}: {error.strerror}", "free some space"
        ) from error


def truncate_log(run: Path, step: int) -> None:
    """Drop what was logged after `step`, and a line that a kill left half written."""
    path = run / LOG
    if not os.path.lexists(path):
        return
    kept = []
    data = read_plain(path, LARGEST_LOG)
    for line in data.split(b"\n"):
        try:
            if line and parse_table(line)["step"] <= step:
                kept.append(line + b"\n")
        except (ValueError, KeyError, TypeError):
            continue
    if b"".join(kept) != data:
        replace_file(path, b"".join(kept))


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and key != "cell_options":
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
