"""What a sentence costs by its length."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.analysis.lengths import Costs


def test_an_exponent() -> None:
    assert Costs.slope([1, 10, 100], [2.0, 20.0, 200.0]) == pytest.approx(1.0)
    assert Costs.slope([1, 2, 4], [3.0, 12.0, 48.0]) == pytest.approx(2.0)


def test_the_command(cli: Callable[..., Any], tmp_path: Path) -> None:
    picture = tmp_path / "speed.png"
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        '[model]\narchitecture = "recurrent"\nlayers = 1\nhidden = 8\nembedding = 8\n'
    )
    few = (recipe, "--length", 2, "--length", 4, "--threads", 1)
    done = cli("inspect", "speed", *few, "--output", picture)
    assert done.code == 0, done.err
    assert "sentences/s" in done.out and "pieces a second" in done.err
    assert picture.read_bytes().startswith(b"\x89PNG")
    document = json.loads(cli("inspect", "speed", *few, "--json", "--quiet").out)
    (found,) = document.values()
    assert found["lengths"] == [2, 4] and len(found["training"]["seconds_a_sentence"]) == 2


def test_one_length_is_too_few(cli: Callable[..., Any]) -> None:
    assert cli("inspect", "speed", "--length", 5).code == 2
