"""The recipes that come with the toolkit.

They are found beside the checkout, or inside the installed package.
"""

from __future__ import annotations

from pathlib import Path

EXPERIMENT = "experiment.toml"  # a paper's tables, not a recipe
PACKAGE = Path(__file__).resolve().parent.parent


def recipe_root() -> Path:
    """Return the folder that holds one folder a paper or data set."""
    inside = PACKAGE / "_recipes"
    return inside if inside.is_dir() else PACKAGE.parent / "recipes"


def shipped_recipes() -> dict[str, Path]:
    """Return recipe files by name: folder and file joined by a dash, `multi30k-en-de-lstm`."""
    files = sorted(recipe_root().glob("*/*.toml"))
    return {f"{file.parent.name}-{file.stem}": file for file in files if file.name != EXPERIMENT}


def shipped_experiments() -> dict[str, Path]:
    """Return the experiment files, by the name of their folder."""
    return {file.parent.name: file for file in sorted(recipe_root().glob(f"*/{EXPERIMENT}"))}
