"""From a TOML file, a shipped name and `--set` assignments to a checked recipe.

All mistakes are told in one message.
"""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from seq2seq.config.languages import decided_pair
from seq2seq.config.schema import Architecture, DecodingConfig, ModelConfig, Recipe
from seq2seq.config.shipped import shipped_recipes
from seq2seq.documents import parse_toml
from seq2seq.errors import RecipeError

LARGEST_FILE = 1 << 20  # bytes; a recipe is a page, not a data set

REWORDED = {  # what pydantic says in words of its own
    "model_type": "should be a section of fields",
}

RECURRENT = ("cell", "cell_options", "embedding", "initial", "embedding_initial")
BY_ATTENTION = (
    "heads",
    "feed_forward",
    "norm",
    "normalisation",
    "positions",
    "activation",
    "gated",
)
STACKED = (*RECURRENT, "connection", "connected_from")
ONLY_FOR = {  # fields that not every architecture reads, under each that does
    "recurrent": STACKED,
    "bahdanau": STACKED,
    "luong": (*STACKED, "attention", "input_feeding"),
    "gnmt": (*RECURRENT, "attention", "input_feeding"),
    "transformer": (*BY_ATTENTION, "decoder_layers", "layer_dropout"),
    "recurrent_language_model": STACKED,
    "transformer_language_model": BY_ATTENTION,
}

# what decides which other fields are read, with its default
KINDS = {name: ModelConfig.model_fields[name].default for name in ("architecture", "cell")}


def load_recipe(name: str | None, assignments: Sequence[str] = ()) -> Recipe:
    """Load a recipe and apply `KEY=VALUE` assignments on top.

    `name` is the path of a TOML file, the name of a shipped recipe, or None for the defaults.

    Raises:
        RecipeError: the file is missing or unreadable, or any field is unknown or wrong.
    """
    return check_recipe(
        *assigned(recipe_values(name), assignments), where=name or "the default recipe"
    )


def recipe_values(name: str | None) -> dict[str, Any]:
    """Return what a recipe's file says, unchecked."""
    if name is None:
        return {}
    path = find_recipe(name)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RecipeError(f"{path} is larger than 1 MiB", "a recipe is a short TOML file")
        return parse_toml(path.read_bytes())
    except ValueError as error:
        raise RecipeError(f"{path} is not valid TOML: {error}", "mend the file") from error
    except OSError as error:
        raise RecipeError(
            f"cannot read recipe {path}: {error.strerror}", "give a readable TOML file"
        ) from error


def find_recipe(name: str) -> Path:
    """Return the file of a recipe given by path or by shipped name.

    Raises:
        RecipeError: there is no such recipe; the hint names the nearest one that is shipped.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = shipped_recipes()
    if name in shipped:
        return shipped[name]
    near = difflib.get_close_matches(name, shipped, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "`seq2seq recipes` lists the shipped ones"
    raise RecipeError(f"there is no recipe {name!r}, neither a file nor a shipped one", hint)


def assigned(values: dict[str, Any], assignments: Sequence[str]) -> tuple[dict[str, Any], set[str]]:
    """Return `values` with assignments applied, and the dotted keys of the model fields written.

    From these keys, such as `model.heads`, follows which of an architecture's own fields were set.
    A value is read as TOML (`3`, `true`, `[1, 2]`, `"text"`); what is not TOML is taken as text. A
    new architecture or cell takes over what it can read of `values`, and no more.
    """
    result = copy.deepcopy(values)
    parted = [_parted(assignment) for assignment in assignments]
    _leave_out(result.get("model"), {f"{one.section}.{one.field}": one.text for one in parted})
    for assignment, (section, field, text) in zip(assignments, parted, strict=True):
        if not field:
            result[section] = _toml_value(text)
            continue
        holder = result.setdefault(section, {})
        if isinstance(holder, dict) and field.startswith("cell_options."):
            field = field.removeprefix("cell_options.")
            holder = holder.setdefault("cell_options", {})
        if not isinstance(holder, dict):
            key = assignment.partition("=")[0].rpartition(".")[0]
            raise RecipeError(f"--set {assignment}: {key} is not a section")
        holder[field] = _toml_value(text)
    written = result.get("model")
    return result, {f"model.{field}" for field in written} if isinstance(written, dict) else set()


class _Assignment(NamedTuple):
    section: str
    field: str  # nothing where a whole section is set
    text: str


def _parted(assignment: str) -> _Assignment:
    key, equals, text = assignment.partition("=")
    section, dot, field = key.strip().partition(".")
    if not equals or not section or (dot and not field):
        raise RecipeError(f"--set {assignment}: expected KEY=VALUE", "such as --set model.layers=2")
    return _Assignment(section, field, text)


def _leave_out(model: Any, assigned: Mapping[str, str]) -> None:
    """Take out of a recipe's own model what an assigned architecture or cell cannot read."""
    if not isinstance(model, dict):
        return
    architecture, cell = (_toml_value(assigned.get(f"model.{one}", "")) for one in KINDS)
    if architecture in ONLY_FOR and architecture != model.get(
        "architecture", KINDS["architecture"]
    ):
        for field in ("tie", *unread_fields(architecture)):
            model.pop(field, None)
    if cell and cell != model.get("cell", KINDS["cell"]):
        model.pop("cell_options", None)


def own_data(data: Path | None, pair: str | None) -> list[str]:
    """Return assignments that put a folder of text files in place of the recipe's corpus."""
    if pair is not None and data is not None:
        pair = decided_pair(pair, data)
    changes = [] if pair is None else [f"data.pair={json.dumps(pair)}"]
    if data is not None:
        changes += [
            f"data.path={json.dumps(str(data))}",
            'data.format="text"',
            'data.train="train"',
        ]
        changes += [
            'data.valid="valid"',
            "data.test=[]",
            'data.configuration=""',
            'data.revision=""',
        ]
    return changes


def check_recipe(values: dict[str, Any], written: set[str], *, where: str) -> Recipe:
    """Validate `values`; raise one RecipeError that lists every mistake."""
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        raise RecipeError(
            f"{where}: {_mistakes(error, Recipe)}", "mend them and run again"
        ) from error
    unread = unread_fields(recipe.model.architecture)
    unused = [f"model.{field}" for field in unread if f"model.{field}" in written]
    if unused:
        raise RecipeError(
            f"{where}: {', '.join(unused)} means nothing to the {recipe.model.architecture}",
            "take it out",
        )
    return recipe


def unread_fields(architecture: Architecture) -> list[str]:
    """Return the fields of `model` that an architecture does not read, in the schema's order."""
    special = {field for fields in ONLY_FOR.values() for field in fields}
    unread = special.difference(ONLY_FOR[architecture])
    return [field for field in ModelConfig.model_fields if field in unread]


def decoding_overrides(decoding: DecodingConfig, assignments: Sequence[str]) -> DecodingConfig:
    """Return `decoding` with assignments such as `decoding.beam=1` applied."""
    values, _ = assigned({"decoding": decoding.model_dump()}, assignments)
    strangers = sorted(set(values) - {"decoding"})
    if strangers:
        raise RecipeError(
            f"--set {strangers[0]}: a trained model takes decoding.* only",
            "such as decoding.beam=1",
        )
    try:
        return DecodingConfig.model_validate(values["decoding"])
    except ValidationError as error:
        raise RecipeError(
            _mistakes(error, DecodingConfig, "decoding."), "mend them and run again"
        ) from error


def _toml_value(text: str) -> Any:
    try:
        parsed = parse_toml(f"value = {text.strip()}")
    except ValueError:
        return text.strip()
    return parsed["value"] if set(parsed) == {"value"} else text.strip()


def _mistakes(error: ValidationError, schema: type[BaseModel], prefix: str = "") -> str:
    """Return every mistake once, in the recipe's own words."""
    known = [prefix + name for name in field_names(schema)]
    lines: dict[str, None] = {}
    for entry in error.errors():
        parts = [str(part) for part in entry["loc"]]
        depth = 1 if prefix or len(parts) < 2 else 2
        key = prefix + ".".join(parts[:depth])
        if entry["type"] == "extra_forbidden":
            lines[f"{key}: no such field{_nearest(key, known)}"] = None
        elif entry["type"] == "value_error":
            text = entry["msg"].removeprefix("Value error, ")
            lines.update(
                dict.fromkeys(f"{key}: {line}" if key else line for line in text.split("\n"))
            )
        else:
            if any(line.startswith(f"{key}: ") for line in lines):
                continue  # a union reports each of its arms
            said = REWORDED.get(entry["type"]) or entry["msg"][0].lower() + entry["msg"][1:]
            lines[f"{key}: {said}, but is {_shown(entry['input'])}"] = None
    return "; ".join(lines)


def field_names(schema: type[BaseModel]) -> list[str]:
    """Return the dotted names of every field of a schema."""
    names = []
    for name, field in schema.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names += [f"{name}.{own.alias or below}" for below, own in inner.model_fields.items()]
        else:
            names.append(name)
    return names


def _nearest(key: str, known: Sequence[str]) -> str:
    """Return the likeliest right name: from the same section, or else from any."""
    section, _, field = key.rpartition(".")
    anywhere = {name.rpartition(".")[2]: name for name in known}
    beside = {last: name for last, name in anywhere.items() if name.rpartition(".")[0] == section}
    if not section:
        beside |= {name.partition(".")[0]: name.partition(".")[0] for name in known}
    if field in anywhere:
        return f", did you mean {anywhere[field]}?"
    for names in (beside, anywhere):
        if near := difflib.get_close_matches(field, names, n=1):
            return f", did you mean {names[near[0]]}?"
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
