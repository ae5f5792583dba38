"""The systems of an experiment at work on its test set; whatever takes time is done once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seq2seq.config.experiment import NBestList, System
from seq2seq.decoding.forced import Pair
from seq2seq.decoding.model import StepwiseModel
from seq2seq.decoding.nbest import Candidate
from seq2seq.decoding.scorer import Scorer
from seq2seq.decoding.stream import translate_lines
from seq2seq.decoding.translator import Translator, override, unheard
from seq2seq.errors import RecipeError
from seq2seq.experiments.pieces import Pieces
from seq2seq.experiments.runs import Note
from seq2seq.files import sha256_of
from seq2seq.models.bundle import RECIPE, WEIGHTS

Changes = dict[str, int]
Lists = Sequence[Sequence[Candidate]]


class Systems:
    """Runs by group, each a seed, and the sentences that they translate."""

    def __init__(
        self,
        runs: Mapping[str, Sequence[Path]],
        sources: Sequence[str],
        pieces: Pieces,
        device: str,
        note: Note,
    ) -> None:
        self.runs, self.sources, self.pieces = runs, list(sources), pieces
        self.device, self.note = device, note
        self._cut: tuple[tuple[str, str, Lists], list[list[Pair]]] | None = None  # the last lists

    def members(self, system: System) -> list[list[Path]]:
        """Return the runs of a system: each seed alone, or one ensemble."""
        runs = list(self.runs[system.system])
        return [runs[: system.ensemble]] if system.ensemble else [[run] for run in runs]

    def translations(self, runs: Sequence[Path], system: System) -> dict[str, Any]:
        """Return the translations of all sentences, `texts`, and the `seconds` they took."""
        changes = {"beam": system.beam} if system.beam else {}
        helper = self.runs[system.replace_unknown][0] if system.replace_unknown else None

        def make() -> dict[str, Any]:
            self.note(f"{_shown(runs)}: translating with {_settings(changes)}")
            translator = self._translator(runs, changes)
            if helper is not None:
                translator.decoding = override(translator.decoding, {"replace_unknown": True})
                translator.aligner = self._aligner(translator, helper)
            began = time.perf_counter()
            best, messages = translate_lines(translator, self.sources)
            seconds = time.perf_counter() - began
            for message in messages:
                self.note(f"{_shown(runs)}: {message}")
            return {"texts": [translation.text for translation in best], "seconds": seconds}

        looking = _hashes([helper]) if helper else []
        return self.pieces.once(
            "translations", [_hashes(runs), changes, looking, self.sources], make
        )

    def lists(self, wanted: NBestList, size: int) -> list[list[Candidate]]:
        """Return n-best lists of a system: of its ensemble, or of its first seed."""
        runs = self.members(wanted)[0]
        beam = max(wanted.beam, size)

        def make() -> list[list[list[Any]]]:
            self.note(f"{_shown(runs)}: writing lists of {size}")
            translator = self._translator(runs, {"beam": beam})
            found = translator.nbest(self.sources, size, unheard)
            return [[[one.text, one.score] for one in own] for own in found]

        kept = self.pieces.once("lists", [_hashes(runs), beam, size, self.sources], make)
        return [[Candidate(text, score, "") for text, score in own] for own in kept]

    def scores(self, runs: Sequence[Path], lists: Lists) -> list[list[float]]:
        """Return log P of each candidate by a model or an ensemble."""

        def make() -> list[list[float]]:
            self.note(f"{_shown(runs)}: scoring {sum(map(len, lists)):,} translations in lists")
            scorer = Scorer(self._translator(runs, {}))
            return scorer.lists(self._pairs(scorer, lists))

        texts = [[one.text for one in own] for own in lists]
        return self.pieces.once("scores", [_hashes(runs), self.sources, texts], make)

    def _pairs(self, scorer: Scorer, lists: Lists) -> list[list[Pair]]:
        """Return lists in a model's pieces; models of one vocabulary share them."""
        key = (scorer.source.digest, scorer.target.digest, lists)
        if self._cut is None or self._cut[0] != key:
            self._cut = (key, scorer.pairs_of(self.sources, lists))
        return self._cut[1]

    def _translator(self, runs: Sequence[Path], changes: Changes) -> Translator:
        translator = Translator.load(list(runs), device=self.device)
        translator.decoding = override(translator.decoding, changes)
        return translator

    def _aligner(self, translator: Translator, helper: Path) -> StepwiseModel:
        other = Translator.load(helper, device=self.device)
        own, others = ([one.source.digest, one.target.digest] for one in (translator, other))
        if own != others:
            raise RecipeError(
                f"{helper} has other vocabularies than the model whose <unk> it should explain",
                "give both recipes the same [text]",
            )
        return other.model


def _hashes(runs: Sequence[Path]) -> list[list[str]]:
    """Return what translations depend on beside the settings of the search."""
    return [[sha256_of(run / name) for name in (RECIPE, WEIGHTS)] for run in runs]


def _shown(runs: Sequence[Path]) -> str:
    return " + ".join(run.name for run in runs)


def _settings(changes: Changes) -> str:
    return ", ".join(f"{name} {value}" for name, value in changes.items()) or "its own settings"
