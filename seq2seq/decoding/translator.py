"""Text in, text out: the engine behind `seq2seq translate`, for use from Python.

>>> from seq2seq import Translator
>>> Translator.load("runs/mine").translate(["a sentence", "another"])
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.device import choose_device
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.model import StepwiseModel
from seq2seq.decoding.parts import Note, encode_parts
from seq2seq.decoding.penalties import normalised
from seq2seq.decoding.search import search
from seq2seq.errors import ModelError, RecipeError, UsageError
from seq2seq.models.bundle import Bundle, load_bundle
from seq2seq.models.ensemble import Ensemble
from seq2seq.nn.allocation import keep_freed_memory
from seq2seq.text.lines import one_line
from seq2seq.text.tokenizer import Tokenizer

CHUNK = 2000  # texts that are sorted and batched together; results depend on it in the last digits

Run = str | os.PathLike[str]


@dataclass(frozen=True)
class Translation:
    """One translation of a text: detokenized, on one line; blank for a blank text, with score 0."""

    text: str
    score: float  # log_probability, length-normalised; what n-best lists are sorted by
    log_probability: float
    pieces: list[str]


BLANK = Translation("", 0.0, 0.0, [])


class Translator:
    """A model, or an ensemble, with its tokenizers and the way to search."""

    def __init__(
        self,
        model: StepwiseModel,
        source: Tokenizer,
        target: Tokenizer,
        decoding: DecodingConfig,
        device: str = "cpu",
    ) -> None:
        self.model = model
        self.source = source
        self.target = target
        self.decoding = decoding
        self.device = device

    @classmethod
    def load(
        cls,
        runs: Run | Sequence[Run],
        device: str = "auto",
        decoding: DecodingConfig | Mapping[str, Any] | None = None,
    ) -> Translator:
        """Load a run directory, or several as an ensemble.

        `decoding` replaces the first run's own settings: all of them, or those named in a mapping
        such as `{"beam": 1}`.

        Raises:
            ModelError: a run is missing or damaged, or the runs of an ensemble do not share
            tokenizers. RecipeError: `decoding` names a setting that does not exist, or gives one a
            wrong value. ResourceError: the device is not there.
        """
        paths = [runs] if isinstance(runs, str | os.PathLike) else list(runs)
        if not paths:
            raise UsageError("no run directory given", "name at least one")
        place = choose_device(device)
        keep_freed_memory()
        bundles = [load_bundle(Path(path), place) for path in paths]
        first = bundles[0]
        _check_tokenizers(paths, bundles)
        models = [bundle.model for bundle in bundles]
        model = cast(StepwiseModel, models[0] if len(models) == 1 else Ensemble(models))
        settings = override(first.recipe.decoding, decoding)
        return cls(model, first.source, first.target, settings, place)

    def translate(self, texts: Sequence[str], note: Note | None = None) -> list[str]:
        """Return one line of text for each text; what is blank stays so.

        `note` is called with the place of a text and a message where it had to be split or cut; by
        default this is a Python warning.
        """
        return [found[0].text for found in self.nbest(texts, 1, note)]

    def nbest(
        self, texts: Sequence[str], n: int, note: Note | None = None
    ) -> list[list[Translation]]:
        """Return for each text its `n` best translations, best first, or as many as there are.

        Raises:
            UsageError: `n` is more than the beam, or less than 1.
        """
        if isinstance(texts, str):
            raise UsageError("one string given for a list of texts", 'write ["..."]')
        self.check_nbest(n)
        result: list[list[Translation]] = []
        for start in range(0, len(texts), CHUNK):
            result += self._chunk(texts[start : start + CHUNK], n, _shifted(note or _warn, start))
        return result

    def check_nbest(self, n: int) -> None:
        """Raise a UsageError unless `n` translations can be had of the beam."""
        if not 1 <= n <= self.decoding.beam:
            raise UsageError(
                f"{n} translations of a line were asked for, with a beam of {self.decoding.beam}",
                "ask for 1 up to decoding.beam, or use a larger beam",
            )

    def _chunk(self, texts: Sequence[str], n: int, note: Note) -> list[list[Translation]]:
        parts = encode_parts(texts, self.source, self.decoding.max_input, note)
        # Parts of long lines are batched apart, to change nothing for the lines around them.
        usual = self._found([own[0] for own in parts if len(own) == 1], n)
        split = self._found([part for own in parts if len(own) > 1 for part in own], n)
        result = []
        for own in parts:
            known = usual if len(own) == 1 else split
            hypotheses = [known[tuple(part)] for part in own]
            count = max(map(len, hypotheses), default=0)
            result.append([self._joined(hypotheses, rank) for rank in range(count)] or [BLANK])
        return result

    def _found(
        self, sources: Sequence[list[int]], n: int
    ) -> dict[tuple[int, ...], list[Hypothesis]]:
        """Translate each distinct sentence once."""
        distinct = list(dict.fromkeys(map(tuple, sources)))
        found = search(self.model, distinct, self.decoding, nbest=n, device=self.device)
        return dict(zip(distinct, found, strict=True))

    def _joined(self, parts: Sequence[Sequence[Hypothesis]], rank: int) -> Translation:
        """Return the translation made of each part's hypothesis of that rank, or its last one."""
        chosen = [own[min(rank, len(own) - 1)] for own in parts]
        texts = self.target.decode([hypothesis.tokens for hypothesis in chosen])
        log_probability = sum(hypothesis.log_probability for hypothesis in chosen)
        symbols = sum(len(hypothesis.tokens) + 1 for hypothesis in chosen)
        return Translation(
            one_line(" ".join(text for text in texts if text)),
            normalised(log_probability, symbols, self.decoding.length_penalty),
            log_probability,
            [piece for hypothesis in chosen for piece in self.target.pieces(hypothesis.tokens)],
        )


def override(
    decoding: DecodingConfig, changes: DecodingConfig | Mapping[str, Any] | None
) -> DecodingConfig:
    """Return settings with changes by name; a RecipeError says what is wrong with them."""
    if isinstance(changes, DecodingConfig):
        return changes
    try:
        return DecodingConfig.model_validate(decoding.model_dump() | dict(changes or {}))
    except ValidationError as error:
        mistakes = [f"{entry['loc'][0]}: {entry['msg']}" for entry in error.errors()]
        raise RecipeError(f"decoding settings: {'; '.join(mistakes)}") from error


def _check_tokenizers(paths: Sequence[Run], bundles: Sequence[Bundle]) -> None:
    """Refuse an ensemble of models that do not read and write the same pieces."""
    for path, bundle in zip(paths[1:], bundles[1:], strict=True):
        for side in ("source", "target"):
            if getattr(bundle, side).digest != getattr(bundles[0], side).digest:
                raise ModelError(
                    f"{path} and {paths[0]} have different {side} tokenizers",
                    "an ensemble needs runs trained with the same ones",
                )


def _shifted(note: Note, start: int) -> Note:
    return lambda place, message: note(start + place, message)


def _warn(place: int, message: str) -> None:
    warnings.warn(f"text {place}: {message}", stacklevel=2)
