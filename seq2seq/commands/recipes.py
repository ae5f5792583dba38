"""`seq2seq recipes`: what is shipped, with expected scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seq2seq.commands.options import Debug, Quiet
from seq2seq.errors import RecipeError
from seq2seq.terminal import put

EXAMPLES = """Examples:\n
\b
  seq2seq recipes
  seq2seq recipes multi30k-en-de-transformer > mine.toml
"""
EXPECTED = "# expected:"


def recipes(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="print this recipe's file")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """List the shipped recipes and their expected scores, or print one to start from."""
    from seq2seq.config.loading import find_recipe, load_recipe
    from seq2seq.config.shipped import shipped_recipes
    from seq2seq.report.console import table

    if name is not None:
        put(_text(find_recipe(name)), raw=True)
        return
    rows = []
    for known, file in shipped_recipes().items():
        recipe = load_recipe(known)
        rows.append([known, recipe.data.pair, recipe.model.architecture, expected_score(file)])
    table(["recipe", "pair", "architecture", "expected"], rows)


def expected_score(file: Path) -> str:
    """Return what the recipe's first comment lines say it reaches: `# expected: ...`."""
    for line in _text(file).splitlines():
        if not line.startswith("#"):
            break
        if line.startswith(EXPECTED):
            return line.removeprefix(EXPECTED).strip()
    return "not run yet"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read recipe {file}: {error}", "give a TOML file") from error
