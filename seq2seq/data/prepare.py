"""From a recipe's corpus to encoded text, once: later starts find it by content hash."""

from __future__ import annotations

import importlib.metadata
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from seq2seq.config.schema import Recipe
from seq2seq.data.cache import cached, read_manifest, write_manifest
from seq2seq.data.cleaning import DataReport, check_usable, usable
from seq2seq.data.corpora import find_tests
from seq2seq.data.encoded import CorpusWriter, EncodedCorpus, token_type
from seq2seq.data.round_trip import RoundTrip, round_trip
from seq2seq.data.sets import Sets, note_oddities, note_overlaps, open_sets
from seq2seq.data.streams import Corpus, Pair, digest_of
from seq2seq.data.subwords import SampledCorpus, WordCorpus, build_words
from seq2seq.documents import parse_json
from seq2seq.text.folder import load_tokenizers, save_tokenizers, shortfalls, train_tokenizers
from seq2seq.text.sentencepiece import SentencePiece
from seq2seq.text.tokenizer import UNK, Tokenizer

FORMAT = 1  # part of a run's data hash
SEGMENTATIONS = 2  # 1 was drawn by sentencepiece, anew for each cache
TRAINING = 3  # of tokenizers; raise it whenever the same text gives others
LAYOUT = 2  # of cached corpora; raise it whenever the same input gives other files
CHUNK = 20_000  # pairs encoded at a time

Note = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """Everything that training needs to know about its text.

    `valid_sources` and `valid_references` are raw text, pair by pair beside `valid`. Equal
    `data_hash` means equal batches: it covers text, tokenizers, and what was dropped. `tests` holds
    source and reference files by base name where the corpus is a folder of text.
    """

    source: Tokenizer
    target: Tokenizer
    train: EncodedCorpus
    valid: EncodedCorpus
    valid_sources: list[str]
    valid_references: list[str]
    report: DataReport
    data_hash: str
    tests: dict[str, tuple[Path, Path]]
    words: WordCorpus | None  # where segmentations are sampled

    @cached_property
    def round_trip(self) -> RoundTrip:
        """Return what encoding and decoding makes of the validation references."""
        return round_trip(self.target, self.valid_references)

    def lines(self) -> list[str]:
        """Return what to know of the data, one fact a line."""
        if not self.round_trip.changed:
            return self.report.lines()
        return [*self.report.lines(), self.round_trip.line("validation references")]

    def epoch(self, seed: int, epoch: int) -> EncodedCorpus | SampledCorpus:
        """Return the training corpus as an epoch reads it."""
        return self.train if self.words is None else self.words.epoch(seed, epoch)


def prepare(
    recipe: Recipe,
    cache: Path,
    tokenizers: tuple[Tokenizer, Tokenizer] | None = None,
    note: Note = lambda message: None,
    *,
    copies_stay: bool = False,
) -> Prepared:
    """Read, clean and encode the recipe's corpus, or find that done under `cache`.

    `tokenizers` are a run's own; without them they are trained, or found, too. `note` hears, line
    by line, what a user should know. `copies_stay` leaves copies of pairs that are held out in the
    training text, as older versions did. Raises DataError for unusable text, ResourceError for a
    cache that cannot be written.
    """
    tests = find_tests(recipe.data)
    sets = open_sets(recipe, cache, note, copies_stay)
    note_oddities(sets.train, note)
    note_overlaps(sets, tests, cache, note)
    source, target = tokenizers or _tokenizers(recipe, cache, sets)
    for sentence in shortfalls((source, target), recipe.text):
        note(sentence)
    data_hash = digest_of(
        FORMAT,
        sets.train_digest,
        sets.valid_digest,
        source.digest,
        target.digest,
        *recipe.data.languages,
        recipe.data.max_length,
    )
    entry = cache / "corpora" / f"{data_hash[:32]}-{LAYOUT}"
    encoder = _Encoder(source, target, recipe.data.max_length)
    train, valid, texts, report = cached(
        entry,
        lambda folder: encoder.build(folder, sets),
        lambda folder: _opened(folder, encoder.kind),
    )
    if report.valid_dropped:
        note(f"{report.valid_dropped} validation pairs dropped: empty, or over data.max_length")
    sources, references = [pair[0] for pair in texts], [pair[1] for pair in texts]
    words = _words(recipe, cache, data_hash, train, (source, target))
    return Prepared(
        source, target, train, valid, sources, references, report, data_hash, tests, words
    )


def _words(
    recipe: Recipe,
    cache: Path,
    data_hash: str,
    train: EncodedCorpus,
    tokenizers: tuple[Tokenizer, Tokenizer],
) -> WordCorpus | None:
    """Return the training corpus as words with sampled segmentations, if the recipe wants them."""
    strength = recipe.training.subword_sampling
    source, target = tokenizers
    if not strength or not isinstance(source, SentencePiece):
        return None
    assert isinstance(target, SentencePiece)
    key = digest_of(SEGMENTATIONS, data_hash, repr(strength), recipe.seed)
    return cached(
        cache / "segmentations" / key[:32],
        lambda folder: build_words(folder, train, (source, target), strength, recipe.seed),
        WordCorpus,
    )


def _tokenizers(recipe: Recipe, cache: Path, sets: Sets) -> tuple[Tokenizer, Tokenizer]:
    text, languages = recipe.text, recipe.data.languages
    library = "sacremoses" if text.tokenizer == "words" else "sentencepiece"
    settings = text.model_dump(exclude={"source_order"})
    key = digest_of(
        TRAINING,
        sets.train_digest,
        json.dumps(settings, sort_keys=True),
        *languages,
        recipe.seed,
        library,
        importlib.metadata.version(library),
    )

    def build(folder: Path) -> None:
        trained = train_tokenizers(sets.train.pairs, text, languages, recipe.seed)
        save_tokenizers(folder, *trained)

    def open_(folder: Path) -> tuple[Tokenizer, Tokenizer]:
        return load_tokenizers(folder, text, languages)

    return cached(cache / "tokenizers" / key[:32], build, open_)


@dataclass(frozen=True)
class _Encoder:
    source: Tokenizer
    target: Tokenizer
    longest: int

    @property
    def kind(self) -> str:
        """Return the type of tokens in the files."""
        return token_type(max(self.source.size, self.target.size))

    def build(self, folder: Path, sets: Sets) -> None:
        """Fill a folder of the cache; the manifest comes last."""
        report, checked = DataReport(held_out=sets.held_out), DataReport()
        with (folder / "valid.jsonl").open("w", encoding="utf-8", newline="\n") as texts:
            for pair in self._encode(sets.valid, folder, "valid", checked):
                texts.write(json.dumps(pair) + "\n")
        for _ in self._encode(sets.train, folder, "train", report):
            pass
        report.valid, report.valid_dropped = checked.kept, checked.read - checked.kept
        write_manifest(folder, {"format": FORMAT, "report": report.as_dict()})

    def _encode(
        self, corpus: Corpus, folder: Path, name: str, report: DataReport
    ) -> Iterator[Pair]:
        """Write a corpus chunk by chunk and yield the raw pairs that are kept."""
        stream = corpus.pairs()
        uncovered: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        with CorpusWriter(folder, name, self.kind) as writer:
            while chunk := list(islice(stream, CHUNK)):
                sources = self.source.encode([pair[0] for pair in chunk])
                targets = self.target.encode([pair[1] for pair in chunk])
                uncovered[0].update(self.source.uncovered([pair[0] for pair in chunk], sources))
                uncovered[1].update(self.target.uncovered([pair[1] for pair in chunk], targets))
                kept = [
                    place
                    for place, (source, target) in enumerate(zip(sources, targets, strict=True))
                    if usable(source, target, self.longest, report)
                ]
                sources, targets = (
                    [sources[place] for place in kept],
                    [targets[place] for place in kept],
                )
                writer.write(sources, targets)
                report.source_pieces += sum(map(len, sources))
                report.target_pieces += sum(map(len, targets))
                report.source_unknown += sum(row.count(UNK) for row in sources)
                report.target_unknown += sum(row.count(UNK) for row in targets)
                yield from (chunk[place] for place in kept)
        report.source_uncovered, report.target_uncovered = map(dict, uncovered)
        report.source_bytes = self.source.spells_bytes
        report.target_bytes = self.target.spells_bytes
        check_usable(report, corpus.name)


def _opened(folder: Path, kind: str) -> tuple[EncodedCorpus, EncodedCorpus, list[Pair], DataReport]:
    """Open a folder of the cache; raises OSError or ValueError where it is not whole."""
    try:
        report = DataReport(**read_manifest(folder)["report"])
    except (KeyError, TypeError) as error:
        raise ValueError("damaged manifest") from error
    with (folder / "valid.jsonl").open(encoding="utf-8", newline="\n") as file:
        texts = [tuple(parse_json(line)) for line in file]
    train = EncodedCorpus(folder, "train", kind)
    valid = EncodedCorpus(folder, "valid", kind)
    if len(valid) != len(texts):
        raise ValueError("damaged validation text")
    return train, valid, texts, report
