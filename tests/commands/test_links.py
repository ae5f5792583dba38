"""Run directories made of links, as caches of downloads keep them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def linked(tiny_run: Path, tmp_path: Path) -> Path:
    """Return a run directory whose files are links into another folder."""
    folder = tmp_path / "a cache" / "snapshot"
    folder.mkdir(parents=True)
    for path in tiny_run.iterdir():
        os.symlink(path, folder / path.name)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("translate", "RUN", "--input", "TEXT"),
        ("evaluate", "RUN", "--source", "TEXT", "--reference", "TEXT"),
        ("score", "RUN", "--source", "TEXT", "--target", "TEXT"),
        ("inspect", "curve", "RUN"),
        ("inspect", "attention", "RUN", "--sentence", "one"),
        ("export", "RUN", "--to", "ctranslate2", "COPY"),
        ("train", "--run", "RUN", "--resume"),
    ],
)
def test_the_hint_names_what_helps(
    cli: Any, linked: Path, corpus: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    names = {"RUN": linked, "TEXT": corpus / "test.en", "COPY": tmp_path / "exported"}
    done = cli(*(names.get(word, word) for word in command))
    assert (done.code, done.out, done.err.count("\n")) == (4, "", 1)
    assert f"is a link, not a plain file; copy the files themselves: cp -rL '{linked}'" in done.err


@pytest.mark.parametrize("name", ["recipe.json", "model.safetensors", "source.model"])
def test_what_the_hint_says_helps(
    cli: Any, linked: Path, tiny_run: Path, tmp_path: Path, name: str
) -> None:
    for path in linked.iterdir():
        if path.name != name and path.is_file():
            path.unlink()
            shutil.copy(tiny_run / path.name, path)
    (tmp_path / "text").write_text("one two\n")
    done = cli("translate", linked, "--input", tmp_path / "text")
    assert done.code == 4 and f"{linked / name} is a link" in done.err
    copy = shlex.split(done.err.rpartition(": ")[2])
    assert copy[:2] == ["cp", "-rL"]
    subprocess.run([*copy[:-1], tmp_path / "copy"], check=True)
    assert cli("translate", tmp_path / "copy", "--input", tmp_path / "text", "--quiet").code == 0
