"""`seq2seq compare`: which system is better, how sure that is, and where they differ."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from seq2seq.commands.options import (
    AsJson,
    Debug,
    Device,
    Lowercase,
    Quiet,
    References,
    Threads,
    TokenizeFor,
    notes,
)
from seq2seq.commands.paths import check_no_input, no_run_file
from seq2seq.errors import DataError, UsageError
from seq2seq.terminal import put

if TYPE_CHECKING:
    from seq2seq.evaluation.systems import Spec, System
    from seq2seq.evaluation.testsets import TestSet

EXAMPLES = """Examples:\n
\b
  seq2seq compare old.txt new.txt --reference test.fr
  seq2seq compare lstm=runs/a both=runs/a+runs/b --source test.en --reference test.fr
  seq2seq compare runs/a google.txt --source test.en --reference test.fr --html page.html
"""

Trials = Annotated[
    int | None,
    typer.Option(min=100, max=1_000_000, help="of the test", show_default="1,000 or 10,000"),
]
Page = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="write a page; FILE.md: as Markdown", callback=no_run_file),
]


def compare(
    systems: Annotated[
        list[str],
        typer.Argument(
            metavar="SYSTEM", help="a file of translations, RUN, RUN+RUN, or name=one of these"
        ),
    ],
    reference: References = None,
    source: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="what was translated; several are several test sets"),
    ] = None,
    tokenize: TokenizeFor = None,
    lowercase: Lowercase = False,
    metric: Annotated[
        str, typer.Option(metavar="NAMES", help="of BLEU,chrF,TER; the first one leads")
    ] = "BLEU,chrF",
    test: Annotated[
        Literal["bootstrap", "randomisation"], typer.Option(help="of the difference to the first")
    ] = "bootstrap",
    trials: Trials = None,
    seed: Annotated[int, typer.Option(min=0, help="of the test")] = 12345,
    training: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="target side of the training text, for accuracy by frequency"
        ),
    ] = None,
    html: Page = None,
    as_json: AsJson = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Compare systems with each other: the first is the baseline of all tests."""
    _check_usage(systems, reference, source, html)
    from seq2seq.evaluation import comparison
    from seq2seq.evaluation.systems import read_specs
    from seq2seq.report.comparison import comparison_document, comparison_tables
    from seq2seq.report.comparison_page import write_page

    settings = comparison.Settings(_metrics(metric), tokenize, lowercase, test, trials or 0, seed)
    specs = read_specs(systems)
    check_no_input(html, [*(reference or []), *(source or []), training, *_paths(specs)])
    sets = _test_sets(reference or [], source or [], _language(specs))
    read, remarks = _read(specs, sets, device, quiet)
    known = _training(training, specs, tokenize or sets[0][1].tokenizer, lowercase)
    result = comparison.compare(read, sets, settings, known.words, known.name)
    remarks += [*known.remarks, *(line for one in result.sets for line in one.remarks)]
    for remark in remarks:
        notes(quiet, "warning: ")(remark)
    if html is not None:
        write_page(result, html)
    if as_json:
        put(comparison_document(result) + "\n")
    else:
        comparison_tables(result)


def _check_usage(
    systems: list[str],
    reference: list[Path] | None,
    source: list[Path] | None,
    html: Path | None,
) -> None:
    if not reference:
        raise UsageError("there is nothing to compare against", "give --reference FILE")
    if source and len(source) > 1 and len(source) != len(reference):
        raise UsageError(
            f"{len(source)} sources and {len(reference)} references",
            "give one --reference for each --source, or one --source with several",
        )
    if len(systems) < 2:
        raise UsageError(
            "one system alone cannot be compared", "name two, or use `seq2seq evaluate`"
        )
    if html is not None:
        from seq2seq.report.page import check_page

        check_page(html)


def _paths(specs: list[Spec]) -> list[Path]:
    return [path for spec in specs for path in spec.paths]


def _metrics(names: str) -> tuple[Literal["BLEU", "chrF", "TER"], ...]:
    from seq2seq.metrics.statistics import METRICS

    wanted = [name.strip().lower() for name in names.split(",")]
    known = {name.lower(): name for name in METRICS}
    if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= known.keys():
        raise UsageError(f"--metric {names}", f"name some of {','.join(METRICS)}, each once")
    return tuple(known[name] for name in wanted)


def _language(specs: list[Spec]) -> str:
    """Return the target language of the first run; "" where there are only files."""
    from seq2seq.models.bundle import read_recipe

    run = next((spec.paths[0] for spec in specs if spec.is_model), None)
    return read_recipe(run).data.languages[1] if run else ""


def _test_sets(
    reference: list[Path], source: list[Path], language: str
) -> list[tuple[str, TestSet]]:
    """Return named test sets: one with all references, or one for each source."""
    from seq2seq.evaluation.testsets import from_files

    if len(source) <= 1:
        first = source[0] if source else None
        return [((first or reference[0]).name, from_files(reference, first, language))]
    pairs = zip(source, reference, strict=True)
    return [(path.name, from_files([other], path, language)) for path, other in pairs]


def _read(
    specs: list[Spec], sets: list[tuple[str, TestSet]], device: str, quiet: bool
) -> tuple[list[System], list[str]]:
    """Return the systems with their translations, and remarks about damaged files."""
    from seq2seq.data.cache import cache_folder
    from seq2seq.evaluation.systems import read_file, translate

    systems, remarks = [], []
    for spec in specs:
        if spec.is_model:
            sources = [test_set.source for _, test_set in sets]
            if any(one is None for one in sources):
                raise UsageError(f"{spec.name} needs something to translate", "add --source FILE")
            texts = [one for one in sources if one is not None]
            folder = cache_folder() / "translations"
            systems.append(translate(spec, texts, folder, device, notes(quiet)))
            continue
        first = sets[0][1]
        counted = zip(first.reference_names, map(len, first.references), strict=True)
        system, remark = read_file(spec, len(sets), list(counted))
        systems.append(system)
        remarks += [remark] if remark else []
    return systems, remarks


class Training(NamedTuple):
    """How often words stand in a training text, its name, and what is odd about it."""

    words: Counter[str] | None
    name: str
    remarks: list[str]


def _training(path: Path | None, specs: list[Spec], tokenize: str, lowercase: bool) -> Training:
    """Count the words of the training text: of the file named, or of the first run's own."""
    from seq2seq.evaluation.buckets import count_words
    from seq2seq.evaluation.testsets import damage_remark, read_texts
    from seq2seq.metrics.statistics import words_of

    found = path or next((text for spec in specs for text in _trained_on(spec)), None)
    if found is None:
        return Training(None, "", [])
    texts, damaged = read_texts(found)
    if not texts:
        raise DataError(f"{found} is empty", "give the target side of the training text")
    remarks = [damage_remark(found, damaged)] if damaged else []
    return Training(count_words(words_of(texts, tokenize, lowercase)), found.name, remarks)


def _trained_on(spec: Spec) -> list[Path]:
    """Return the target side of what a run was trained on, if it is a file that is still there."""
    if not spec.is_model:
        return []
    from seq2seq.models.bundle import read_recipe

    data = read_recipe(spec.paths[0]).data
    path = Path(data.path) / f"{data.train}.{data.languages[1]}"
    return [path] if data.format == "text" and data.path and path.is_file() else []
