"""Folders built once and found again by the hash of what went into them.

A folder is built under another name beside its place and renamed into it, so that a half-built one
is never used, and two processes that build the same one do not meet. What was used last stays: the
cache as a whole has a bound, and the entries that were not used for longest go first. Whoever has
one open keeps it, since its files are mapped or read.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from seq2seq.documents import parse_table
from seq2seq.errors import ModelError, ResourceError, UsageError

Opened = TypeVar("Opened")
MANIFEST = "manifest.json"
STALE = 24 * 3600  # seconds after which a half-built folder has no builder any more
# folders of a cache
KINDS = ("corpora", "overlaps", "segmentations", "tokenizers", "translations")
GIGABYTE = 10**9
LARGEST = 20.0  # gigabytes that a cache may hold; SEQ2SEQ_CACHE_GB says otherwise


def cache_folder() -> Path:
    """Return where encoded corpora are kept: SEQ2SEQ_CACHE, or a folder of the user's own."""
    named = os.environ.get("SEQ2SEQ_CACHE") or ""
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "seq2seq"


def cache_limit() -> float:
    """Return how many gigabytes the cache may hold.

    Raises:
        UsageError: SEQ2SEQ_CACHE_GB is not a number of at least 0.
    """
    named = os.environ.get("SEQ2SEQ_CACHE_GB") or ""
    try:
        limit = float(named) if named else LARGEST
    except ValueError:
        limit = math.nan
    if not limit >= 0.0:
        raise UsageError(
            f"SEQ2SEQ_CACHE_GB is {named!r}, not a number of gigabytes",
            "such as SEQ2SEQ_CACHE_GB=5",
        )
    return limit


def trim(root: Path, since: float) -> str:
    """Remove from a cache what was not used for longest, until it is within its bound.

    What was used after `since` (by the time of day) stays in any case.

    Returns:
        A line that says where the cache is, how large, and what was removed.
    """
    limit = cache_limit()
    entries = sorted(_entries(root), key=lambda entry: entry.used)
    total, removed = sum(entry.bytes for entry in entries), 0
    # 2 s: coarse file systems; what is a day ahead was used before the clock was set back
    in_use = range(int(since - 2.0), int(time.time()) + STALE)
    for entry in entries:
        if total - removed <= limit * GIGABYTE:
            break
        if int(entry.used) in in_use:
            continue
        shutil.rmtree(entry.path, ignore_errors=True)
        with suppress(OSError):
            entry.path.unlink()
        removed += entry.bytes
    line = (
        f"prepared text is kept in {root}: {_size(total - removed)} of at most {limit:g} GB "
        "(SEQ2SEQ_CACHE_GB); it can be deleted at any time"
    )
    return line + (f"; {_size(removed)} of old entries were removed" if removed else "")


class _Entry(NamedTuple):
    path: Path
    bytes: int
    used: float  # when last, by the clock of then; a clock that was set back only changes the order


def _entries(root: Path) -> Iterator[_Entry]:
    """Yield what a cache holds; other files in its folder, and what is being built, are left be."""
    for path in (path for kind in KINDS for path in (root / kind).glob("[!.]*")):
        with suppress(OSError):  # another process has just removed it
            files = [path, *path.rglob("*")] if path.is_dir() else [path]
            size = sum(file.lstat().st_size for file in files)
            yield _Entry(path, size, path.lstat().st_mtime)


def _size(count: int) -> str:
    return f"{count / GIGABYTE:.1f} GB" if count >= GIGABYTE else f"{count / 10**6:.1f} MB"


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
        opened = open_(place)
    except (OSError, ValueError, ModelError):  # damaged
        return None
    with suppress(OSError):  # a cache of others, which cannot be written
        os.utime(place)
    return opened


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
            age = time.time() - path.stat().st_mtime
            # below 0 where the clock was set back, which may have been while it was built
            if age > STALE or (age < -STALE and not _is_alive(path)):
                shutil.rmtree(path, ignore_errors=True)


def _is_alive(temporary: Path) -> bool:
    """Return whether the builder of a folder, whose number ends its name, runs on this machine."""
    number = temporary.name.rpartition("-")[2]
    try:
        os.kill(int(number), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except OSError:  # it is another user's
        return True
    return True
