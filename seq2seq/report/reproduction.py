"""The report of an experiment: one self-contained page, Markdown and JSON, and a table to read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from seq2seq.config.experiment import Table
from seq2seq.evaluation.findings import SURE
from seq2seq.experiments.results import Contrasted, Reproduced, Result, TrainedRun
from seq2seq.files import replace_file
from seq2seq.metrics.seeds import smallest_p
from seq2seq.report.console import table
from seq2seq.report.drawings import figure_lines, picture
from seq2seq.report.page import render, save
from seq2seq.report.vectors import vector_values
from seq2seq.terminal import put

COLUMNS = ("system", "paper", "BLEU", "±", "seeds", "detokenized", "p", "seconds", "words/s", "unk")
TRAINING_COLUMNS = (
    "system", "perplexity", "±", "BLEU", "±", "seeds", "detokenized", "weights", "inner",
    "pieces/s", "MiB",
)  # fmt: skip
RUN_COLUMNS = ("run", "seed", "parameters", "steps", "minutes", "pieces/s", "perplexity")
MEBI = 1 << 20


def show_reproduced(found: Reproduced) -> None:
    """Print the tables and contrasts."""
    for one, results in found.tables:
        put(f"\n{one.name}\n")
        columns, rows = laid_out(one, results)
        table([columns[0], *(f"{name}>" for name in columns[1:])], rows)
    put("\n")
    for line in [*map(contrast_sentence, found.contrasts), *signatures(found)]:
        put(line + "\n")


def write_report(found: Reproduced, folder: Path) -> Path:
    """Write report.html, report.md and report.json; return the first.

    Raises:
        ResourceError: they cannot be written.
    """
    values = context(found)
    page = folder / "report.html"
    save(render("reproduction.html", **values), page)
    save(render("reproduction.md", **values), folder / "report.md")
    document = json.dumps(reproduced_document(found), indent=1, ensure_ascii=False)
    replace_file(folder / "report.json", (document + "\n").encode())
    return page


def context(found: Reproduced) -> dict[str, Any]:
    """Return what both templates show."""
    experiment = found.experiment
    return {
        "title": experiment.title,
        "about": f"{found.pair}, scale {found.scale}, {found.sentences:,} test sentences",
        "tables": [
            {
                "name": one.name,
                "caption": one.caption,
                "columns": columns,
                "rows": rows,
            }
            for one, results in found.tables
            for columns, rows in [laid_out(one, results)]
        ],
        "contrasts": list(map(contrast_sentence, found.contrasts)),
        "drawings": [
            {
                "name": one.figure.name,
                "caption": one.figure.caption,
                "picture": picture(one),
                "lines": figure_lines(one),
            }
            for one in found.drawings
        ],
        "examples": [asdict(example) for example in found.examples],
        "run_columns": RUN_COLUMNS,
        "runs": [
            [
                one.name, str(one.seed), f"{one.parameters:,}", f"{one.cost.steps:,}",
                f"{one.cost.minutes:.1f}", f"{one.cost.pieces_per_second:,.0f}",
                f"{one.perplexity:.2f}",
            ]
            for one in found.trained
        ],
        "notes": experiment.notes,
        "signatures": signatures(found),
    }  # fmt: skip


def laid_out(one: Table, results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    """Return a table's columns and rows as text, without columns in which nothing stands."""
    columns, row = (TRAINING_COLUMNS, training_cells) if one.training else (COLUMNS, cells)
    rows = list(map(row, results))
    filled = [place for place in range(len(columns)) if any(own[place] for own in rows)]
    return [columns[place] for place in filled], [[own[place] for place in filled] for own in rows]


def training_cells(result: Result) -> list[str]:
    """Return a row of a table of what training came to and took, as text."""
    trained = result.trained
    if not trained or result.mean is None:
        return [result.row.label, *[""] * (len(TRAINING_COLUMNS) - 1)]
    perplexities = [one.perplexity for one in trained]
    plain = [one.value for one in result.detokenized]
    return [
        result.row.label,
        f"{mean(perplexities):.2f}",
        f"{stdev(perplexities):.2f}" if len(trained) > 1 else "",
        f"{result.mean:.2f}",
        "" if result.deviation is None else f"{result.deviation:.2f}",
        str(len(trained)),
        f"{mean(plain):.2f}",
        f"{trained[0].parameters:,}",
        f"{trained[0].inner:,}",
        f"{max(one.cost.pieces_per_second for one in trained):,.0f}",
        f"{max(one.cost.peak_memory for one in trained) / MEBI:,.0f}",
    ]


def cells(result: Result) -> list[str]:
    """Return a row of a table of translations as text."""
    paper = "" if result.row.paper is None else f"{result.row.paper:g}"
    if result.mean is None:
        return [result.row.label, paper, *[""] * (len(COLUMNS) - 2)]
    plain = [one.value for one in result.detokenized]
    judged = [f"{one.p_value:.3f}" for one in result.against_first]
    extremes = dict.fromkeys([min(judged), max(judged)]) if judged else {}
    return [
        result.row.label,
        paper,
        f"{result.mean:.2f}",
        "" if result.deviation is None else f"{result.deviation:.2f}",
        str(result.row.ensemble or len(result.tokenized)),
        f"{sum(plain) / len(plain):.2f}",
        " to ".join(extremes),
        "" if result.seconds is None else f"{result.seconds:.1f}",
        "" if result.words_per_second is None else f"{result.words_per_second:,.0f}",
        "" if result.unknown is None else f"{result.unknown:.1%}",
    ]


def contrast_sentence(found: Contrasted) -> str:
    """Return what two groups of seeds say."""
    contrast = found.contrast
    sizes = (len(found.one), len(found.other))
    if found.p_value < SURE:
        verdict = "more than seeds explain"
    elif smallest_p(*sizes) < SURE:
        verdict = "no more than seeds explain"
    else:
        verdict = f"too few to tell, since p cannot be less than {smallest_p(*sizes):.3f}"
    return (
        f"{contrast.name}: {contrast.other} - {contrast.one} = {found.difference:+.2f} BLEU over "
        f"{sizes[0]} and {sizes[1]} seeds, {verdict} (exact permutation test, "
        f"p = {found.p_value:.3f})"
    )


def signatures(found: Reproduced) -> list[str]:
    """Return the signatures behind the columns."""
    measured = [result for _, results in found.tables for result in results if result.tokenized]
    if not measured:
        return []
    first = measured[0]
    lines = [
        f"BLEU: tokenized, cased, {first.tokenized[0].signature}; ± is the deviation over seeds",
        f"detokenized: cased, {first.detokenized[0].signature}",
    ]
    if any(result.against_first for result in measured):
        lines.append(
            "p: paired bootstrap of the choice from a list against the list's own first, "
            "smallest to largest over seeds"
        )
    if any(table.training for table, _ in found.tables):
        lines.append("pieces/s: of source and target in training, by the fastest of the seeds")
    return lines


def reproduced_document(found: Reproduced) -> dict[str, Any]:
    """Return everything that was measured, as JSON can hold it."""
    return {
        "title": found.experiment.title,
        "scale": found.scale,
        "pair": found.pair,
        "sentences": found.sentences,
        "tables": [
            {
                "name": one.name,
                "rows": [
                    {
                        "label": result.row.label,
                        "paper": result.row.paper,
                        "mean": result.mean,
                        "deviation": result.deviation,
                        "tokenized": [asdict(score) for score in result.tokenized],
                        "detokenized": [asdict(score) for score in result.detokenized],
                        "unknown": result.unknown,
                        "seconds": result.seconds,
                        "words_per_second": result.words_per_second,
                        "against_first": list(map(asdict, result.against_first)) or None,
                    }
                    for result in results
                ],
            }
            for one, results in found.tables
        ],
        "contrasts": [
            {
                "name": one.contrast.name,
                one.contrast.one: one.one,
                one.contrast.other: one.other,
                "difference": one.difference,
                "p_value": one.p_value,
            }
            for one in found.contrasts
        ],
        "figures": [
            {
                "name": one.figure.name,
                "vectors": vector_values(one.vectors) if one.vectors else None,
                "bands": [asdict(band) for band in one.bands],
            }
            for one in found.drawings
        ],
        "examples": [asdict(one) for one in found.examples],
        "runs": list(map(_run_document, found.trained)),
    }


def _run_document(one: TrainedRun) -> dict[str, Any]:
    return {
        "name": one.name,
        "seed": one.seed,
        "parameters": one.parameters,
        "inner": one.inner,
        "perplexity": one.perplexity,
        **asdict(one.cost),
    }
