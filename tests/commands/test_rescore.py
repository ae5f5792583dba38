"""`seq2seq rescore` as a user meets it: lists ranked anew, and judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def lists(cli: Cli, tiny_run: Path, corpus: Path, tmp_path: Path) -> Path:
    done = cli("translate", tiny_run, "--input", corpus / "test.en", "--nbest", 4, "--beam", 4,
               "--format", "moses")  # fmt: skip
    assert done.code == 0
    place = tmp_path / "lists"
    place.write_text(done.out)
    return place


def rescored(cli: Cli, run: Path, corpus: Path, lists: Path, *arguments: object) -> Any:
    return cli("rescore", run, "--source", corpus / "test.en", "--nbest", lists, *arguments)


def first_texts(lists: Path) -> list[str]:
    seen: dict[str, str] = {}
    for line in lists.read_text().splitlines():
        place, text, *_ = line.split(" ||| ")
        seen.setdefault(place, text)
    return list(seen.values())


def test_weight_0_is_the_lists_own_order(
    cli: Cli, tiny_run: Path, corpus: Path, lists: Path, tmp_path: Path
) -> None:
    done = rescored(cli, tiny_run, corpus, lists, "--weight", 0)
    assert (done.code, done.out.splitlines()) == (0, first_texts(lists))
    done = rescored(cli, tiny_run, corpus, lists, "--weight", 0, "--output", tmp_path / "again")
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "again").read_text() == lists.read_text()


def test_weight_1_is_the_models_choice(
    cli: Cli, tiny_run: Path, corpus: Path, lists: Path, tmp_path: Path
) -> None:
    """The list's own score is length-normalised; by log-probability alone, short ones win."""
    assert rescored(
        cli, tiny_run, corpus, lists, "--weight", 1, "--output", tmp_path / "anew"
    ).code == 0  # fmt: skip
    sources, texts, places = [], [], []
    lines = (corpus / "test.en").read_text().splitlines()
    for line in (tmp_path / "anew").read_text().splitlines():
        place, text, *_ = line.split(" ||| ")
        sources.append(lines[int(place)] + "\n")
        texts.append(text + "\n")
        places.append(int(place))
    assert sorted(texts) == sorted(
        line.split(" ||| ")[1] + "\n" for line in lists.read_text().splitlines()
    )
    (tmp_path / "source").write_text("".join(sources))
    (tmp_path / "target").write_text("".join(texts))
    scored = cli("score", tiny_run, "--source", tmp_path / "source", "--target",
                 tmp_path / "target", "--quiet")  # fmt: skip
    values = [float(line) for line in scored.out.splitlines()]
    for place in range(20):
        own = [value for value, where in zip(values, places, strict=True) if where == place]
        assert own == sorted(own, reverse=True)


def test_references_judge_the_choice(cli: Cli, tiny_run: Path, corpus: Path, lists: Path) -> None:
    arguments = ("--reference", corpus / "test.de", "--json")
    document = json.loads(rescored(cli, tiny_run, corpus, lists, *arguments).out)
    scores = document["BLEU"]
    assert document["weight"] == 0.5
    assert scores["oracle"] >= scores["first"]
    assert "tok:13a" in scores["signature"] and 0 < document["p_value"] <= 1
    tuned = json.loads(rescored(cli, tiny_run, corpus, lists, *arguments, "--tune").out)
    assert tuned["BLEU"]["chosen"] >= max(scores["chosen"], tuned["BLEU"]["first"])
    table = rescored(cli, tiny_run, corpus, lists, *arguments[:2], "--weight", 0)
    assert "the best of each list (oracle)" in table.out
    assert "chosen - first: +0.00, p = 1.0000" in table.out


def test_the_oracle_finds_the_reference_in_the_list(
    cli: Cli, tiny_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "test.en").write_text("one two three four five\nsix seven eight nine\n")
    (tmp_path / "test.de").write_text("eins zwei drei vier fünf\nsechs sieben acht neun\n")
    (tmp_path / "lists").write_text(
        "0 ||| null null ||| x= 1 ||| -1\n0 ||| eins zwei drei vier fünf ||| x= 1 ||| -2\n"
        "1 ||| sechs sieben acht neun ||| x= 1 ||| -1\n1 |||  ||| x= 1 ||| -3\n"
    )
    done = rescored(cli, tiny_run, tmp_path, tmp_path / "lists", "--reference",
                    tmp_path / "test.de", "--json", "--weight", 0)  # fmt: skip
    scores = json.loads(done.out)["BLEU"]
    assert scores["oracle"] == pytest.approx(100) and scores["first"] < 80


@pytest.mark.parametrize(
    ("text", "arguments", "code", "said"),
    [
        ("0 ||| eins ||| x= 1\n", [], 3, "lists:1: not `line ||| text ||| features ||| score`"),
        ("eins\n", [], 3, "lists:1: not"),
        ("0 ||| a ||| x= 1 ||| nan\n", [], 3, "the score nan is no number"),
        ("20 ||| eins ||| x= 1 ||| 0\n", [], 3, "lists:1: a translation of line 20, of 20"),
        ("0 ||| eins ||| x= 1 ||| 0\n", [], 3, "has no translation of line 1 (they count from 0)"),
        ("0 ||| eins ||| x= 1 ||| 0\n", ["--tune"], 2, "add --reference FILE"),
        ("0 ||| eins ||| x= 1 ||| 0\n", ["--weight", "2"], 2, "--weight"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(
    cli: Cli, tiny_run: Path, corpus: Path, tmp_path: Path, text: str, arguments: list[str],
    code: int, said: str,
) -> None:  # fmt: skip
    (tmp_path / "lists").write_text(text)
    done = rescored(cli, tiny_run, corpus, tmp_path / "lists", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err and done.err.count("\n") == 1
