"""Lines in, lines out: exactly one result for each input line, in order, as soon as ready.

A file is read in fixed chunks, so its translation never depends on timing. From a pipe or a
terminal, a chunk is what is there by now, so that whoever types a line need not wait for 1,999
others.
"""

from __future__ import annotations

import os
import queue
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

from seq2seq.decoding.formats import FORMATS, FormatName
from seq2seq.decoding.parts import Note
from seq2seq.decoding.remarks import Remarks
from seq2seq.decoding.translation import Translation
from seq2seq.decoding.translator import CHUNK, Translator
from seq2seq.text.lines import decode_line, decode_strict, read_lines

PATIENCE = 0.02  # seconds to wait for another line of a pipe before the work begins
LISTED = 10  # warnings about single lines that are shown; of the rest, only the count is

Warn = Callable[[str], None]


class TranslatesRanked(Protocol):
    """Anything that ranks translations of texts, such as a `Translator`."""

    def nbest(
        self, texts: Sequence[str], n: int, note: Note | None = None, *, alignment: bool = False
    ) -> list[list[Translation]]:
        """Return up to `n` translations for each text, best first; `note` gets what to know."""
        ...


@dataclass(frozen=True)
class Summary:
    """What a stream was: its lines, and those with invalid UTF-8."""

    lines: int
    damaged: int


def translate_stream(
    translator: Translator,
    chunks: Iterable[list[bytes]],
    write: Callable[[bytes], None],
    *,
    form: FormatName = "text",
    nbest: int = 1,
    warn: Warn,
    strict: str | None = None,
) -> Summary:
    """Translate chunks of lines and `write` each as UTF-8 as soon as it is ready.

    `warn` gets single lines for the user: what was split or cut, and one count of lines with
    invalid UTF-8, which are translated with U+FFFD in its place. `strict` is a name of the input:
    such a line is an error then.

    Raises:
        UsageError: `nbest` is more than the beam.
        DataError: invalid UTF-8 where `strict` is given.
    """
    assert form != "text" or nbest == 1
    translator.check_nbest(nbest)
    lines = damaged = first = 0
    notes, remarks = _Notes(warn), Remarks()
    for chunk in chunks:
        texts = []
        for number, line in enumerate(chunk, lines + 1):
            text, is_damaged = decode_line(line)
            if is_damaged:
                if strict is not None:
                    decode_strict(line, strict, number)
                first = first or number
                damaged += 1
            texts.append(text)
        notes.lines_before = lines
        prefixes = None
        if translator.decoding.prefixes:
            texts, prefixes = _parted(texts)
        found = translator.nbest(texts, nbest, notes, prefixes=prefixes, alignment=form == "jsonl")
        for place, translations in enumerate(found, lines + 1):
            remarks.add(place, translations[0])
        rows = zip(texts, found, strict=True)
        shown = [FORMATS[form](place, *row) for place, row in enumerate(rows, lines)]
        write("".join(shown).encode())
        lines += len(chunk)
    if damaged:
        count = "1 line has" if damaged == 1 else f"{damaged} lines have"
        warn(f"{count} invalid UTF-8 (first: line {first}), read as U+FFFD")
    notes.finish()
    for message in remarks.messages():
        warn(message)
    return Summary(lines, damaged)


def translate_lines(
    translator: TranslatesRanked, texts: Sequence[str], *, alignment: bool = False
) -> tuple[list[Translation], list[str]]:
    """Return the best translation of each line, and messages about what was split, cut or lost."""
    messages: list[str] = []
    notes, remarks = _Notes(messages.append), Remarks()
    ranked = translator.nbest(texts, 1, notes, alignment=alignment)
    best = [translations[0] for translations in ranked]
    for number, translation in enumerate(best, 1):
        remarks.add(number, translation)
    notes.finish()
    return best, messages + remarks.messages()


def _parted(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return sources and prefixes of lines with a tab between them; without one, no prefix."""
    rows = [line.partition("\t") for line in lines]
    return [source for source, _, _ in rows], [prefix for _, _, prefix in rows]


def chunks_of(source: Path | BinaryIO, name: str = "") -> Iterator[list[bytes]]:
    """Yield the lines of a file (plain or gzip) or of a binary stream in chunks of 1 to `CHUNK`.

    Raises:
        DataError: the file is missing or damaged.
    """
    lines = read_lines(source, name)
    if _is_live(source):
        yield from _as_they_come(lines)
        return
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _is_live(source: Path | BinaryIO) -> bool:
    """Return whether reading may have to wait for somebody."""
    try:
        mode = (source.stat() if isinstance(source, Path) else os.fstat(source.fileno())).st_mode
    except (OSError, ValueError):  # no such file, or a stream in memory
        return False
    return not stat.S_ISREG(mode)


def _as_they_come(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Yield what a reading thread has got by now; wait only where that is nothing."""
    ready: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=CHUNK)
    threading.Thread(target=_read_into, args=(lines, ready), daemon=True).start()
    while True:
        chunk: list[bytes] = []
        item = ready.get()
        while isinstance(item, bytes):
            chunk.append(item)
            if len(chunk) == CHUNK:
                break
            try:
                item = ready.get(timeout=PATIENCE)
            except queue.Empty:
                break
        if chunk:
            yield chunk
        if isinstance(item, BaseException):
            raise item
        if item is None:
            return


def _read_into(lines: Iterator[bytes], ready: queue.Queue[bytes | BaseException | None]) -> None:
    try:
        for line in lines:
            ready.put(line)
    except BaseException as error:  # for the reader of the queue, who would wait for ever
        ready.put(error)
    else:
        ready.put(None)


class _Notes:
    """Turns notes about a chunk's lines into warnings about the stream's, and keeps them few."""

    def __init__(self, warn: Warn) -> None:
        self.warn = warn
        self.count = 0
        self.lines_before = 0

    def __call__(self, place: int, message: str) -> None:
        self.count += 1
        if self.count <= LISTED:
            self.warn(f"line {self.lines_before + place + 1}: {message}")

    def finish(self) -> None:
        """Tell how many were not shown."""
        if self.count > LISTED:
            self.warn(f"{self.count - LISTED} more warnings about long lines")
