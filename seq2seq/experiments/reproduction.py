"""An experiment file carried out: train, translate, score, beside the paper's own figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seq2seq.analysis.curves import read_curves
from seq2seq.analysis.vectors import families, see
from seq2seq.config.experiment import Contrast, Experiment, Figure, Row, RunGroup, System
from seq2seq.config.languages import base_language, decided_pair
from seq2seq.config.loading import assigned, check_recipe, own_data, recipe_values
from seq2seq.config.schema import Recipe
from seq2seq.errors import RecipeError
from seq2seq.evaluation.bands import bands, mean_ranks, word_counts
from seq2seq.evaluation.rescoring import Lists
from seq2seq.evaluation.testsets import from_files
from seq2seq.experiments.matching import inner_weights, matched_width
from seq2seq.experiments.pieces import Pieces
from seq2seq.experiments.results import (
    Contrasted,
    Drawing,
    Example,
    Reproduced,
    Result,
    TrainedRun,
)
from seq2seq.experiments.runs import Note, Planned, cost_of, train_all
from seq2seq.experiments.systems import Systems
from seq2seq.files import sha256_of
from seq2seq.metrics.languages import DEFAULT_TOKENIZER
from seq2seq.metrics.perplexity import perplexity
from seq2seq.metrics.seeds import permutation_p
from seq2seq.metrics.statistics import MOSES, Score, statistics
from seq2seq.models.bundle import load_bundle
from seq2seq.text.lines import decode_line, read_lines
from seq2seq.text.moses import Moses

UNKNOWN = "<unk>"


class Reproduction:
    """An experiment at one scale, on one folder of text, in one folder of results."""

    def __init__(
        self,
        experiment: Experiment,
        scale: str,
        data: Path,
        pair: str,
        folder: Path,
        *,
        device: str,
        workers: int,
        note: Note,
    ) -> None:
        """Resolve every recipe; nothing is done yet.

        Raises:
            RecipeError: there is no such scale, or a recipe has mistakes.
            DataError: the test set is missing.
        """
        if scale not in experiment.scale:
            raise RecipeError(
                f"{experiment.title}: there is no scale {scale!r}",
                f"it has {', '.join(experiment.scale)}",
            )
        self.experiment, self.scale, self.pair = experiment, scale, pair
        self.sizes = experiment.scale[scale]
        self.device, self.workers, self.note = device, workers, note
        self.data, self.folder = data.resolve(), folder
        data_pair = {"data": {"pair": decided_pair(pair, data)}}
        source, target = check_recipe(data_pair, set(), where="--pair").data.languages
        self.source = source
        self.test = from_files(
            [data / f"{experiment.test}.{target}"], data / f"{experiment.test}.{source}", target
        )
        self.sources = self.test.source or []
        spaced = self.test.tokenizer == DEFAULT_TOKENIZER
        self.tokenize = f"{MOSES}{base_language(target)}" if spaced else self.test.tokenizer
        self.pieces = Pieces(folder / "pieces")
        self.planned = {
            group.name: [self._plan(group, seed) for seed in group.seeds]
            for group in experiment.run
        }
        runs = {name: [one.run for one in own] for name, own in self.planned.items()}
        self.counted: dict[str, dict[str, Lists]] = {}
        self.systems = Systems(runs, self.sources, self.pieces, device, note)

    def _plan(self, group: RunGroup, seed: int) -> Planned:
        changes = [*self.sizes.set_, *group.set_, f"seed={seed}"]
        recipe = self._recipe(group, changes)
        if group.weights:
            changes.append(f"model.hidden={matched_width(recipe.model, group.weights)}")
            recipe = self._recipe(group, changes)
        arguments = [group.recipe, "--data", str(self.data), "--pair", self.pair]
        arguments += [part for change in changes for part in ("--set", change)]
        place = self.folder / "runs" / f"{group.name}-{seed}"
        return Planned(group.name, seed, place, recipe, tuple(arguments))

    def _recipe(self, group: RunGroup, changes: Sequence[str]) -> Recipe:
        values, written = assigned(
            recipe_values(group.recipe), [*own_data(self.data, self.pair), *changes]
        )
        return check_recipe(values, written, where=f"run {group.name} ({group.recipe})")

    def carried_out(self) -> Reproduced:
        """Do what is not done yet, and return the result."""
        every = [one for own in self.planned.values() for one in own]
        train_all(every, self.workers, self.device, self.note)
        experiment = self.experiment
        self.trained = [_trained(one) for one in every]
        return Reproduced(
            experiment,
            self.scale,
            self.pair,
            len(self.sources),
            [(table, [self._result(row) for row in table.row]) for table in experiment.table],
            [self._contrasted(one) for one in experiment.contrast],
            self.trained,
            self._examples(),
            [self._drawing(figure) for figure in experiment.figure],
        )

    def _result(self, row: Row) -> Result:
        if row.of:
            return self._chosen(row)
        if not row.system:
            return Result(row)
        found = [self.systems.translations(runs, row) for runs in self.systems.members(row)]
        texts = [one["texts"] for one in found]
        words = sum(len(text.split()) for own in texts for text in own)
        unknown = sum(text.split().count(UNKNOWN) for own in texts for text in own)
        seconds = sum(float(one["seconds"]) for one in found)
        seeds = [] if row.ensemble else [one for one in self.trained if one.name == row.system]
        return Result(
            row,
            [self._bleu(own, self.tokenize) for own in texts],
            [self._bleu(own, self.test.tokenizer) for own in texts],
            seconds / len(found),
            words / max(seconds, 1e-9),
            unknown / max(words, 1),
            trained=seeds,
        )

    def _bleu(self, texts: Sequence[str], tokenize: str) -> Score:
        counted = statistics(texts, self.test.references, tokenize=tokenize, metrics=("BLEU",))
        return counted["BLEU"].score()

    def _chosen(self, row: Row) -> Result:
        """Return the score of choosing from a list: its own first, the best, or a model's."""
        counted = self._lists(row.of)
        lists = counted[self.tokenize].lists
        nothing = [[0.0] * len(own) for own in lists]
        weight = row.weight if row.system else 0.0
        scores = (
            [self.systems.scores(runs, lists) for runs in self.systems.members(row)]
            if row.system
            else [nothing]
        )
        found = {
            kind: [own.rescored(each, weight) for each in scores] for kind, own in counted.items()
        }
        chosen = {
            kind: [{"first": one.first, "model": one.chosen, "oracle": one.oracle}[row.choice]
                   for one in each]
            for kind, each in found.items()
        }  # fmt: skip
        paired = [one.paired for one in found[self.tokenize] if one.paired and row.system]
        return Result(row, chosen[self.tokenize], chosen[self.test.tokenizer], against_first=paired)

    def _lists(self, name: str) -> dict[str, Lists]:
        """Return a list counted by both kinds of BLEU; counting takes a while and is done once."""
        if name not in self.counted:
            (wanted,) = [one for one in self.experiment.nbest if one.name == name]
            lists = self.systems.lists(wanted, self.sizes.nbest)
            kinds = (self.tokenize, self.test.tokenizer)
            self.counted[name] = {kind: Lists(lists, self.test, kind) for kind in kinds}
        return self.counted[name]

    def _contrasted(self, contrast: Contrast) -> Contrasted:
        one, other = (
            self._of_seeds(name, contrast.beam) for name in (contrast.one, contrast.other)
        )
        return Contrasted(contrast, one, other, permutation_p(one, other))

    def _of_seeds(self, name: str, beam: int) -> list[float]:
        """Return the tokenized BLEU of each seed of a group."""
        system = System(system=name, beam=beam)
        members = self.systems.members(system)
        texts = [self.systems.translations(runs, system)["texts"] for runs in members]
        return [self._bleu(own, self.tokenize).value for own in texts]

    def _examples(self) -> list[Example]:
        """Return the longest sentences of the test set with their translations."""
        wanted = self.experiment.examples
        if wanted is None:
            return []
        texts = self.systems.translations(self.systems.members(wanted)[0], wanted)["texts"]
        places = range(len(self.sources))
        longest = sorted(places, key=lambda place: -len(self.sources[place].split()))
        return [
            Example(self.sources[place], texts[place], self.test.references[0][place])
            for place in sorted(longest[: wanted.count])
        ]

    def _drawing(self, figure: Figure) -> Drawing:
        """Return what a figure shows; of seeds that are no ensemble, the first."""
        members = [(one, self.systems.members(one)[0]) for one in figure.system]
        if figure.kind == "vectors":
            seen = [(one.label, see(runs[0], families(None))) for one, runs in members]
            return Drawing(figure, vectors=seen)
        named = [
            (one.label, self.systems.translations(runs, one)["texts"]) for one, runs in members
        ]
        values = np.array(self._ranks() if figure.kind == "frequency" else self._lengths())
        return Drawing(figure, bands=bands(named, self.test, self.tokenize, values))

    def _lengths(self) -> list[float]:
        return list(map(float, word_counts(self.sources)))

    def _ranks(self) -> list[float]:
        """Return the mean frequency rank of each source sentence's words in the training text."""
        language = self.source
        path = self.data / f"train.{language}"

        def make() -> list[float]:
            self.note(f"counting the words of {path}")
            split = Moses(language).split
            training = (split(decode_line(line)[0]) for line in read_lines(path))
            return list(map(float, mean_ranks(list(map(split, self.sources)), training)))

        return self.pieces.once("ranks", [self.sources, sha256_of(path)], make)


def _trained(planned: Planned) -> TrainedRun:
    (curve,) = read_curves([str(planned.run)])
    loss = curve.best.loss if curve.best else float("nan")
    weights = load_bundle(planned.run).model.parameters()
    return TrainedRun(
        planned.name,
        planned.seed,
        planned.run,
        sum(weight.numel() for weight in weights),
        inner_weights(planned.recipe.model),
        cost_of(planned.run),
        perplexity(loss, 1),
    )
