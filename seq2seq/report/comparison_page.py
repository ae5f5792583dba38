"""The page of a comparison: what its templates are filled in with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seq2seq.evaluation.buckets import frequency_name
from seq2seq.evaluation.differences import NgramDifference
from seq2seq.evaluation.findings import SURE, Comparison, SetResult, SystemResult
from seq2seq.metrics.statistics import MetricName
from seq2seq.report.comparison import (
    COST,
    LOWER_IS_BETTER,
    content_cells,
    cost_cells,
    judgement_cells,
    notes,
    verdicts,
)
from seq2seq.report.page import HTML, render, save

LEFT, RIGHT, ROW = 144, 455, 24  # of a plot, in its own units
TICKS = 5
NGRAMS = 12  # of each direction

Cell = dict[str, Any]


def write_page(found: Comparison, path: Path) -> None:
    """Write a comparison as a self-contained HTML page, or as Markdown where the name says so.

    Raises:
        ResourceError: the file cannot be written.
    """
    values = context(found)
    if path.suffix == HTML:
        data = [sentences(one, number) for number, one in enumerate(found.sets)]
        save(render("comparison.html", **values, data=data), path)
    else:
        save(render("comparison.md", **values), path)


def context(found: Comparison) -> dict[str, Any]:
    """Return what both templates show."""
    names = " and ".join(one.name for one in found.sets)
    return {
        "title": f"{len(found.sets[0].systems)} systems on {names}",
        "sets": [_set(found, one) for one in found.sets],
        "seeds": [asdict(one) for one in found.seeds],
        "notes": notes(found),
        "trained_on": found.trained_on,
    }


def sentences(one: SetResult, number: int) -> dict[str, Any]:
    """Return what the sentence browser shows of a test set, which is that of this number."""
    return {
        "sources": one.test_set.source,
        "references": one.test_set.references[0],
        "systems": [
            {
                "name": result.system.name,
                "texts": result.translations,
                "points": [round(value, 1) for value in result.by_sentence],
                "looks": None if result.system.looks is None else result.system.looks[number],
            }
            for result in one.systems
        ],
    }


def _set(found: Comparison, one: SetResult) -> dict[str, Any]:
    with_cost = any(result.system.cost for result in one.systems)
    columns = ["system"]
    for metric in found.metrics:
        columns += [metric, "±", "difference", "p"]
    columns += ["length", "repeated", "missing", *(COST if with_cost else ())]
    return {
        "name": one.name,
        "sentences": len(one.test_set.references[0]),
        "systems": [{"name": result.system.name} for result in one.systems],
        "verdicts": verdicts(found, one),
        "columns": columns,
        "rows": [_row(found, one, result, with_cost) for result in one.systems],
        "intervals": [_intervals(metric, one) for metric in found.metrics],
        "parts": _parts(found, one),
        "ngrams": [_ngrams(result) for result in one.systems[1:]],
        "examples": [example for result in one.systems[1:] for example in _examples(one, result)],
        "points": found.sentence_metric,
        "aligned": any(result.system.looks is not None for result in one.systems),
    }


def _row(found: Comparison, one: SetResult, result: SystemResult, with_cost: bool) -> list[Cell]:
    cells = [_cell(result.system.name)]
    for metric in found.metrics:
        judged = result.judgements[metric]
        scores = [other.judgements[metric].score.value for other in one.systems]
        best = min(scores) if metric in LOWER_IS_BETTER else max(scores)
        texts = judgement_cells(judged)
        cells += [_cell(texts[0], judged.score.value, best=judged.score.value == best)]
        cells += [_cell(texts[1], judged.interval.half)]
        if judged.paired is None or judged.corrected is None:
            cells += [_cell(""), _cell("")]
            continue
        gain = judged.paired.difference * (-1 if metric in LOWER_IS_BETTER else 1)
        tone = "" if judged.corrected >= SURE else "good" if gain > 0 else "bad"
        cells += [_cell(texts[2], judged.paired.difference, tone=tone)]
        cells += [_cell(texts[3], judged.corrected)]
    values = [result.length_ratio, result.content.repeated, result.content.missing]
    cells += [_cell(text, value) for text, value in zip(content_cells(result), values, strict=True)]
    if with_cost:
        cost = result.system.cost
        numbers = [] if cost is None else list(asdict(cost).values())
        cells += [
            _cell(text, numbers[place] if numbers and text else None)
            for place, text in enumerate(cost_cells(result))
        ]
    return cells


def _cell(text: str, value: float | None = None, *, best: bool = False, tone: str = "") -> Cell:
    return {"text": text, "value": value, "best": best, "tone": tone}


def _intervals(metric: MetricName, one: SetResult) -> dict[str, Any]:
    """Return where the marks of a plot of scores with intervals stand."""
    judged = [result.judgements[metric] for result in one.systems]
    low = min(min(each.interval.mean - each.interval.half, each.score.value) for each in judged)
    high = max(max(each.interval.mean + each.interval.half, each.score.value) for each in judged)
    spread = max(high - low, 0.1)
    low, high = low - 0.05 * spread, high + 0.05 * spread

    def place(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (value - low) / (high - low), 1)

    marks = [
        {
            "name": _short(result.system.name),
            "y": 16 + number * ROW,
            "x": place(each.score.value),
            "low": place(each.interval.mean - each.interval.half),
            "high": place(each.interval.mean + each.interval.half),
            "title": f"{result.system.name}: {each.score.value:.2f} ± {each.interval.half:.2f}",
        }
        for number, (result, each) in enumerate(zip(one.systems, judged, strict=True))
    ]
    steps = [low + (high - low) * number / (TICKS - 1) for number in range(TICKS)]
    ticks = [{"x": place(value), "label": f"{value:.1f}"} for value in steps]
    return {"metric": metric, "height": 40 + len(judged) * ROW, "marks": marks, "ticks": ticks}


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"


def _parts(found: Comparison, one: SetResult) -> list[dict[str, Any]]:
    """Return the tables of scores by sentence length and by word frequency."""
    names = [result.system.name for result in one.systems]
    parts = []
    if len(one.groups) > 1:
        rows = []
        for number, group in enumerate(one.groups):
            values = [result.lengths[number] for result in one.systems]
            low_is_best = found.metrics[0] in LOWER_IS_BETTER
            rows.append(
                [
                    _cell(group.name, group.shortest),
                    _cell(f"{len(group.places):,}", len(group.places)),
                    *_values(values, "{:.2f}", low_is_best),
                ]
            )
        side = "source" if one.test_set.source is not None else "reference"
        parts.append(
            {
                "title": f"{found.metrics[0]} by the length of the {side}",
                "about": "Groups of about equally many sentences.",
                "columns": ["words", "sentences", *names],
                "rows": rows,
            }
        )
    if found.trained_on:
        rows = []
        for number, words in enumerate(one.systems[0].words):
            values = [result.words[number].f1 for result in one.systems]
            rows.append(
                [
                    _cell(frequency_name(number), number),
                    _cell(f"{words.wanted:,}", words.wanted),
                    *_values(values, "{:.1f}", False),
                ]
            )
        parts.append(
            {
                "title": "Words, by how often they were seen in training",
                "about": f"F1 of the words of the references, by their count in "
                f"{found.trained_on}.",
                "columns": ["seen", "in references", *names],
                "rows": rows,
            }
        )
    return parts


def _values(values: Sequence[float], form: str, low_is_best: bool) -> list[Cell]:
    best = min(values) if low_is_best else max(values)
    return [_cell(form.format(value), value, best=value == best) for value in values]


def _ngrams(result: SystemResult) -> dict[str, Any]:
    assert result.against is not None
    sides = [("gets more often", result.against.more), ("gets less often", result.against.less)]
    return {
        "name": result.system.name,
        "sides": [{"title": title, "rows": _ngram_rows(rows)} for title, rows in sides],
    }


def _ngram_rows(rows: Sequence[NgramDifference]) -> list[dict[str, Any]]:
    return [
        {"words": " ".join(row.words), "baseline": row.baseline, "system": row.system}
        for row in rows[:NGRAMS]
    ]


def _examples(one: SetResult, result: SystemResult) -> list[dict[str, Any]]:
    """Return the sentences that Markdown shows: a few of each direction."""
    assert result.against is not None
    baseline, name = one.systems[0], result.system.name
    found = []
    for title, places in (("gains", result.against.won), ("loses", result.against.lost)):
        listed = []
        for place in places[:5]:
            lines = [("reference", one.test_set.references[0][place])]
            if one.test_set.source is not None:
                lines.insert(0, ("source", one.test_set.source[place]))
            lines += [(baseline.system.name, baseline.translations[place])]
            lines += [(name, result.translations[place])]
            listed.append({"number": place + 1, "lines": lines})
        found.append({"title": f"Where {name} {title} most", "sentences": listed})
    return found
