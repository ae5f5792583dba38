"""Folders built once and found again by the hash of what went into them.

A folder is built under another name beside its place and renamed into it, so that a half-built one
is never used, and two processes that build the same one do not meet.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from seq2seq.documents import parse_table
from seq2seq.errors import ModelError, ResourceError

Opened = TypeVar("Opened")
MANIFEST = "manifest.json"
STALE = 24 * 3600  # seconds after which a half-built folder has no builder any more


def cached(place: Path, build: Callable[[Path], None], open_: Callable[[Path], Opened]) -> Opened:
    """Return `open_(place)`, building the folder first where that fails.

    Fails means: it is not there, or `open_` raises OSError, ValueError or ModelError.
    `build(folder)` fills an empty folder. Raises ResourceError where the cache cannot be written.
    """
    found = _found(place, open_)
    if found is not None:
        return found
    temporary = place.with_name(f".tmp-{place.name}-{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place.parent)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        build(temporary)
        return _moved(temporary, place, open_)
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "free some space, or set SEQ2SEQ_CACHE to a folder that can be written"
        raise ResourceError(f"cannot write the cache {place.parent}: {reason}", hint) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_manifest(folder: Path, facts: dict[str, Any]) -> None:
    """Write `facts` and the sizes of the folder's files; the last file of all."""
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    text = json.dumps({"files": sizes, **facts}, indent=1)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what `write_manifest` wrote; OSError or ValueError where the folder is not whole."""
    manifest = parse_table((folder / MANIFEST).read_bytes())
    try:
        for name, size in manifest["files"].items():
            if (folder / name).stat().st_size != size:
                raise ValueError(f"{name} has not the size it was written with")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("damaged manifest") from error
    return dict(manifest)


def _found(place: Path, open_: Callable[[Path], Opened]) -> Opened | None:
    if not place.is_dir():
        return None
    try:
        return open_(place)
    except (OSError, ValueError, ModelError):  # damaged
        return None


def _moved(temporary: Path, place: Path, open_: Callable[[Path], Opened]) -> Opened:
    try:
        temporary.rename(place)
    except OSError:
        found = _found(place, open_)  # another process was faster
        if found is not None:
            return found
        old = place.with_name(f".tmp-old-{place.name}-{os.getpid()}")
        place.rename(old)
        temporary.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    return open_(place)


def _sweep(folder: Path) -> None:
    for path in folder.glob(".tmp-*"):
        with suppress(FileNotFoundError):  # its builder has just finished
            if time.time() - path.stat().st_mtime > STALE:
                shutil.rmtree(path, ignore_errors=True)
