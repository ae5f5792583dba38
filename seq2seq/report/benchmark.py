"""Measured speeds as tables on standard output, and as JSON."""

from __future__ import annotations

import json
import os
import platform
from typing import Any

import torch

from seq2seq.analysis.throughput import Rates, TrainingSpeed, TranslationSpeed
from seq2seq.report.console import table

GIGA, MEBI = 1e9, 2**20


def training_table(name: str, found: TrainingSpeed) -> None:
    """Print how fast a recipe trains, and its share of the machine's limit."""
    rows = [
        ["pieces a second", _told(found.tokens, ",.0f")],
        ["updates a window", f"{found.updates}"],
        ["padding", f"{found.padding:.1%}"],
        ["parameters", f"{found.parameters:,}"],
        ["numbers", found.precision],
        ["peak memory", f"{found.peak_memory / MEBI:,.0f} MiB"],
    ]
    if found.limit is not None:
        limit = found.limit
        rows += [
            ["pieces a second of the products alone", f"{limit.tokens_per_second:,.0f}"],
            ["rate of the products alone", f"{limit.operations_per_second / GIGA:,.0f} GFLOP/s"],
            ["share of that limit", f"{_share(found):.1%}"],
        ]
    table([f"training {name}", "measured>"], rows)


def training_document(name: str, found: TrainingSpeed) -> str:
    """Return the same as one JSON document."""
    document: dict[str, Any] = {
        "work": name,
        "tokens_per_second": found.tokens.median,
        "windows": list(found.tokens.each),
        "updates": found.updates,
        "padding": found.padding,
        "parameters": found.parameters,
        "precision": found.precision,
        "peak_memory": found.peak_memory,
    }
    if found.limit is not None:
        document["limit"] = {
            "tokens_per_second": found.limit.tokens_per_second,
            "operations_per_second": found.limit.operations_per_second,
            "share": _share(found),
        }
    return _with_machine(document)


def translation_table(found: TranslationSpeed) -> None:
    """Print how fast a model translates."""
    table(
        ["translating", "measured>"],
        [
            ["sentences a second", _told(found.sentences, ",.1f")],
            ["milliseconds a sentence", f"{1000 / found.sentences.median:,.1f}"],
            ["sentences", f"{found.count:,}"],
            ["peak memory", f"{found.peak_memory / MEBI:,.0f} MiB"],
        ],
    )


def translation_document(found: TranslationSpeed) -> str:
    """Return the same as one JSON document."""
    return _with_machine(
        {
            "sentences_per_second": found.sentences.median,
            "windows": list(found.sentences.each),
            "sentences": found.count,
            "peak_memory": found.peak_memory,
        }
    )


def _told(rates: Rates, form: str) -> str:
    return f"{rates.median:{form}} (of {len(rates.each)} windows, {rates.spread:.0%} apart)"


def _share(found: TrainingSpeed) -> float:
    assert found.limit is not None
    return found.tokens.median / found.limit.tokens_per_second


def _with_machine(document: dict[str, Any]) -> str:
    machine = {
        "processor": platform.processor() or platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
    }
    return json.dumps({**document, "machine": machine}, indent=2)
