"""Files, functions, subcommands and the recipe stay small enough to be read."""

from __future__ import annotations

import ast
from typing import Any

import pytest

FILE_LINES = 300
FUNCTION_LINES = 60
OPTIONS = 12
FIELDS = 100
NOT_COUNTED = {"quiet", "threads", "workers", "debug", "help"}
COMMANDS = [
    "train",
    "translate",
    "evaluate",
    "compare",
    "export",
    "benchmark train",
    "benchmark translate",
    "score",
    "rescore",
    "reproduce",
    "inspect curve",
    "inspect vectors",
    "recipes",
    "demo",
]
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def test_files(modules: dict[str, Any]) -> None:
    long = {name: module.lines for name, module in modules.items() if module.lines > FILE_LINES}
    assert long == {}


def test_functions(modules: dict[str, Any]) -> None:
    lengths = {
        f"{name}.{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for name, module in modules.items()
        for function in functions(module.tree)
    }
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}


def test_names_say_what_is_inside(modules: dict[str, Any]) -> None:
    assert [name for name in modules if NO_NAMES & set(name.split("."))] == []


def test_options_of_each_subcommand() -> None:
    counts = {name: len(options) for name, options in subcommand_options().items()}
    assert set(COMMANDS) <= set(counts)
    assert {name: count for name, count in counts.items() if count > OPTIONS} == {}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_shows_an_example(name: str) -> None:
    import click

    command = subcommands()[name]
    context = click.Context(command, info_name=name)
    text = "\n".join(
        part for part in (command.help, command.epilog, command.get_help(context)) if part
    )
    assert f"seq2seq {name}" in text


def subcommands() -> dict[str, Any]:
    """Return every subcommand by name; those of a group have its name before theirs."""
    from typer.main import get_command

    from seq2seq.commands.app import app

    found: dict[str, Any] = {}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= (
            {f"{name} {one}": each for one, each in inner.items()} if inner else {name: command}
        )
    return found


def subcommand_options() -> dict[str, list[str]]:
    return {
        name: [
            parameter.name
            for parameter in command.params
            if parameter.param_type_name == "option" and parameter.name not in NOT_COUNTED
        ]
        for name, command in subcommands().items()
    }


def test_fields_of_the_recipe() -> None:
    from seq2seq.config.loading import field_names
    from seq2seq.config.schema import Recipe

    assert len(field_names(Recipe)) <= FIELDS


def test_the_limits_are_felt() -> None:
    tree = ast.parse("def long():\n" + "    pass\n" * 60 + "def short():\n    pass\n")
    lengths = [(node.end_lineno or 0) - node.lineno + 1 for node in functions(tree)]
    assert lengths == [61, 2]
