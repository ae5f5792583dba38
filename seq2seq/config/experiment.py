"""An experiment file: runs, lists, tables and figures of a paper, in one closed TOML schema.

Runs are a recipe with differences and seeds. A row of a table scores one system on the test set: a
run's seeds one by one (their mean and deviation are told) or some of them as an ensemble, searched
with a beam, or choosing from an n-best list. Rows that only carry a paper's figure name no system.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from seq2seq.config.schema import Count, Positive, Section
from seq2seq.config.shipped import shipped_experiments
from seq2seq.documents import parse_toml
from seq2seq.errors import RecipeError

LARGEST_FILE = 1 << 20  # bytes
Label = Annotated[str, Field(min_length=1, max_length=200)]


class RunGroup(Section):
    """Runs that differ in their seed alone."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    recipe: str
    set_: list[str] = Field([], alias="set")  # KEY=VALUE
    weights: Count = 0  # beside embeddings and projection; 0: as the recipe
    seeds: list[Count] = Field([1], min_length=1)

    @model_validator(mode="after")
    def _seeds_differ(self) -> RunGroup:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"run {self.name}: a seed stands twice in {self.seeds}")
        return self


class System(Section):
    """What translates: seeds of a group, and the search."""

    system: str = ""  # a run group; nothing where a row only carries the paper's figure
    ensemble: Count = 0  # its first so many seeds together; 0: each alone
    beam: Annotated[int, Field(ge=0, le=1000)] = 0  # 0: the recipe's
    replace_unknown: str = ""  # a run group with attention, whose looks tell what <unk> stands for


class NBestList(System):
    """Translations of the test set, several for each sentence, to choose from."""

    name: Label


class Row(System):
    """A line of a table."""

    label: Label
    paper: Annotated[float, Field(ge=-1e9, le=1e9)] | None = None  # BLEU in the paper
    of: str = ""  # a list: the system chooses from it in place of searching
    choice: Literal["model", "first", "oracle"] = "model"  # of the list
    weight: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5  # of the model, beside the list's own


class Table(Section):
    """A table of the report."""

    name: Label
    caption: str = ""
    training: bool = False  # show perplexity and what training took, for rows of single seeds
    row: list[Row] = Field(min_length=1)


class Contrast(Section):
    """Two run groups whose seeds are set against each other."""

    name: Label
    one: str
    other: str
    beam: Annotated[int, Field(ge=0, le=1000)] = 0


class Drawn(System):
    """A system in a figure."""

    label: Label


class Figure(Section):
    """A figure of the report: sentence vectors, or BLEU by sentence length or word frequency."""

    name: Label
    caption: str = ""
    kind: Literal["vectors", "length", "frequency"]
    system: list[Drawn] = Field(min_length=1)


class Examples(System):
    """Translations that the report shows: of the longest sentences of the test set."""

    count: Positive = 3


class Scale(Section):
    """How large it is done: differences of every run, and the length of lists."""

    set_: list[str] = Field([], alias="set")
    nbest: Positive = 100


class Experiment(Section):
    """A whole experiment."""

    title: Label
    test: str = "test"  # base name of the test set in the folder of --data
    scale: dict[str, Scale] = Field(min_length=1)
    run: list[RunGroup] = Field(min_length=1)
    nbest: list[NBestList] = []
    table: list[Table] = []
    contrast: list[Contrast] = []
    figure: list[Figure] = []
    examples: Examples | None = None
    notes: list[str] = []  # what the report says of choices that the paper leaves open

    @model_validator(mode="after")
    def _fits_together(self) -> Experiment:
        wrong: list[str] = []
        groups = {group.name: group for group in self.run}
        lists = [one.name for one in self.nbest]
        wrong += _twice("run", [group.name for group in self.run]) + _twice("nbest", lists)
        rows = [row for table in self.table for row in table.row]
        wrong += _twice("row", [row.label for row in rows])
        shown = [self.examples] if self.examples else []
        drawn = [system for figure in self.figure for system in figure.system]
        for system in [*self.nbest, *rows, *drawn, *shown]:
            wrong += _unfit(system, groups)
        for contrast in self.contrast:
            wrong += [
                f"contrast {contrast.name}: there is no run {name!r}"
                for name in (contrast.one, contrast.other)
                if name not in groups
            ]
        for row in rows:
            if row.of and row.of not in lists:
                wrong.append(f"row {row.label}: there is no nbest list {row.of!r}")
            if row.choice != "model" and (row.system or not row.of):
                wrong.append(f"row {row.label}: choice {row.choice!r} is of a list, by no system")
        for one in self.nbest:
            if not one.system:
                wrong.append(f"nbest {one.name}: no system writes it")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


def _unfit(system: System, groups: dict[str, RunGroup]) -> list[str]:
    wrong = []
    for name in (system.system, system.replace_unknown):
        if name and name not in groups:
            near = difflib.get_close_matches(name, groups, n=1)
            wrong.append(
                f"there is no run {name!r}" + (f", did you mean {near[0]}?" if near else "")
            )
    if system.system in groups and system.ensemble > len(groups[system.system].seeds):
        wrong.append(
            f"{system.system} has {len(groups[system.system].seeds)} seeds, "
            f"no ensemble of {system.ensemble}"
        )
    return wrong


def _twice(kind: str, names: Iterable[str]) -> list[str]:
    counts = Counter(names)
    return [f"{kind} {name!r} is there twice" for name, count in counts.items() if count > 1]


def load_experiment(name: str) -> tuple[Experiment, Path]:
    """Load an experiment by path or shipped name; return it with its file.

    Raises:
        RecipeError: there is none, or something in it is unknown or wrong.
    """
    path = Path(name)
    if not path.is_file():
        shipped = shipped_experiments()
        if name not in shipped:
            near = difflib.get_close_matches(name, shipped, n=1) or sorted(shipped)
            raise RecipeError(
                f"there is no experiment {name!r}, neither a file nor a shipped one",
                f"shipped: {', '.join(near)}",
            )
        path = shipped[name]
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RecipeError(f"{path} is larger than 1 MiB", "an experiment is a short TOML file")
        values = parse_toml(path.read_bytes())
    except ValueError as error:
        raise RecipeError(f"{path} is not valid TOML: {error}", "mend the file") from error
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}", "mend the file") from error
    try:
        return Experiment.model_validate(values), path
    except ValidationError as error:
        said = "; ".join(_told(entry["loc"], entry["msg"]) for entry in error.errors())
        raise RecipeError(f"{path}: {said}", "mend the file") from error


def _told(place: Sequence[int | str], message: str) -> str:
    """Return a mistake with where it is: `table.2.row.1.paper: ...`, counted from 1."""
    shown = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    text = message.removeprefix("Value error, ").replace("\n", "; ")
    return f"{shown}: {text}" if shown else text
