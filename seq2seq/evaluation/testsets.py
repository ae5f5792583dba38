"""Test sets: from files of one's own, or sacrebleu's by name.

Lines end with LF and nothing else, so U+2028 inside a sentence splits nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seq2seq.errors import DataError, UsageError
from seq2seq.metrics.download import fetching
from seq2seq.metrics.languages import DEFAULT_TOKENIZER, tokenizer_of
from seq2seq.terminal import standard_input
from seq2seq.text.lines import decode_line, read_lines

STANDARD_INPUT = Path("-")


@dataclass(frozen=True)
class TestSet:
    """Sentences to translate (where known), and one list of references per reference set."""

    __test__ = False  # pytest takes every class called Test* for its own

    references: list[list[str]]
    reference_names: list[str]
    source: list[str] | None = None
    name: str | None = None  # sacrebleu's; None for files of one's own
    pair: str | None = None
    remarks: tuple[str, ...] = ()
    language: str = ""  # of the references; "" where it is not known

    @property
    def tokenizer(self) -> str:
        """Return the tokenizer that BLEU takes for the target language."""
        return tokenizer_of(self.language or (self.pair or "").rpartition("-")[2])


def read_texts(path: Path) -> tuple[list[str], int]:
    """Return a file's lines (of standard input for "-"), and how many held invalid UTF-8.

    Raises:
        DataError: the file is missing or damaged.
    """
    lines = read_lines(standard_input() if path == STANDARD_INPUT else path)
    decoded = [decode_line(line) for line in lines]
    return [text for text, _ in decoded], sum(damaged for _, damaged in decoded)


def from_files(
    references: Sequence[Path], source: Path | None = None, language: str = ""
) -> TestSet:
    """Read a test set from files; all must have the same number of lines.

    Where no target language is given, the name of the references may tell it, as test.zh does.

    Raises:
        DataError: a file is missing, damaged or empty, or the numbers of lines differ.
    """
    paths = [*references, source] if source else list(references)
    read = [read_texts(path) for path in paths]
    check_counts([(str(path), len(texts)) for path, (texts, _) in zip(paths, read, strict=True)])
    return TestSet(
        references=[texts for texts, _ in read[: len(references)]],
        reference_names=[str(path) for path in references],
        source=read[-1][0] if source else None,
        remarks=tuple(
            damage_remark(path, damaged)
            for path, (_, damaged) in zip(paths, read, strict=True)
            if damaged
        ),
        language=language or language_in(references[0]),
    )


def language_in(path: Path) -> str:
    """Return the language that a file's name ends with, if BLEU needs a tokenizer for it."""
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    language = suffix.removeprefix(".")
    return "" if tokenizer_of(language) == DEFAULT_TOKENIZER else language


def check_counts(counted: Sequence[tuple[str, int]]) -> None:
    """Raise a DataError that names every file and its lines, unless all have the same, and some."""
    if len({count for _, count in counted}) > 1:
        listed = ", ".join(f"{name} has {count} lines" for name, count in counted)
        raise DataError(listed, "line N of each file must belong to line N of the others")
    if not counted[0][1]:
        raise DataError(f"{counted[0][0]} is empty", "there must be at least one line to score")


def damage_remark(path: Path, damaged: int) -> str:
    """Say how many lines of a file had to be mended."""
    lines = "1 line holds" if damaged == 1 else f"{damaged} lines hold"
    return f"{path}: {lines} invalid UTF-8, read with U+FFFD in its place"


def sacrebleu_set(name: str, pair: str) -> TestSet:
    """Return one of sacrebleu's own test sets, fetched on first use and kept in `~/.sacrebleu`.

    Raises:
        UsageError: no such test set, or it does not have the pair; the nearest names are given.
        ResourceError: it is not on this machine and cannot be fetched.
    """
    from sacrebleu.dataset import DATASETS

    if name not in DATASETS:
        near = difflib.get_close_matches(name, DATASETS, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`sacrebleu --list` has them all"
        raise UsageError(f"--testset {name}: sacrebleu has no such test set", hint)
    dataset = DATASETS[name]
    if pair not in dataset.langpairs:
        known = sorted(dataset.langpairs)
        listed = difflib.get_close_matches(pair, known, n=3) or known
        raise UsageError(f"--pair {pair}: {name} does not have it", f"it has {', '.join(listed)}")
    with fetching(
        f"the test set {name} ({pair})",
        "connect to the network once, or give files with --source and --reference",
    ):
        source = Path(dataset.get_source_file(pair))
        references = [Path(path) for path in dataset.get_reference_files(pair)]
    read = from_files(references, source, pair.rpartition("-")[2])
    return replace(read, name=name, pair=pair)
