"""A file imports from lower floors and from its own package only; nothing goes in circles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FLOORS = {
    "errors": 0,
    "files": 0,
    "documents": 0,
    "terminal": 0,
    "config": 1,
    "runtime": 1,
    "nn": 2,
    "text": 2,
    "metrics": 2,
    "parallel": 2,
    "models": 3,
    "data": 3,
    "decoding": 4,
    "": 4.5,  # seq2seq/__init__.py, which offers Translator
    "training": 5,
    "evaluation": 5,
    "export": 5,
    "analysis": 6,
    "experiments": 6.5,  # a paper's figures are analyses
    "report": 7,
    "commands": 8,
    "__main__": 9,
}
BY_AGREEMENT = {("files", "errors"), ("terminal", "errors")}  # files on the ground floor


def violations(imports: dict[str, set[str]]) -> list[str]:
    found = []
    for name, targets in imports.items():
        room = room_of(name)
        for target in targets:
            other = room_of(target)
            if room == other or (room, other) in BY_AGREEMENT:
                continue
            if FLOORS[other] >= FLOORS[room]:
                found.append(f"{name} imports {target}")
    return sorted(found)


def room_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Return one circle of modules, or nothing."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(imports.get(name, ())):
            if found := visit(target, [*path, name]):
                return found
        done.add(name)
        return []

    for name in sorted(imports):
        if found := visit(name, []):
            return found
    return []


def test_every_room_has_a_floor(modules: dict[str, Any]) -> None:
    assert {module.package for module in modules.values()} <= set(FLOORS)


def test_imports_go_down(imports: dict[str, set[str]]) -> None:
    assert violations(imports) == []


def test_no_circles(imports: dict[str, set[str]]) -> None:
    assert circle(imports) == []


def test_the_checks_see_what_they_should() -> None:
    bad = {"seq2seq.metrics.corpus": {"seq2seq.text.lines", "seq2seq.errors"}}
    assert violations(bad) == ["seq2seq.metrics.corpus imports seq2seq.text.lines"]
    assert violations({"seq2seq.config.loading": {"seq2seq.config.schema", "seq2seq.errors"}}) == []
    assert violations({"seq2seq.models.build": {"seq2seq"}}) == [
        "seq2seq.models.build imports seq2seq"
    ]
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_every_kind_of_import_is_seen(imports_of_text: Callable[..., set[str]]) -> None:
    text = (
        "from seq2seq.config import schema\n"
        "def lazy():\n"
        "    import seq2seq.data.plan\n"
        "    from .. import errors\n"
        "    from . import lines\n"
        "    import_module('seq2seq.models.build')\n"
    )
    known = {"seq2seq.config.schema", "seq2seq.errors", "seq2seq.text.lines"}
    assert imports_of_text(text, "seq2seq.text.words", known) == {
        "seq2seq.config.schema",
        "seq2seq.data.plan",
        "seq2seq.errors",
        "seq2seq.text.lines",
        "seq2seq.models.build",
    }
