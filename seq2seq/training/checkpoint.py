"""Checkpoints that are whole or not there.

A checkpoint is a folder `step-000001000` of weights, optimiser and state, with a manifest of sizes
and SHA-256 sums that is written last. It is built under another name, forced to the disk, and
renamed: until the rename has reached the disk, the checkpoint was never announced. "The newest" is
computed, not stored: it is the highest step whose manifest verifies.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from seq2seq.documents import parse_table
from seq2seq.errors import ModelError, ResourceError
from seq2seq.files import read_plain, sha256_of, sync_folder, write_durable

MANIFEST = "manifest.json"
UNFINISHED, DELETED = ".tmp-", ".del-"
LARGEST_MANIFEST = 1 << 20  # bytes
FORMAT = 1


def checkpoint_path(folder: Path, step: int) -> Path:
    """Return the folder of one step's checkpoint."""
    return folder / f"step-{step:09d}"


def save_checkpoint(folder: Path, step: int, files: dict[str, bytes]) -> Path:
    """Write `files` as the checkpoint of `step`, whole, and return its folder.

    Raises:
        ResourceError: the disk is full or cannot be written; earlier checkpoints are untouched.
    """
    place = checkpoint_path(folder, step)
    temporary = folder / f"{UNFINISHED}{place.name}-{os.getpid()}"
    try:
        if place.exists():  # left by an earlier try that went on from an older step
            _delete(place)
        folder.mkdir(exist_ok=True)
        temporary.mkdir()
        for name, data in files.items():
            write_durable(temporary / name, data)
        write_durable(temporary / MANIFEST, _manifest(step, files))
        sync_folder(temporary)
        os.rename(temporary, place)
        sync_folder(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise ResourceError(
            f"cannot write checkpoint step {step} in {folder}: {error.strerror}",
            "free some space, then resume with --resume",
        ) from error
    return place


def sweep(folder: Path) -> None:
    """Remove what a killed run left half written or half deleted."""
    for left in [*folder.glob(f"{UNFINISHED}*"), *folder.glob(f"{DELETED}*")]:
        shutil.rmtree(left, ignore_errors=True)


def prune(folder: Path, keep: int, step: int, every: int) -> None:
    """Delete all checkpoints before `step` but the newest `keep - 1` regular ones.

    Regular are those of each `every` steps; others were made when a signal stopped the run, and are
    not kept beside a newer one, so that an interrupted run keeps what a straight one does. Those
    later than `step`, damaged or a resume would not have passed them by, stay.
    """
    before = [place for place in _checkpoints(folder) if _step(place) < step]
    kept = [place for place in before if _step(place) % every == 0][: keep - 1]
    for old in before:
        if old not in kept:
            with suppress(OSError):  # in use on a network file system: the next save tries again
                _delete(old)


def whole_checkpoints(folder: Path, step: int) -> list[Path]:
    """Return the checkpoints up to `step` that verify, newest first."""
    return [place for place in _checkpoints(folder) if _step(place) <= step and not damage(place)]


def newest_checkpoint(folder: Path, warn: Callable[[str], None]) -> Path | None:
    """Return the newest checkpoint that verifies; None where none was ever made.

    Raises:
        ModelError: there are checkpoints, and all of them are damaged.
    """
    found = _checkpoints(folder)
    for number, place in enumerate(found):
        fault = damage(place)
        if not fault:
            return place
        step = _step(place)
        follows = number + 1 < len(found)
        warn(
            f"checkpoint step {step} is damaged ({fault})"
            + (", trying the one before" if follows else "")
        )
    if found:
        raise ModelError(
            f"every checkpoint in {folder} is damaged",
            "restore one from a backup, or train anew in another --run",
        )
    return None


def damage(place: Path) -> str:
    """Return what is wrong with a checkpoint, or nothing."""
    try:
        if not stat.S_ISREG((place / MANIFEST).lstat().st_mode):
            return f"{MANIFEST} is not a file of its own"
        manifest = parse_table(read_plain(place / MANIFEST, LARGEST_MANIFEST))
        if type(manifest["format"]) is not int or not 1 <= manifest["format"] <= FORMAT:
            return f"{MANIFEST}: format {str(manifest['format'])[:40]}"
        for name, entry in manifest["files"].items():
            if fault := _fault(place, name, entry):
                return fault
    except FileNotFoundError as error:
        return f"{Path(str(error.filename)).name}: missing"
    except (ModelError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST}: unreadable"
    return ""


def _fault(place: Path, name: str, entry: dict[str, Any]) -> str:
    """Return what is wrong with one file of a manifest, or nothing."""
    path = place / name
    if path.parent != place:
        return f"{name[:80]!r} is not a file of its own"
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode):
        return f"{name[:80]!r} is not a file of its own"
    if facts.st_size != entry["bytes"]:
        return f"{name}: size"
    return "" if sha256_of(path) == entry["sha256"] else f"{name}: sha256"


def _manifest(step: int, files: dict[str, bytes]) -> bytes:
    entries = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }
    return json.dumps(
        {"format": FORMAT, "step": step, "files": entries}, sort_keys=True, indent=1
    ).encode()


def _checkpoints(folder: Path) -> list[Path]:
    """Return the folders of checkpoints, newest first."""
    return sorted(_numbered(folder), key=_step, reverse=True)


def _step(place: Path) -> int:
    return int(place.name.removeprefix("step-"))


def _numbered(folder: Path) -> Iterator[Path]:
    for place in folder.glob("step-*"):
        digits = place.name.removeprefix("step-")
        if digits.isascii() and digits.isdecimal() and len(digits) < 19 and place.is_dir():
            yield place


def _delete(place: Path) -> None:
    """Delete a folder so that a kill in between never leaves half of it under its name."""
    doomed = place.with_name(f"{DELETED}{place.name}-{os.getpid()}")
    os.rename(place, doomed)
    shutil.rmtree(doomed, ignore_errors=True)
