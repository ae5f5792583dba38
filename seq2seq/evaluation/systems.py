"""The systems of a comparison: files of translations, and runs that translate on the spot.

What a run translates is kept in a cache, by model, input and settings, so that a second comparison
need not translate again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seq2seq.documents import parse_json, parse_table
from seq2seq.errors import DataError, ModelError, ResourceError, UsageError
from seq2seq.evaluation.looks import Looks, word_looks
from seq2seq.evaluation.testsets import check_counts, damage_remark, read_texts
from seq2seq.files import replace_file, sha256_of
from seq2seq.models.bundle import RECIPE, WEIGHTS, read_document
from seq2seq.runtime.devices import peak_memory

LOG = "log.jsonl"
JOINT = "+"  # between the members of an ensemble

KEPT = {"translations", "messages", "looks", "seconds", "parameters", "peak_memory"}

Note = Callable[[str], None]


@dataclass(frozen=True)
class Cost:
    """What a model's translations took."""

    parameters: int
    training_minutes: float | None
    sentences_per_second: float
    peak_memory: int  # bytes, of this process, with whatever it had done before


@dataclass(frozen=True)
class System:
    """A name, the translations of each test set, and where they are from."""

    name: str
    translations: list[list[str]]  # one list a test set
    runs: tuple[Path, ...]  # none for a file
    cost: Cost | None  # of a model
    recipe: str = ""  # equal for runs that differ in their seed alone
    seed: int = 0
    looks: list[list[Looks | None]] | None = None  # of a model: for each set, each translation's


@dataclass(frozen=True)
class Spec:
    """A system as the command line names it."""

    name: str
    paths: tuple[Path, ...]
    is_model: bool


def read_specs(systems: Sequence[str]) -> list[Spec]:
    """Take systems apart: FILE, RUN, RUN+RUN, each with a name before "=" or without.

    Raises:
        UsageError: two have one name, or one has no path.
        DataError: there is nothing at the path.
        ModelError: a folder, or a member of an ensemble, is no run.
    """
    specs = [_spec(system) for system in systems]
    for number, spec in enumerate(specs):
        if spec.name in [other.name for other in specs[:number]]:
            raise UsageError(
                f"two systems are called {spec.name!r}",
                "give each a name of its own: first=PATH second=PATH",
            )
    return specs


def _spec(system: str) -> Spec:
    name, equals, rest = system.partition("=")
    if not equals or not name or Path(system).exists():
        name, rest = "", system
    if not rest:
        raise UsageError(f"{system!r} names no system", "give a run, a file, or name=one of these")
    whole = Path(rest)
    members = [whole] if whole.exists() else [Path(part) for part in rest.split(JOINT)]
    for member in members:
        if not member.exists():
            kind = ModelError if len(members) > 1 else DataError
            raise kind(f"{member} does not exist", "name a run directory or a text file")
    is_model = all((member / RECIPE).is_file() for member in members)
    if not is_model and (len(members) > 1 or whole.is_dir()):
        odd = next(member for member in members if not (member / RECIPE).is_file())
        raise ModelError(f"{odd} is no run directory", "name runs, or one text file")
    shown = JOINT.join(member.resolve().name for member in members)
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in name or shown)
    return Spec(printable, tuple(members), is_model)


def read_file(spec: Spec, sources: int, expected: Sequence[tuple[str, int]]) -> tuple[System, str]:
    """Return the system of a file of translations, and a remark about damaged lines or nothing.

    Raises:
        UsageError: there are several test sets.
        DataError: the numbers of lines differ.
    """
    if sources > 1:
        raise UsageError(
            f"{spec.paths[0]} is one file, for {sources} test sets", "compare files one set a call"
        )
    texts, damaged = read_texts(spec.paths[0])
    check_counts([(str(spec.paths[0]), len(texts)), *expected])
    remark = damage_remark(spec.paths[0], damaged) if damaged else ""
    return System(spec.name, [texts], (), None), remark


def translate(
    spec: Spec, sources: Sequence[Sequence[str]], cache: Path, device: str, note: Note
) -> System:
    """Return the system of one or several runs; what was translated before is not done again."""
    documents = [read_document(run) for run in spec.paths]
    model = [
        [sha256_of(run / name) for name in (RECIPE, WEIGHTS) if (run / name).exists()]
        for run in spec.paths
    ]
    found = [_cached(cache, _key(model, source, device), len(source)) for source in sources]
    if any(one is None for one in found):
        note(f"{spec.name}: translating {sum(map(len, sources)):,} sentences")
        found = _translated(spec, sources, device)
        for source, one in zip(sources, found, strict=True):
            _keep(cache, _key(model, source, device), one)
    whole: list[dict[str, Any]] = [one for one in found if one is not None]
    for message in (message for one in whole for message in one["messages"]):
        note(f"{spec.name}: {message}")
    seconds = sum(float(one["seconds"]) for one in whole)
    cost = Cost(
        int(whole[0]["parameters"]),
        _training_minutes(spec.paths),
        sum(map(len, sources)) / max(seconds, 1e-9),
        max(int(one["peak_memory"]) for one in whole),
    )
    recipe = dict(documents[0].get("recipe", {}))
    seed = int(recipe.pop("seed", 0))
    alike = json.dumps(recipe, sort_keys=True) if len(spec.paths) == 1 else ""
    translations = [list(map(str, one["translations"])) for one in whole]
    looks = [one["looks"] for one in whole]
    known = any(one is not None for own in looks for one in own)
    return System(spec.name, translations, spec.paths, cost, alike, seed, looks if known else None)


def _translated(
    spec: Spec, sources: Sequence[Sequence[str]], device: str
) -> list[dict[str, Any] | None]:
    from seq2seq.decoding.stream import translate_lines
    from seq2seq.decoding.translator import Translator, override

    translator = Translator.load(list(spec.paths), device=device)
    translator.check_translates()
    translator.decoding = override(translator.decoding, {"alignment": "best"})
    parameters: Any = translator.model
    count = sum(each.numel() for each in parameters.parameters())
    found: list[dict[str, Any] | None] = []
    for source in sources:
        began = time.perf_counter()
        best, messages = translate_lines(translator, source, alignment=True)
        seconds = time.perf_counter() - began
        found.append(
            {
                "translations": [one.text for one in best],
                "messages": messages,
                "looks": [word_looks(*pair) for pair in zip(source, best, strict=True)],
                "seconds": seconds,
                "parameters": count,
                "peak_memory": peak_memory(),
            }
        )
    return found


def _key(model: list[list[str]], source: Sequence[str], device: str) -> str:
    text = json.dumps([version("seq2seq"), version("torch"), device, model, list(source)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _cached(cache: Path, key: str, count: int) -> dict[str, Any] | None:
    """Return what was kept, or None where there is nothing whole."""
    try:
        entry = parse_json((cache / f"{key}.json").read_bytes())
        whole = entry.keys() >= KEPT and len(entry["translations"]) == count
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    return dict(entry) if whole else None


def _keep(cache: Path, key: str, found: dict[str, Any] | None) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        replace_file(cache / f"{key}.json", json.dumps(found).encode())
    except (OSError, ResourceError):
        pass  # a cache that cannot be written costs time, not the result


def _training_minutes(runs: Sequence[Path]) -> float | None:
    """Return what the training of all runs took, by their logs."""
    total = 0.0
    for run in runs:
        try:
            lines = (run / LOG).read_text(encoding="utf-8").splitlines()
            total += max(float(parse_table(line)["seconds"]) for line in lines) / 60.0
        except (OSError, ValueError, KeyError, TypeError):
            return None
    return total
