"""The training and the validation text of a recipe, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from seq2seq.config.schema import Recipe
from seq2seq.data.corpora import open_corpus, other_validation_text, unread_files
from seq2seq.data.overlap import held_out, overlaps
from seq2seq.data.streams import Corpus, FirstPairs, Pair, digest_of
from seq2seq.errors import DataError
from seq2seq.metrics.remarks import training_remarks
from seq2seq.text.lines import check_parallel, decode_line, read_lines

LOOKED_AT = 10_000  # pairs

Note = Callable[[str], None]


@dataclass(frozen=True)
class Sets:
    """Two corpora with digests of their content; `held_out` pairs were taken out of the first."""

    train: Corpus
    train_digest: str
    valid: Corpus
    valid_digest: str
    held_out: int


def open_sets(recipe: Recipe, cache: Path, note: Note, copies_stay: bool) -> Sets:
    """Open training and validation text; without the latter, hold pairs out of the former.

    Raises:
        DataError: one of them is missing or empty.
    """
    data = recipe.data
    train = open_corpus(data, "train")
    assert train is not None
    if data.limit:
        train = FirstPairs(train, data.limit)
    valid = open_corpus(data, "valid")
    for line in unread_files(data):
        note(line)
    whole = train.survey()
    if not whole.count:
        raise DataError(f"{train.name}: no pairs at all", "the text is empty")
    if valid is not None:
        check = valid.survey()
        if not check.count:
            raise DataError(
                f"{valid.name}: no pairs at all", "take it away to hold pairs out of train"
            )
        return Sets(train, whole.digest, valid, check.digest, 0)
    if whole.count == 1:
        return Sets(train, whole.digest, train, whole.digest, 0)
    for base, names in other_validation_text(data).items():
        note(f"{names} not read: --set data.valid={base} validates with it")
    held = min(data.held_out, max(1, whole.count // 10))
    note(f"no validation text: {held:,} of {whole.count:,} training pairs are held out for it")
    rest, picked, copies = held_out(train, whole, held, cache, with_copies=not copies_stay)
    if copies and rest.without:
        taken = "1 copy of them is" if copies == 1 else f"{copies:,} copies of them are"
        note(f"{taken} taken out of the training text, too")
    elif copies:
        note(
            f"{copies:,} copies of them stay in the training text, most of which they are: "
            "scores on them say nothing about new text"
        )
    return Sets(rest, rest.survey().digest, picked, picked.survey().digest, held)


def note_oddities(train: Corpus, note: Note) -> None:
    """Say what looks wrong about the first pairs of the training text."""
    pairs = list(islice(train.pairs(), LOOKED_AT))
    for remark in training_remarks([pair[0] for pair in pairs], [pair[1] for pair in pairs]):
        note(remark)


def note_overlaps(
    sets: Sets, tests: dict[str, tuple[Path, Path]], cache: Path, note: Note
) -> None:
    """Say how much of the validation and test text training has read."""
    if sets.train_digest == sets.valid_digest:
        note("the validation text is the training text: its scores say nothing about new text")
        return
    others: dict[str, tuple[str, Iterable[Pair]]] = {}
    if not sets.held_out:
        others["validation"] = sets.valid_digest, sets.valid.pairs()
    for name, paths in tests.items():
        try:
            digests = [facts.digest for facts in check_parallel(paths)]
        except DataError as error:
            note(f"{name} cannot be used: {error.message}")
            continue
        rows = zip(*map(read_lines, paths), strict=True)
        others[name] = (
            digest_of(*digests),
            ((decode_line(source)[0], decode_line(target)[0]) for source, target in rows),
        )
    if not others:
        return
    for name, count in overlaps(sets.train, sets.train_digest, others, cache).items():
        if count:
            pairs = "1 pair stands" if count == 1 else f"{count:,} pairs stand"
            note(
                f"{name}: {pairs} in the training text, too: scores on "
                f"{'it' if count == 1 else 'them'} say nothing about new text"
            )
