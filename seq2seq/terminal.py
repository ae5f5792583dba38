"""Standard streams that always write UTF-8, and text that cannot steer a terminal."""

from __future__ import annotations

import io
import os
import sys
from typing import BinaryIO

from seq2seq.errors import DataError, ResourceError

BIDIRECTIONAL = frozenset(  # direction marks, embeddings, overrides and isolates
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def visible(text: str) -> str:
    r"""Return text with control characters, direction marks and surrogates spelled out.

    A file name or a recipe's string may hold `\x1b[2J`, which clears the reader's terminal, or a
    direction mark, which shows another name than the one that is there. Line feeds and tabs stay.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(character if _harmless(character) else _spelled(character) for character in text)


def _harmless(character: str) -> bool:
    # U+200C and U+200D are not printable to Python, and are spelling in Persian and in emoji.
    return (
        character in "\n\t\u200c\u200d"
        or character.isprintable()
        or (character.isspace() and character not in "\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029")
    ) and character not in BIDIRECTIONAL


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()


def tell(message: str) -> None:
    """Write a line for the user to standard error; nothing where that is closed or full."""
    stream = sys.stderr
    try:
        stream.write(visible(message) + "\n")
        stream.flush()
    except (OSError, ValueError, AttributeError):
        pass  # the reader of messages has left; the work goes on


def put(text: str, *, raw: bool = False) -> None:
    """Write a result to standard output; `raw`, as it is unless that is a terminal.

    Raises:
        ResourceError: standard output is closed.
    """
    sys.stdout.write(text if raw and not sys.stdout.isatty() else visible(text))


def standard_input() -> BinaryIO:
    """Return its bytes; Python has no `sys.stdin` where it was closed from the start.

    Raises:
        DataError: it is closed.
    """
    if sys.stdin is None:
        raise DataError("standard input is closed", "pipe text in, or name a file")
    # A stream of its own: a thread may still wait for it when Python ends and closes sys.stdin.
    return open(sys.stdin.fileno(), "rb", closefd=False)


class ClosedOutput(io.TextIOBase):
    """Stands for a standard output that was closed before the program began."""

    def write(self, text: str) -> int:
        """Raise a ResourceError, unless there is nothing to write."""
        if not isinstance(text, str):
            raise TypeError("a text stream takes text")  # click asks which kind of stream it is
        if not text:
            return 0
        raise ResourceError(
            "cannot write output: standard output is closed", "leave it open, or use --output FILE"
        )

    def fileno(self) -> int:
        """Raise a ResourceError: its descriptor is that of the null device."""
        self.write("-")
        raise AssertionError("not reached")

    def isatty(self) -> bool:
        """Return False."""
        return False


def prepare_streams() -> None:
    """Make the standard streams UTF-8 whatever the locale says, and occupy closed ones.

    A closed descriptor would be taken by the next file opened, and a library's message to "standard
    error" would end up in a checkpoint.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in closed:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor != number:  # another thread was faster
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.set_inheritable(number, True)
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end
    for stream in (sys.stdout, sys.stderr):
        _write_utf8(stream)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _write_utf8(stream: object) -> None:
    # A name that is no UTF-8 is shown with its bytes spelled out: the output stays valid UTF-8.
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
