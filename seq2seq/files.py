"""Files that are whole or not there.

They are written beside their place, forced to disk, then renamed in.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from seq2seq.errors import ModelError, ResourceError, way_out

BLOCK = 1 << 20
LONGEST_NAME = 255  # bytes, on nearly every file system
TEMPORARY = ".tmp-"  # names of files on their way begin so


def write_durable(path: Path, data: bytes) -> None:
    """Create `path`, write `data` and force it to the disk.

    `path` must not exist; the new file's mode obeys the umask.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step: readers see the old file or the new one, never a part.

    Raises:
        ResourceError: the disk is full or the folder cannot be written; the old file still stands.
    """
    temporary = temporary_beside(path)
    try:
        temporary.unlink(missing_ok=True)
        write_durable(temporary, data)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        remove_if_possible(temporary)
        raise ResourceError(
            f"cannot write {path}: {error.strerror}", way_out(error)
        ) from error


def temporary_beside(path: Path) -> Path:
    """Return a name in the same folder for what will replace `path`."""
    name = f"{TEMPORARY}{path.name}-{os.getpid()}"
    if len(os.fsencode(name)) > LONGEST_NAME:  # although that of `path` is not
        name = f"{TEMPORARY}{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}-{os.getpid()}"
    return path.with_name(name)


def remove_if_possible(path: Path) -> None:
    """Remove a file; one that a file system holds on to (EBUSY, ESTALE) stays."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


@contextmanager
def open_plain(path: Path) -> Iterator[BufferedReader]:
    """Open a file of a model directory for reading, all of it through this one descriptor.

    Whatever happens to the name meanwhile, a reader of the descriptor sees one file.

    Raises:
        ModelError: it does not exist, is a link or no plain file, or reading it fails.
    """
    hint = "copy the model directory again"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ModelError(f"{path} is not a plain file", hint)
            with open(descriptor, "rb", closefd=False) as file:
                yield file
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise ModelError(
            f"{path} is missing: it does not exist", "a run directory holds it; copy it again"
        ) from None
    except OSError as error:
        if error.errno == errno.ELOOP:  # O_NOFOLLOW met a link
            copy = shlex.join(["cp", "-rL", str(path.parent), "COPY"])
            raise ModelError(
                f"{path} is a link, not a plain file", f"copy the files themselves: {copy}"
            ) from None
        raise ModelError(f"{path} cannot be read: {error.strerror}", hint) from None
    except ValueError as error:  # a NUL in the name
        raise ModelError(f"{path} cannot be read: {error}", hint) from None


def read_plain(path: Path, limit: int) -> bytes:
    """Return the bytes of a file in a model directory, read once.

    Raises:
        ModelError: as `open_plain`, or it has more than `limit` bytes.
    """
    with open_plain(path) as file:
        data = file.read(limit + 1)
        if len(data) > limit:
            size = os.fstat(file.fileno()).st_size
            raise ModelError(
                f"{path} has {size} bytes, more than the {limit} allowed",
                "copy the model directory again",
            )
        return data


def sync_folder(folder: Path) -> None:
    """Force a folder's entries (names made, renamed or removed) to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal, reading it in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
