"""A comparison of systems as tables on standard output, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from seq2seq.evaluation.buckets import frequency_name
from seq2seq.evaluation.findings import SURE, Comparison, Judgement, SetResult, SystemResult
from seq2seq.metrics.paired import resamples_for
from seq2seq.report.console import table
from seq2seq.terminal import put

TESTS = {"bootstrap": "paired bootstrap", "randomisation": "paired approximate randomisation"}
MEGA, GIBI = 1e6, 2**30
LOWER_IS_BETTER = ("TER",)


def comparison_tables(found: Comparison) -> None:
    """Print for each test set who wins, the scores, and where the systems differ."""
    for number, one in enumerate(found.sets):
        write = put
        if number:
            write("\n")
        if len(found.sets) > 1:
            write(f"{one.name}: {len(one.test_set.references[0]):,} sentences\n\n")
        for line in verdicts(found, one):
            write(line + "\n")
        write("\n")
        _scores(found, one)
        _lengths(found, one)
        _words(found, one)
    if found.seeds:
        put("\n")
        rows = [
            [seeds.test, seeds.metric, f"{seeds.mean:.2f}", f"{seeds.deviation:.2f}",
             " ".join(seeds.names)]
            for seeds in found.seeds
        ]  # fmt: skip
        table(["seeds of one recipe", "metric", "mean>", "deviation>", "runs"], rows)
    put("\n" + "\n".join(notes(found)) + "\n")


def verdicts(found: Comparison, one: SetResult) -> list[str]:
    """Return a sentence about each system but the baseline."""
    metric = found.metrics[0]
    baseline = one.systems[0].system.name
    lines = []
    for result in one.systems[1:]:
        judged = result.judgements[metric]
        assert judged.paired is not None and judged.corrected is not None
        name = result.system.name
        if result.translations == one.systems[0].translations:
            lines.append(f"{name} is the same as {baseline}.")
            continue
        lines.append(f"{name} is {_told(metric, judged, baseline)}{_dissent(found, result)}.")
    return lines


def _told(metric: str, judged: Judgement, baseline: str) -> str:
    assert judged.paired is not None and judged.corrected is not None
    chance = "more than chance" if judged.corrected < SURE else "which may be chance"
    side = "better" if _gain(metric, judged) > 0 else "worse"
    size = abs(judged.paired.difference)
    return f"{size:.2f} {metric} {side} than {baseline}: {chance} (p = {judged.corrected:.4f})"


def _dissent(found: Comparison, result: SystemResult) -> str:
    """Return what the other metrics surely say to the contrary."""
    first = _gain(found.metrics[0], result.judgements[found.metrics[0]])
    against = [
        f"{metric} says the opposite ({judged.paired.difference:+.2f}, p = {judged.corrected:.4f})"
        for metric, judged in list(result.judgements.items())[1:]
        if judged.paired is not None
        and judged.corrected is not None
        and judged.corrected < SURE
        and _gain(metric, judged) * first < 0
    ]
    return "; but " + " and ".join(against) if against else ""


def _gain(metric: str, judged: Judgement) -> float:
    """Return the difference to the baseline, positive where the system is better."""
    difference = 0.0 if judged.paired is None else judged.paired.difference
    return -difference if metric in LOWER_IS_BETTER else difference


def notes(found: Comparison) -> list[str]:
    """Return how it was measured: signatures, the test, and what p-values were corrected for."""
    first = found.sets[0].systems
    lines = [first[0].judgements[metric].score.signature for metric in found.metrics]
    named = [f"{m}: {line}" for m, line in zip(found.metrics, lines, strict=True)]
    tested = len(first) - 1
    resamples = resamples_for(found.test, found.trials)
    how = (
        f"p: {TESTS[found.test]} against {first[0].system.name}, {found.trials:,} trials, "
        f"seed {found.seed}"
    )
    if tested > 1:
        how += f"; corrected for {tested} systems (Holm)"
    named.append(how + f". ±: 95 % of {resamples:,} resamples.")
    if found.trained_on:
        named.append(f"Words are grouped by how often they stand in {found.trained_on}.")
    return named


def comparison_document(found: Comparison) -> str:
    """Return everything as one JSON document, translations left out."""
    settings: dict[str, Any] = {
        "test": found.test,
        "trials": found.trials,
        "seed": found.seed,
        "tokenize": found.tokenize,
        "lowercase": found.lowercase,
        "correction": "holm",
        "training_text": found.trained_on or None,
    }
    sets = [_set_document(found, one) for one in found.sets]
    whole = sets[0] if len(sets) == 1 else {"sets": sets}
    seeds = [asdict(one) for one in found.seeds]
    return json.dumps({"settings": settings, **whole, "seeds": seeds}, indent=1, ensure_ascii=False)


def _set_document(found: Comparison, one: SetResult) -> dict[str, Any]:
    return {
        "name": one.name,
        "segments": len(one.test_set.references[0]),
        "baseline": one.systems[0].system.name,
        "systems": {
            result.system.name: _system_document(found, one, result) for result in one.systems
        },
    }


def _system_document(found: Comparison, one: SetResult, result: SystemResult) -> dict[str, Any]:
    document: dict[str, Any] = {
        name: _judgement_document(judged) for name, judged in result.judgements.items()
    }
    document["length_ratio"] = result.length_ratio
    document["content"] = asdict(result.content)
    document["by_length"] = [
        {"words": [group.shortest, group.longest], "sentences": len(group.places), "score": score}
        for group, score in zip(one.groups, result.lengths, strict=True)
    ]
    document["by_frequency"] = [
        {"frequency": frequency_name(number), "f1": words.f1, **asdict(words)}
        for number, words in enumerate(result.words)
    ]
    if result.against is not None:
        document["against_baseline"] = asdict(result.against)
    document["cost"] = None if result.system.cost is None else asdict(result.system.cost)
    return document


def _judgement_document(judged: Judgement) -> dict[str, Any]:
    document: dict[str, Any] = {
        "score": round(judged.score.value, 10),
        "signature": judged.score.signature,
        "interval": asdict(judged.interval),
    }
    if judged.paired is not None:
        document["paired"] = {**asdict(judged.paired), "p_corrected": judged.corrected}
    return document


def cost_cells(result: SystemResult) -> list[str]:
    """Return parameters, minutes of training, sentences a second and memory, where known."""
    cost = result.system.cost
    if cost is None:
        return ["", "", "", ""]
    minutes = "" if cost.training_minutes is None else f"{cost.training_minutes:.1f}"
    return [
        f"{cost.parameters / MEGA:.2f} M",
        minutes,
        f"{cost.sentences_per_second:.1f}",
        f"{cost.peak_memory / GIBI:.2f} GiB",
    ]


COST = ("parameters", "training min", "sentences/s", "memory")


def _scores(found: Comparison, one: SetResult) -> None:
    columns = ["system"]
    for metric in found.metrics:
        columns += [f"{metric}>", "±>", "difference>", "p>"]
    columns += ["length>", "repeated>", "missing>"]
    with_cost = any(result.system.cost for result in one.systems)
    columns += [f"{name}>" for name in COST] if with_cost else []
    rows = []
    for result in one.systems:
        cells = [result.system.name]
        for metric in found.metrics:
            cells += judgement_cells(result.judgements[metric])
        cells += content_cells(result)
        rows.append(cells + (cost_cells(result) if with_cost else []))
    table(columns, rows)


def judgement_cells(judged: Judgement) -> list[str]:
    """Return score, interval, difference to the baseline, and corrected p-value."""
    cells = [f"{judged.score.value:.2f}", f"{judged.interval.half:.2f}"]
    if judged.paired is None or judged.corrected is None:
        return [*cells, "", ""]
    return [*cells, f"{judged.paired.difference:+.2f}", f"{judged.corrected:.4f}"]


def content_cells(result: SystemResult) -> list[str]:
    """Return the length ratio, and the shares of repeated and of missing words."""
    return [
        f"{result.length_ratio:.3f}",
        f"{result.content.repeated:.1%}",
        f"{result.content.missing:.1%}",
    ]


def _lengths(found: Comparison, one: SetResult) -> None:
    if len(one.groups) < 2:
        return
    put("\n")
    columns = [f"{found.metrics[0]} by words", "sentences>"]
    columns += [f"{result.system.name}>" for result in one.systems]
    rows = [
        [group.name, f"{len(group.places):,}"]
        + [f"{result.lengths[number]:.2f}" for result in one.systems]
        for number, group in enumerate(one.groups)
    ]
    table(columns, rows)


def _words(found: Comparison, one: SetResult) -> None:
    if not found.trained_on:
        return
    put("\n")
    columns = ["F1 of words seen", "in references>"]
    columns += [f"{result.system.name}>" for result in one.systems]
    rows = [
        [frequency_name(number), f"{words.wanted:,}"]
        + [f"{result.words[number].f1:.1f}" for result in one.systems]
        for number, words in enumerate(one.systems[0].words)
    ]
    table(columns, rows)
