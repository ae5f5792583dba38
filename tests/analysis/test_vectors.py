"""`seq2seq inspect vectors`: what models keep of phrases, as a table, JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seq2seq.analysis.vectors import Family, _seen, families, see

Cli = Callable[..., Any]
PHRASES = "# order\nx\tone two\nx\tone three\ny\ttwo one\n\na\tfour five six\na\tfour\nb\tsix\n"


@pytest.fixture
def phrases(tmp_path: Path) -> Path:
    place = tmp_path / "phrases"
    place.write_text(PHRASES)
    return place


def test_distances_are_of_whole_vectors() -> None:
    family = Family("square", (("x", "a"), ("x", "b"), ("y", "c"), ("y", "d")))
    seen = _seen(family, np.array([[0.0, 0, 0], [1, 0, 0], [0, 3, 0], [1, 3, 0]]))
    assert seen.within == pytest.approx(1.0)
    assert seen.between == pytest.approx((3 + 3 + 2 * np.sqrt(10)) / 4)
    assert seen.separation == pytest.approx(seen.between)
    assert seen.explained == pytest.approx(1.0)
    np.testing.assert_allclose(np.abs(seen.plane[:, 0]), 1.5)  # the longer side comes first
    np.testing.assert_allclose(np.abs(seen.plane[:, 1]), 0.5)


def test_the_papers_phrases() -> None:
    first, second = families(None)
    assert [len(first.phrases), len(second.phrases)] == [6, 6]
    assert sorted(first.phrases[0][1].split()) == sorted(first.phrases[3][1].split())


def test_a_table_and_json(cli: Cli, tiny_run: Path, phrases: Path) -> None:
    done = cli("inspect", "vectors", tiny_run, f"other={tiny_run}", "--phrases", phrases, "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert list(document) == ["tiny", "other"] and document["tiny"] == document["other"]
    order, second = document["tiny"]
    assert (order["family"], second["family"], order["width"]) == ("order", "family 2", 16)
    assert order["separation"] == pytest.approx(order["between"] / order["within"])
    assert [one["meaning"] for one in second["phrases"]] == ["a", "a", "b"]
    table = cli("inspect", "vectors", tiny_run)
    assert table.code == 0 and "who does it" in table.out and "active and passive" in table.out


@pytest.mark.parametrize(
    ("architecture", "width"),
    [("recurrent", 2 * 2 * 16), ("bahdanau", 2 * 16), ("luong", 2 * 2 * 16), ("gnmt", 16)],
)
def test_what_recurrent_models_keep(
    tiny_recipe: Callable[..., Any], tmp_path: Path, phrases: Path, architecture: str, width: int
) -> None:
    from seq2seq.training.run import train

    recipe = tiny_recipe(architecture, training__max_steps=1)
    for _ in train(recipe, tmp_path / "run", device="cpu"):
        pass
    seen = see(tmp_path / "run", families(phrases))
    assert [one.width for one in seen] == [width, width]
    assert all(one.within > 0 for one in seen)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture(cli: Cli, tiny_run: Path, tmp_path: Path, ending: str) -> None:
    picture = tmp_path / f"picture.{ending}"
    assert cli("inspect", "vectors", tiny_run, "--output", picture).code == 0
    assert picture.stat().st_size > 5000
    if ending == "svg":
        assert "<svg" in picture.read_text()[:1000]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no phrases"),
        ("one two\n", "phrases:1: not a meaning, a tab and a phrase"),
        ("x\tone\nx\ttwo\n", "distances need two meanings"),
        ("x\tone\ny\ttwo\n", "distances need two meanings"),
    ],
)
def test_phrases_that_cannot_be_compared(
    cli: Cli, tiny_run: Path, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "phrases").write_text(text)
    done = cli("inspect", "vectors", tiny_run, "--phrases", tmp_path / "phrases")
    assert (done.code, done.out) == (3, "") and said in done.err


def test_other_mistakes(cli: Cli, tiny_run: Path, tmp_path: Path) -> None:
    assert cli("inspect", "vectors", tmp_path).code == 4
    assert cli("inspect", "vectors", tiny_run, tiny_run).code == 2
    done = cli("inspect", "vectors", tiny_run, "--output", tmp_path / "picture.txt")
    assert done.code == 2 and not (tmp_path / "picture.txt").exists()
