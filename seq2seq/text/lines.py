"""What a line is, everywhere: the bytes up to LF or the end of the file, less one trailing CR.

Nothing else ends a line: not a lone CR, not U+2028, none of the ten characters that
`str.splitlines` knows. A byte order mark is dropped at byte 0 of a file only. Gzip is recognised by
its first bytes, not by its name.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import io
import re
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from seq2seq.errors import DataError, way_out
from seq2seq.text.formats import HEAD, refuse_other_formats

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLOCK = 1 << 20

_BREAKS = re.compile("[\x00\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]+")
_RUNS = re.compile(" {2,}")


@dataclass(frozen=True)
class FileFacts:
    """What one pass over a file tells: its lines, and the SHA-256 of its (unpacked) bytes."""

    lines: int
    digest: str


def read_lines(source: Path | BinaryIO, name: str = "") -> Iterator[bytes]:
    """Yield each line of a file or an open binary stream as bytes, as soon as it has been read.

    `name` stands in messages where `source` is a stream. Raises DataError for a file that is
    missing, is a folder, cannot be read, is a damaged or truncated gzip file, or is no plain text.
    """
    name = name or (str(source) if isinstance(source, Path) else "input")
    with ExitStack() as stack:
        stream = _open(source, stack) if isinstance(source, Path) else _peekable(source)
        lines = _whole(_unpacked(stream, stack, name), name)
        first = next(lines, None)
        if first is None:
            return
        bare = first.removeprefix(BYTE_ORDER_MARK)
        if bare:  # a file of nothing but a byte order mark has no line
            yield _stripped(bare)
        for line in lines:
            yield _stripped(line)


def decode_line(line: bytes) -> tuple[str, bool]:
    """Return the text of a line, and whether it held invalid UTF-8 (which becomes U+FFFD)."""
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        return line.decode("utf-8", errors="replace"), True


def decode_strict(line: bytes, name: str | Path, number: int) -> str:
    """Return the text of line `number` (from 1) of file `name`; raises DataError on invalid UTF-8.

    The byte in the message counts from 1, within the line.
    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{name}:{number}: invalid UTF-8 at byte {error.start + 1}"
        raise DataError(message, "save the file as UTF-8, or take that line out") from None


def encodable(text: str) -> str:
    """Return what a tokenizer can take: NUL becomes a space, lone surrogates become U+FFFD."""
    text = text.replace("\x00", " ")
    if text.isascii():
        return text
    return text.encode("utf-8", errors="surrogatepass").decode("utf-8", errors="replace")


def one_line(text: str) -> str:
    """Return `text` without characters that end a line anywhere, and without runs of spaces."""
    return _RUNS.sub(" ", _BREAKS.sub(" ", text)).strip(" ")


def is_blank(text: str) -> bool:
    """Return whether nothing but white space and NULs is there."""
    return not text.replace("\x00", " ").strip()


def measure(path: Path, is_text: bool = True) -> FileFacts:
    """Read a regular file once and return its facts; raises DataError as `read_lines` does.

    A file that need not be text is not refused for its content.
    """
    lines, digest, last, size, mark_only = 0, hashlib.sha256(), b"\n", 0, False
    with ExitStack() as stack:
        stream = _unpacked(_open(path, stack, regular=True), stack, str(path), is_text)
        for block in _whole(iter(lambda: stream.read(BLOCK), b""), str(path)):
            digest.update(block)
            lines += block.count(b"\n")
            last = block[-1:]
            size += len(block)
            mark_only = size == 3 and block == BYTE_ORDER_MARK
    if last != b"\n" and not mark_only:
        lines += 1
    return FileFacts(lines, digest.hexdigest())


def check_parallel(paths: Sequence[Path]) -> list[FileFacts]:
    """Measure files that go together line by line; raises DataError where their counts differ."""
    facts = [measure(path) for path in paths]
    for path, fact in zip(paths[1:], facts[1:], strict=True):
        if fact.lines != facts[0].lines:
            counts = f"{paths[0]} has {_lines(facts[0].lines)}, {path} has {fact.lines}"
            raise DataError(counts, "line N of one must translate line N of the other")
    return facts


def read_parallel(paths: Sequence[Path]) -> Iterator[tuple[bytes, ...]]:
    """Return an iterator over the rows of files, whose line counts are checked before that."""
    check_parallel(paths)
    return zip(*(read_lines(path) for path in paths), strict=True)


def missing(path: Path) -> DataError:
    """Return the error for a file that is not there, naming its nearest neighbours."""
    folder = path.parent
    if not folder.is_dir():
        return DataError(f"{path} does not exist", f"{folder} is not a folder either")
    names = sorted(entry.name for entry in folder.iterdir())
    if packed := [name for name in names if name.startswith(f"{path.name}.")]:
        return DataError(f"{path} does not exist", f"unpack {packed[0]} (only .gz is read packed)")
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    if near:
        return DataError(f"{path} does not exist", f"nearest in that folder: {', '.join(near)}")
    listed = ", ".join(names[:5]) if names else "nothing at all"
    return DataError(f"{path} does not exist", f"that folder has {listed}")


def _open(path: Path, stack: ExitStack, regular: bool = False) -> io.BufferedReader:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DataError(f"{path} is a folder", "name a file")
        if regular and not stat.S_ISREG(mode):
            raise DataError(f"{path} is read twice and must be a regular file", "save it first")
        return stack.enter_context(path.open("rb"))
    except FileNotFoundError:
        raise missing(path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DataError(
            f"cannot read {path}: {getattr(error, 'strerror', error)}", way_out(error)
        ) from None


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    if hasattr(stream, "peek"):
        return cast(io.BufferedReader, stream)
    return io.BufferedReader(cast(io.RawIOBase, stream))


def _unpacked(
    stream: io.BufferedReader, stack: ExitStack, name: str, is_text: bool = True
) -> BinaryIO:
    """Return a stream of unpacked bytes; raises DataError, by its content, for what is no text."""
    with _explaining(name):
        unpacked: Any = stream
        if stream.peek(2)[:2] == GZIP_MAGIC:
            unpacked = stack.enter_context(gzip.GzipFile(fileobj=stream))
        if is_text:
            refuse_other_formats(unpacked.peek(HEAD)[:HEAD], name)
        return cast(BinaryIO, unpacked)


def _whole(parts: Iterator[bytes] | BinaryIO, name: str) -> Iterator[bytes]:
    with _explaining(name):
        yield from parts


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    """Raise a DataError for a file that cannot be read to its end."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = f"{name} is a damaged or truncated gzip file ({error})"
        raise DataError(message, "fetch or pack it again") from None
    except OSError as error:
        raise DataError(
            f"cannot read {name}: {error.strerror or error}", way_out(error)
        ) from None


def _stripped(line: bytes) -> bytes:
    if line.endswith(b"\n"):
        line = line[:-1]
    return line[:-1] if line.endswith(b"\r") else line


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"
