"""Files that are whole or not there.

They are written beside their place, forced to disk, then renamed in.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from seq2seq.errors import ResourceError

BLOCK = 1 << 20
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
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        write_durable(temporary, data)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ResourceError(
            f"cannot write {path}: {error.strerror}", "free some space or choose another folder"
        ) from error


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
