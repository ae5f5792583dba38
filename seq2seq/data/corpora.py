"""Where a recipe's parallel text is found: in files, on the hub, or embedded in the toolkit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from seq2seq.config.schema import DataConfig
from seq2seq.data.streams import Corpus, JsonLinesCorpus, ListedCorpus, TextCorpus, TsvCorpus
from seq2seq.errors import DataError
from seq2seq.text.lines import missing

Split = Literal["train", "valid"]
PACKED = ("xz", "bz2", "zst", "zip", "lz4", "7z", "lzma", "Z", "rar", "txt")
VALIDATION_NAME = re.compile(
    "(^|[._-])(valid(ation)?|val|dev(el|elopment)?|tune|tuning|news(dev|test|discuss)|tst|heldout"
    "|held-out|eval)(?![A-Za-z])",
    re.IGNORECASE,
)


def open_corpus(data: DataConfig, split: Split) -> Corpus | None:
    """Return the corpus of a split, or None where there is no `valid` and none was named.

    Raises DataError for files or splits that are missing, and ResourceError for a hub data set out
    of reach.
    """
    base = data.train if split == "train" else data.valid
    if data.format == "demo":
        return _embedded(split)
    if not data.path:
        raise DataError("no corpus was named", "give --data DIR, or set data.path")
    if data.format == "hub":
        from seq2seq.data.hub import open_hub

        return open_hub(data, split)
    folder = Path(data.path).expanduser()
    if not folder.is_dir():
        raise missing(folder) if not folder.exists() else DataError(f"{folder} is not a folder")
    names = _file_names(data, base)
    paths = [_plain_or_packed(folder / name) for name in names]
    if split == "valid" and base == "valid" and not any(path.exists() for path in paths):
        return None
    for path in paths:
        if not path.exists():
            raise missing(path)
    if data.format == "text":
        return TextCorpus(*paths)
    return (
        TsvCorpus(paths[0]) if data.format == "tsv" else JsonLinesCorpus(paths[0], data.languages)
    )


def find_tests(data: DataConfig) -> dict[str, tuple[Path, Path]]:
    """Return source and reference of a text folder's tests by base name.

    Those are the ones that `data.test` names, or every `test*` that has both sides.
    """
    if data.format != "text" or not data.path:
        return {}
    folder = Path(data.path).expanduser()
    suffixes = [f".{language}" for language in data.languages]
    tests = {}
    for base in data.test or _test_names(folder, suffixes[0]):
        paths = [_plain_or_packed(folder / f"{base}{suffix}") for suffix in suffixes]
        absent = [path for path in paths if not path.exists()]
        if absent and data.test:
            raise missing(absent[0])
        if not absent:
            tests[base] = (paths[0], paths[1])
    return tests


def other_validation_text(data: DataConfig) -> dict[str, str]:
    """Return files that look like validation text beside train, but are not read, by base name.

    The names of the files are followed by "is" or "are".
    """
    if data.format not in ("text", "tsv", "jsonl"):
        return {}
    folder = Path(data.path).expanduser()
    last = _file_names(data, "")[0]
    entries = {path.name.removesuffix(".gz") for path in folder.iterdir()}
    bases = {name.removesuffix(last) for name in entries if name.endswith(last)}
    told = {}
    for base in sorted(bases - {data.train, data.valid, *data.test}):
        names = _file_names(data, base)
        if VALIDATION_NAME.search(base) and entries.issuperset(names):
            told[base] = f"{names[0]} is" if len(names) == 1 else f"{' and '.join(names)} are"
    return told


def unread_files(data: DataConfig) -> list[str]:
    """Return a line for each file of training, validation or test text that is not read as it is.

    It is packed otherwise than with gzip, or stands packed beside itself.
    """
    if data.format not in ("text", "tsv", "jsonl"):
        return []
    entries = {path.name for path in Path(data.path).expanduser().iterdir()}
    bases = {data.train, data.valid, *data.test}
    told = []
    for ending in _file_names(data, ""):
        for entry in sorted(entries):
            name, _, suffix = entry.rpartition(".")
            base = name.removesuffix(ending)
            known = base in bases or VALIDATION_NAME.search(base) or base.startswith("test")
            if not name.endswith(ending) or not known:
                continue
            if suffix == "gz" and name in entries:
                told.append(f"{entry} is not read: {name} stands beside it")
            elif suffix in PACKED and not entries & {name, f"{name}.gz"}:
                told.append(f"{entry} is not read: unpack it (only .gz is read packed)")
    return told


def _embedded(split: Split) -> Corpus:
    from seq2seq.data.demo import demo_corpus

    corpus = demo_corpus()
    examples = corpus.train if split == "train" else corpus.valid
    return ListedCorpus(
        "the embedded corpus", tuple((example.source, example.target) for example in examples)
    )


def _file_names(data: DataConfig, base: str) -> list[str]:
    if data.format == "text":
        return [f"{base}.{language}" for language in data.languages]
    return [f"{base}.{data.format}"]


def _plain_or_packed(path: Path) -> Path:
    packed = path.with_name(f"{path.name}.gz")
    return packed if packed.exists() and not path.exists() else path


def _test_names(folder: Path, suffix: str) -> list[str]:
    names = {path.name.removesuffix(".gz") for path in folder.glob("test*")}
    return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix))
