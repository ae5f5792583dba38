"""Runs by name, as the command line gives them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seq2seq.errors import ModelError, UsageError
from seq2seq.models.bundle import Bundle, load_bundle
from seq2seq.models.language import LanguageModel


def named_runs(systems: Sequence[str]) -> list[tuple[str, Path]]:
    """Take runs given as a directory or as name=directory apart; names must differ.

    Raises:
        UsageError: two have one name.
    """
    named = [_named(system) for system in systems]
    for number, (name, _) in enumerate(named):
        if name in [other for other, _ in named[:number]]:
            raise UsageError(
                f"two runs are called {name!r}", "give each a name: first=RUN second=RUN"
            )
    return named


def load_reader(run: Path) -> Bundle:
    """Load a run whose model reads a source.

    Raises:
        ModelError: it is missing or damaged, or a language model.
    """
    bundle = load_bundle(run)
    if isinstance(bundle.model, LanguageModel):
        raise ModelError(f"{run} is a language model, which reads no source", "give another run")
    return bundle


def _named(system: str) -> tuple[str, Path]:
    name, equals, path = system.partition("=")
    if equals and name and not Path(system).exists():
        return name, Path(path)
    return Path(system).resolve().name, Path(system)
