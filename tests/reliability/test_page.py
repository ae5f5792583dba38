"""docs/reliability.md names tests that exist, and has every row of the fault catalogue."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
UNASSIGNED = {13, 14, 19, 20, 29, 38, 43, 56}
ROWS = dict(re.findall(r"^\| (\d+) \| (.*) \|$", PAGE.partition("## The fault catalogue")[2], re.M))


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+\.py::\w+)`", PAGE))))
def test_a_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert function in functions(TESTS / path)


def test_every_row_is_there() -> None:
    assert {int(number) for number in ROWS} == set(range(1, 71)) - UNASSIGNED


@pytest.mark.parametrize("number", ROWS)
def test_a_row_has_a_state_and_a_proof(number: str) -> None:
    _, state, *proof = (cell.strip() for cell in ROWS[number].split(" | "))
    assert re.match(r"passed\b|does not apply: |fails: ", state)
    assert "::" in "".join(proof) or not state.startswith("passed")
