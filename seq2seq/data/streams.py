"""Parallel corpora as streams of pairs: plain text, TSV, JSON lines, and parts of others.

Plain text and TSV are read by our own line rule; training text is strict UTF-8. Nothing here holds
a corpus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from seq2seq.documents import parse_json
from seq2seq.errors import DataError
from seq2seq.text.lines import (
    check_parallel,
    decode_strict,
    measure,
    one_line,
    read_lines,
)

Pair = tuple[str, str]


@dataclass(frozen=True)
class Survey:
    """What one pass over the raw files tells."""

    count: int  # pairs, usable or not
    digest: str  # of the content


class Corpus(Protocol):
    """Pairs of raw text that can be streamed any number of times."""

    @property
    def name(self) -> str:
        """Return what a user would call it, for messages."""
        ...

    def survey(self) -> Survey:
        """Return count and digest; reads the files, and raises DataError where they fail."""
        ...

    def pairs(self) -> Iterator[Pair]:
        """Stream the pairs in order; raises DataError for a line that cannot be used."""
        ...


@dataclass(frozen=True)
class TextCorpus:
    """Two plain text files, line N of one translating line N of the other."""

    source: Path
    target: Path

    @property
    def name(self) -> str:
        """Return both file names."""
        return f"{self.source} and {self.target}"

    def survey(self) -> Survey:
        """Return count and digest of both files; raises DataError where their lines differ."""
        source, target = check_parallel([self.source, self.target])
        return Survey(source.lines, digest_of("text", source.digest, target.digest))

    def pairs(self) -> Iterator[Pair]:
        """Stream the pairs of lines."""
        rows = zip(read_lines(self.source), read_lines(self.target), strict=True)
        for number, (source, target) in enumerate(rows, 1):
            yield (
                decode_strict(source, self.source, number),
                decode_strict(target, self.target, number),
            )


@dataclass(frozen=True)
class TsvCorpus:
    """One file with source, tab, target on each line; quotes mean nothing."""

    path: Path

    @property
    def name(self) -> str:
        """Return the file name."""
        return str(self.path)

    def survey(self) -> Survey:
        """Return count and digest of the file's lines."""
        facts = measure(self.path)
        return Survey(facts.lines, digest_of("tsv", facts.digest))

    def pairs(self) -> Iterator[Pair]:
        """Stream the pairs; raises DataError for a line without exactly two fields."""
        for number, line in enumerate(read_lines(self.path), 1):
            fields = decode_strict(line, self.path, number).split("\t")
            if len(fields) != 2:
                counted = f"{len(fields)} field" + "s" * (len(fields) != 1)
                message = f"{self.path}:{number}: {counted} instead of 2"
                raise DataError(message, "write source, one tab, target on each line")
            yield fields[0], fields[1]


@dataclass(frozen=True)
class JsonLinesCorpus:
    """One JSON object a line: `{"en": ..., "fr": ...}`, or that under "translation"."""

    path: Path
    languages: tuple[str, str]

    @property
    def name(self) -> str:
        """Return the file name."""
        return str(self.path)

    def survey(self) -> Survey:
        """Return the count of lines, and a digest of them and the languages taken."""
        facts = measure(self.path)
        return Survey(facts.lines, digest_of("jsonl", *self.languages, facts.digest))

    def pairs(self) -> Iterator[Pair]:
        """Stream the pairs; raises DataError for a line that is no such object."""
        for number, line in enumerate(read_lines(self.path), 1):
            text = decode_strict(line, self.path, number)
            try:
                record = parse_json(text)
            except ValueError as error:
                raise DataError(f"{self.path}:{number}: not JSON ({error})") from None
            yield pair_of(record, self.languages, f"{self.path}:{number}")


@dataclass(frozen=True)
class ListedCorpus:
    """Pairs that are already in memory, such as the embedded corpus."""

    name: str
    listed: tuple[Pair, ...]

    def survey(self) -> Survey:
        """Return count and digest of the pairs."""
        digest = digest_of("listed", *(side for pair in self.listed for side in pair))
        return Survey(len(self.listed), digest)

    def pairs(self) -> Iterator[Pair]:
        """Stream the pairs."""
        return iter(self.listed)


@dataclass(frozen=True)
class FirstPairs:
    """The first `count` pairs of another corpus."""

    corpus: Corpus
    count: int

    @property
    def name(self) -> str:
        """Return the whole corpus' name."""
        return self.corpus.name

    def survey(self) -> Survey:
        """Return what is taken of the whole corpus."""
        whole = self.corpus.survey()
        return Survey(min(self.count, whole.count), digest_of("first", self.count, whole.digest))

    def pairs(self) -> Iterator[Pair]:
        """Stream the first pairs."""
        return islice(self.corpus.pairs(), self.count)


@dataclass(frozen=True)
class EveryNth:
    """Every `step`-th pair of another corpus, at most `count`, or all pairs but those."""

    corpus: Corpus
    whole: Survey  # of that corpus
    step: int
    count: int
    picked: bool
    without: frozenset[int] = frozenset()  # keys of pairs that are left out, too,
    absent: int = 0  # and how many they are

    @property
    def name(self) -> str:
        """Return the whole corpus' name."""
        return self.corpus.name

    def survey(self) -> Survey:
        """Return what is taken of the whole corpus."""
        count = self.count if self.picked else self.whole.count - self.count - self.absent
        copies = ("without", self.absent) if self.absent else ()
        return Survey(
            count,
            digest_of("every", self.step, self.count, self.picked, self.whole.digest, *copies),
        )

    def pairs(self) -> Iterator[Pair]:
        """Stream the pairs."""
        for index, pair in enumerate(self.corpus.pairs()):
            turn, rest = divmod(index, self.step)
            if (rest == self.step - 1 and turn < self.count) != self.picked:
                continue
            if not self.without or key_of(pair) not in self.without:
                yield pair


def key_of(pair: Pair) -> int:
    """Return a number of 64 bits for a pair, the same for its copies; spaces around are no part."""
    text = "\n".join(side.strip() for side in pair)
    data = text.encode("utf-8", errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def pair_of(record: Any, languages: tuple[str, str], where: str) -> Pair:
    """Return the pair in a JSON object or a data set's row; raises DataError if it has none."""
    inner = record.get("translation", record) if isinstance(record, dict) else None
    if not isinstance(inner, dict):
        raise DataError(
            f"{where}: not an object with the two languages", f'use {{"{languages[0]}": ...}}'
        )
    sides = []
    for language in languages:
        text = inner.get(language)
        if not isinstance(text, str):
            there = ", ".join(map(str, list(inner)[:8])) or "nothing"
            message = f'{where}: no text for "{language}" (there is {there})'
            raise DataError(message, "set data.pair to the two languages' keys")
        sides.append(one_line(text))
    return sides[0], sides[1]


def digest_of(*parts: object) -> str:
    """Return the SHA-256 over parts, each with its length, so that none run together."""
    digest = hashlib.sha256()
    for part in parts:
        data = str(part).encode("utf-8", errors="surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()
