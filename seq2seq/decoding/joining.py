"""Run directories as one model: an ensemble, with a language model beside it where one is named."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from seq2seq.errors import ModelError
from seq2seq.models.bundle import Bundle, load_bundle
from seq2seq.models.ensemble import Ensemble
from seq2seq.models.fusion import Fusion
from seq2seq.models.language import LanguageModel

Run = str | os.PathLike[str]


def joined(
    paths: Sequence[Run], device: str, language_model: Run | None, weight: float
) -> tuple[Any, Bundle]:
    """Load runs as one model; return it with the first run's bundle.

    A language model without weight is not even read.

    Raises:
        ModelError: a run is missing or damaged, or they do not fit together.
    """
    bundles = [load_bundle(Path(path), device) for path in paths]
    first = bundles[0]
    _check_tokenizers(paths, bundles)
    models: list[Any] = [bundle.model for bundle in bundles]
    for path, each in zip(paths, models, strict=True):
        if isinstance(each, LanguageModel) and len(models) > 1:
            raise ModelError(
                f"{path} is a language model, which is no part of an ensemble",
                f"let it be heard beside the others: --language-model {path}",
            )
    model = models[0] if len(models) == 1 else Ensemble(models)
    if language_model is None or not weight:
        return model, first
    if isinstance(first.model, LanguageModel):
        raise ModelError(f"{paths[0]} is a language model itself", "leave --language-model out")
    other = load_bundle(Path(language_model), device)
    _check_language_model(language_model, other, paths[0], first)
    return Fusion(model, cast(Any, other.model), weight), first


def _check_language_model(path: Run, other: Bundle, run: Run, first: Bundle) -> None:
    """Refuse what is no language model of the pieces that are written."""
    if not isinstance(other.model, LanguageModel):
        raise ModelError(f"{path} is no language model", "train one: see docs/language-models.md")
    if other.target.digest != first.target.digest:
        raise ModelError(
            f"{path} and {run} have different target tokenizers",
            f"train it with --set text.from={run}",
        )


def _check_tokenizers(paths: Sequence[Run], bundles: Sequence[Bundle]) -> None:
    """Refuse an ensemble of models that do not read and write the same pieces."""
    for path, bundle in zip(paths[1:], bundles[1:], strict=True):
        for side in ("source", "target"):
            if getattr(bundle, side).digest != getattr(bundles[0], side).digest:
                raise ModelError(
                    f"{path} and {paths[0]} have different {side} tokenizers",
                    "an ensemble needs runs trained with the same ones",
                )
