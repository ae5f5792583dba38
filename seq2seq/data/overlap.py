"""Pairs of a validation or test set that stand in the training text, too.

A model has read their translations, so that scores on them say little about new text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from seq2seq.data.cache import cached, read_manifest, write_manifest
from seq2seq.data.streams import Corpus, EveryNth, Pair, Survey, digest_of, key_of
from seq2seq.documents import is_number

SMALLEST_REST = 0.5  # of the pairs, for training


def occurrences(corpus: Corpus, wanted: Collection[int]) -> Counter[int]:
    """Return how often the pairs of `wanted` keys stand in a corpus; one pass over it."""
    keys = map(key_of, corpus.pairs())
    return Counter(key for key in keys if key in wanted)


def overlaps(
    train: Corpus, digest: str, sets: Mapping[str, tuple[str, Iterable[Pair]]], cache: Path
) -> dict[str, int]:
    """Return how many pairs of each set stand in the training text.

    `sets` holds digest and pairs by name; what was counted before is found by the digests.
    """
    key = digest_of("overlap", digest, *(part for name in sets for part in (name, sets[name][0])))

    def build(folder: Path) -> None:
        keys = {
            name: [key_of(pair) for pair in pairs if all(map(str.strip, pair))]
            for name, (_, pairs) in sets.items()
        }
        known = occurrences(train, {key for own in keys.values() for key in own})
        counts = {name: sum(key in known for key in own) for name, own in keys.items()}
        _write(folder, counts)

    found: dict[str, int] = cached(cache / "overlaps" / key[:32], build, _read)
    return found


def held_out(
    train: Corpus, whole: Survey, count: int, cache: Path, *, with_copies: bool = True
) -> tuple[EveryNth, EveryNth, int]:
    """Divide a corpus into the rest and `count` pairs held out of it, which take copies with them.

    Returns:
        Both, and how many copies the rest is without, or would be: where more than half of the text
        would go, as of one sentence again and again, they stay. Runs of older versions kept them.
    """
    step = whole.count // count
    rest, picked = (EveryNth(train, whole, step, count, side) for side in (False, True))
    if not with_copies:
        return rest, picked, 0

    def build(folder: Path) -> None:
        keys = Counter(key_of(pair) for pair in picked.pairs() if all(map(str.strip, pair)))
        copied = occurrences(train, keys)
        copied.subtract(keys)
        _write(folder, {str(key): number for key, number in copied.items() if number})

    entry = cache / "overlaps" / digest_of("copies", whole.digest, step, count)[:32]
    copies: dict[str, int] = cached(entry, build, _read)
    if not copies:
        return rest, picked, 0
    total = sum(copies.values())
    if whole.count - count - total < SMALLEST_REST * whole.count:
        return rest, picked, total
    keys = frozenset(map(int, copies))
    return EveryNth(train, whole, step, count, False, keys, total), picked, total


def _write(folder: Path, counts: Mapping[str, int]) -> None:
    write_manifest(folder, {"counts": dict(counts)})


def _read(folder: Path) -> dict[str, int]:
    counts = read_manifest(folder).get("counts")
    if not isinstance(counts, dict) or not all(map(is_number, counts.values())):
        raise ValueError("damaged counts")
    return counts
