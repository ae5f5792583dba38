"""Text in, text out: the engine behind `seq2seq translate`, for use from Python.

>>> from seq2seq import Translator
>>> Translator.load("runs/mine").translate(["a sentence", "another"])
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import ValidationError

from seq2seq.config.schema import AlignmentForm, DecodingConfig
from seq2seq.decoding.alignments import alignments
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.joining import Run, joined
from seq2seq.decoding.model import StepwiseModel
from seq2seq.decoding.parts import Note, encode_parts
from seq2seq.decoding.remarks import Remarks, remarks
from seq2seq.decoding.search import search
from seq2seq.decoding.translation import Pieces, Translation, Weights, Writer
from seq2seq.errors import ModelError, RecipeError, UsageError
from seq2seq.models.ensemble import Ensemble
from seq2seq.models.fusion import Fusion
from seq2seq.models.language import LanguageModel
from seq2seq.models.narrow import Narrow
from seq2seq.runtime.allocation import keep_between_steps
from seq2seq.runtime.devices import choose_device
from seq2seq.runtime.processor import has_fast_bfloat16
from seq2seq.text.lines import encodable, is_blank
from seq2seq.text.tokenizer import UNK, Tokenizer

CHUNK = 2000  # texts that are sorted and batched together; results depend on it in the last digits

Job = tuple[Pieces, Pieces]  # a source, and what its translation begins with


class Translator:
    """A model, or an ensemble, with its tokenizers and the way to search."""

    def __init__(
        self,
        model: StepwiseModel,
        source: Tokenizer,
        target: Tokenizer,
        decoding: DecodingConfig,
        device: str = "cpu",
        precision: str = "float32",
    ) -> None:
        """Search in bfloat16 where `precision`, that of training, allows it and it is fast."""
        self.model = model
        self.narrows = precision != "float32" and has_fast_bfloat16(torch.device(device))
        self.aligner = model  # which says where translations looked; another one may lend its eyes
        self.source = source
        self.target = target
        self.usual_source: int | None = None  # pieces; above it, sentences go one by one
        self.languages = ("", "")  # of source and target, as the recipe names them
        self.decoding = decoding
        self.device = device
        self.continues = isinstance(model, LanguageModel)  # texts, in place of translating them

    @classmethod
    def load(
        cls,
        runs: Run | Sequence[Run],
        device: str = "auto",
        decoding: DecodingConfig | Mapping[str, Any] | None = None,
        *,
        language_model: Run | None = None,
        language_model_weight: float = 0.0,
    ) -> Translator:
        """Load a run directory, or several as an ensemble.

        `decoding` replaces the first run's own settings: all of them, or those named in a mapping
        such as `{"beam": 1}`. What the run `language_model` says of each piece is added with its
        weight; with none, that run is not even read.

        Raises:
            ModelError: a run is missing or damaged, or the runs of an ensemble do not share
            tokenizers. RecipeError: `decoding` names a setting that does not exist, or gives one a
            wrong value. ResourceError: the device is not there.
        """
        paths = [runs] if isinstance(runs, str | os.PathLike) else list(runs)
        if not paths:
            raise UsageError("no run directory given", "name at least one")
        place = choose_device(device)
        keep_between_steps()
        model, first = joined(paths, place, language_model, language_model_weight)
        settings = override(first.recipe.decoding, decoding)
        precision = first.recipe.training.precision
        translator = cls(model, first.source, first.target, settings, place, precision)
        translator.usual_source = first.usual_source
        translator.languages = first.recipe.data.languages
        return translator

    @property
    def decoding(self) -> DecodingConfig:
        """The way to search; it may be changed at any time."""
        return self._decoding

    @decoding.setter
    def decoding(self, decoding: DecodingConfig) -> None:
        self._decoding = decoding
        self._narrow: StepwiseModel | None = None
        inner = self.model.translation if isinstance(self.model, Fusion) else self.model
        if isinstance(inner, Ensemble):
            inner.of_logs = decoding.ensemble == "log_probabilities"

    def translate(
        self,
        texts: Sequence[str],
        note: Note | None = None,
        *,
        prefixes: Sequence[str] | None = None,
    ) -> list[str]:
        """Return one line of text for each text; what is blank stays so.

        `note` is called with the place of a text and a message where it had to be split or cut, or
        where something of it may be missing in the translation; by default this is a Python
        warning. `prefixes` are what the translations must begin with. A language model writes on
        from each text, and from nothing where that is blank.
        """
        best = [found[0] for found in self.nbest(texts, 1, note, prefixes=prefixes)]
        together = Remarks("text")
        for place, translation in enumerate(best):
            together.add(place, translation)
            if note is not None:
                for message in remarks(translation):
                    note(place, message)
        if note is None:
            for message in together.messages():
                warnings.warn(message, stacklevel=2)
        return [translation.text for translation in best]

    def nbest(
        self,
        texts: Sequence[str],
        n: int,
        note: Note | None = None,
        *,
        prefixes: Sequence[str] | None = None,
        alignment: bool = False,
    ) -> list[list[Translation]]:
        """Return for each text its `n` best translations, best first, or as many as there are.

        When sampling, these are `n` samples in the order of their numbers. With `alignment`, they
        say where they looked, in the form that `decoding.alignment` names.

        Raises:
            UsageError: `n` is more than the beam, or less than 1, or a text has no prefix.
            RecipeError: the settings ask for what this model does not have.
        """
        if isinstance(texts, str):
            raise UsageError("one string given for a list of texts", 'write ["..."]')
        if prefixes is not None and len(prefixes) != len(texts):
            raise UsageError(
                f"{len(prefixes)} prefixes for {len(texts)} texts", "give one each; empty for none"
            )
        self.check_nbest(n)
        if self.continues and prefixes is None:
            prefixes = texts
        form: AlignmentForm = self.decoding.alignment if alignment else "none"
        result: list[list[Translation]] = []
        for start in range(0, len(texts), CHUNK):
            these = slice(start, start + CHUNK)
            noted = _shifted(note or _warn, start)
            starts = self._prefixes(texts[these], prefixes[these] if prefixes else None, noted)
            result += self._chunk(texts[these], starts, n, form, noted)
        return result

    def check_translates(self) -> None:
        """Raise a ModelError for a language model, which only writes texts on."""
        if self.continues:
            raise ModelError(
                "a language model translates nothing", "`seq2seq score` tells its perplexity"
            )

    def check_nbest(self, n: int) -> None:
        """Raise a UsageError unless `n` translations can be had of the search."""
        if n < 1 or (self.decoding.method == "beam" and n > self.decoding.beam):
            raise UsageError(
                f"{n} translations of a line were asked for, with a beam of {self.decoding.beam}",
                "ask for 1 up to decoding.beam, or use a larger beam",
            )

    def _prefixes(
        self, texts: Sequence[str], prefixes: Sequence[str] | None, note: Note
    ) -> list[Pieces]:
        if prefixes is None:
            return [()] * len(texts)
        clean = ["" if is_blank(one) else encodable(one) for one in prefixes]
        found = [tuple(pieces) for pieces in self.target.encode(clean)]
        for place, pieces in enumerate(found):
            if UNK in pieces:
                note(place, "its prefix has words that the model does not know: they become <unk>")
        return found

    def _chunk(
        self, texts: Sequence[str], prefixes: list[Pieces], n: int, form: AlignmentForm, note: Note
    ) -> list[list[Translation]]:
        parts: list[list[Pieces]] = (
            [[()] for _ in texts]
            if self.continues
            else [
                [tuple(part) for part in own]
                for own in encode_parts(
                    texts, self.source, self.decoding.max_input, note, self.usual_source
                )
            ]
        )
        # A prefix is that of a text's first part.
        jobs = [
            [(part, prefix if number == 0 else ()) for number, part in enumerate(own)]
            for own, prefix in zip(parts, prefixes, strict=True)
        ]
        # Parts of long lines are batched apart, to change nothing for the lines around them.
        usual = self._found([own[0] for own in jobs if len(own) == 1], n)
        split = self._found([job for own in jobs if len(own) > 1 for job in own], n)
        found = [[(usual if len(own) == 1 else split)[job] for job in own] for own in jobs]
        writer = Writer((self.source, self.target), self.decoding, form)
        every = form != "none" or self.decoding.replace_unknown
        writer.weights = self._weights(parts, found, every)
        return writer.nbest(texts, parts, found)

    def _found(self, jobs: Sequence[Job], n: int) -> dict[Job, list[Hypothesis]]:
        """Translate each distinct sentence once."""
        distinct = list(dict.fromkeys(jobs))
        found = search(
            self._searched(),
            [source for source, _ in distinct],
            self.decoding,
            nbest=n,
            device=self.device,
            prefixes=[prefix for _, prefix in distinct],
        )
        return dict(zip(distinct, found, strict=True))

    def _searched(self) -> StepwiseModel:
        """Return the model in the precision in which it is searched."""
        if not self.narrows or self.decoding.deterministic:
            return self.model
        if self._narrow is None:
            self._narrow = Narrow(self.model, self.device)
        return self._narrow

    def _weights(
        self,
        parts: Sequence[Sequence[Pieces]],
        found: Sequence[Sequence[list[Hypothesis]]],
        every: bool,
    ) -> Weights:
        """Return the attention weights of `every` hypothesis, or of those with <unk> to replace."""
        pairs = dict.fromkeys(
            (source, tuple(hypothesis.tokens))
            for own, known in zip(parts, found, strict=True)
            for source, hypotheses in zip(own, known, strict=True)
            for hypothesis in hypotheses
            if every or (UNK in source and UNK in hypothesis.tokens)
        )
        if not pairs:
            return {}
        weights = alignments(self.aligner, list(pairs), self.decoding.batch_tokens, self.device)
        if weights is not None:
            return dict(zip(pairs, weights, strict=True))
        if self.decoding.replace_unknown or self.decoding.alignment == "weights":
            asked = "replace_unknown" if self.decoding.replace_unknown else "alignment"
            raise RecipeError(f"decoding.{asked}: this model has no attention", "leave it out")
        return {}


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


def unheard(place: int, message: str) -> None:
    """Be a `note` that nobody hears."""


def _shifted(note: Note, start: int) -> Note:
    return lambda place, message: note(start + place, message)


def _warn(place: int, message: str) -> None:
    warnings.warn(f"text {place}: {message}", stacklevel=2)
