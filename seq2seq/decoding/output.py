"""Where translations go: standard output, or a file that appears only when it is whole."""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seq2seq.errors import ResourceError
from seq2seq.files import remove_if_possible, temporary_beside

Write = Callable[[bytes], None]


@contextmanager
def open_output(path: Path | None) -> Iterator[Write]:
    """Give a function that writes bytes to `path`, or to standard output.

    A regular file is written beside its place and renamed in at the end; after an error the old one
    still stands. A device or a named pipe is written to directly.

    Raises:
        ResourceError: the output is closed, full or cannot be made.
        BrokenPipeError: the reader of standard output left.
    """
    if path is None:
        yield _writer(_standard_output(), "output")
    elif _is_special(path):
        with _explained(str(path)):
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            yield _writer(descriptor, str(path))
        finally:
            os.close(descriptor)
    else:
        with _explained(str(path)):
            place = Path(os.path.realpath(path))
        yield from _written_beside(place, str(path))


def _written_beside(path: Path, name: str) -> Iterator[Write]:
    temporary = temporary_beside(path)
    with _explained(name):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o666)
    try:
        try:
            yield _writer(descriptor, name)
            with _explained(name):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with _explained(name):
            temporary.replace(path)
    except BaseException:
        remove_if_possible(temporary)
        raise


def _standard_output() -> int:
    """Return its descriptor; Python has no `sys.stdout` where it was closed from the start."""
    if sys.stdout is None:
        raise ResourceError("cannot write output: standard output is closed", "use --output FILE")
    return sys.stdout.fileno()


def _writer(descriptor: int, name: str) -> Write:
    # Straight to the descriptor: bytes left in a buffer would fail once more, unexplained, at exit.
    def write(data: bytes) -> None:
        left = memoryview(data)
        with _explained(name):
            while left:
                try:
                    left = left[os.write(descriptor, left) :]
                except BlockingIOError:
                    select.select([], [descriptor], [])

    return write


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space" if full else "choose another place"
        raise ResourceError(f"cannot write {name}: {reason}", hint) from error


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
