"""`seq2seq benchmark` as a user meets it: tables, JSON and mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.analysis.works import WORKS
from seq2seq.config.loading import check_recipe

Cli = Callable[..., Any]
SMALL = [
    "--set", "text.vocabulary=50", "--set", "training.batch_tokens=300", "--device", "cpu",
    "--windows", "2", "--updates", "5",
]  # fmt: skip
NARROW = {
    "T": ["--set", "model.hidden=16", "--set", "model.feed_forward=16"],
    "A": ["--set", "model.hidden=16", "--set", "model.embedding=16"],
    "S": ["--set", "model.hidden=16", "--set", "model.embedding=16"],
}
# as in comparisons with other toolkits, which count 7.57, 14.34 and 20.91 million
SIZES = {"T": 7.57e6, "A": 14.34e6, "S": 20.91e6}


def training(cli: Cli, corpus: Path, *arguments: object) -> Any:
    return cli("benchmark", "train", "--data", corpus, "--pair", "en-de", *SMALL, *arguments)


@pytest.mark.parametrize("name", ["T", "A", "S"])
def test_training_speed(cli: Cli, corpus: Path, name: str) -> None:
    done = training(cli, corpus, "--work", name, "--limit", "--json", *NARROW[name])
    assert done.code == 0
    document = json.loads(done.out)
    assert document["work"] == name and len(document["windows"]) == 2
    slowest, fastest = sorted(document["windows"])
    assert 0 < slowest <= document["tokens_per_second"] <= fastest
    assert 0 < document["limit"]["share"] < 1
    assert "warming up: 5 steps" in done.err and "matrix products" in done.err


def test_a_recipe_of_ones_own_as_a_table(cli: Cli, corpus: Path) -> None:
    done = training(cli, corpus, "demo-lstm", "--set", "model.hidden=8", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert "training demo-lstm" in done.out
    assert "pieces a second" in done.out and "limit" not in done.out


@pytest.mark.parametrize("name", ["T", "A", "S"])
def test_the_works_have_the_sizes_that_they_are_known_by(name: Any) -> None:
    from seq2seq.training.sizes import nominal_sizes

    recipe = check_recipe(WORKS[name], set(), where=name)
    assert nominal_sizes(recipe).all == pytest.approx(SIZES[name], rel=0.03)


def test_translation_speed(cli: Cli, corpus: Path, tiny_run: Path) -> None:
    arguments = ("benchmark", "translate", tiny_run, "--input", corpus / "test.en")
    done = cli(*arguments, "--windows", "2", "--json", "--batch", "3", "--beam", "2")
    assert done.code == 0
    document = json.loads(done.out)
    assert document["sentences"] == 20 and document["sentences_per_second"] > 0
    assert done.err.count("sentences a second") == 2
    table = cli(*arguments, "--windows", "1", "--quiet")
    assert (table.code, table.err) == (0, "")
    assert "milliseconds a sentence" in table.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train"], 2, "name a recipe, or give --work"),
        (["train", "demo-lstm", "--work", "T"], 2, "name a recipe, or give --work"),
        (["train", "--work", "T"], 2, "add --data DIR and --pair"),
        (["train", "--work", "B"], 2, "'B' is not one of"),
        (["train", "demo-lstm", "--updates", "1"], 2, "--updates"),
        (["train", "--work", "T", "--data", "none", "--pair", "en-de"], 3, "none"),
        (["train", "demo-lstm", "--set", "model.layer=1"], 4, "did you mean model.layers?"),
        (["translate", "none"], 2, "--input"),
        (["translate", "none", "--input", "none.en"], 3, "none.en"),
    ],
)
def test_mistakes_are_one_line(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int,
    said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    done = cli("benchmark", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err and done.err.splitlines()[-1].startswith("error: ")


def test_an_empty_text_has_no_speed(cli: Cli, tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    done = cli("benchmark", "translate", tiny_run, "--input", tmp_path / "empty")
    assert (done.code, done.out) == (3, "") and "is empty" in done.err
