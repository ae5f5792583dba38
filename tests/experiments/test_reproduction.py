"""`seq2seq reproduce`: a tiny paper, whole, killed on the way, and written wrong."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

RECIPE = """
[text]
tokenizer = "words"
vocabulary = [14, 12]
joint = false

[model]
architecture = "{architecture}"
hidden = 16
embedding = 8
layers = 1
dropout = 0.0

[training]
learning_rate = 0.01
warmup = 5
max_steps = 12
batch_tokens = 300
save_every = 3
validate_every = 6
validation_sentences = 4
patience = 0

[decoding]
beam = 2
max_ratio = 1.5
max_extra = 3
length_penalty = 0.0
"""
EXPERIMENT = """
title = "A tiny paper"
notes = ["What the paper leaves open is chosen here."]

[scale.small]
nbest = 4
[scale.short]
set = ["training.max_steps=2"]
nbest = 2

[[run]]
name = "forward"
recipe = "{folder}/lstm.toml"
seeds = [1, 2]
[[run]]
name = "reversed"
recipe = "{folder}/lstm.toml"
set = ["text.source_order=reverse"]
seeds = [1, 2, 3]
[[run]]
name = "attention"
recipe = "{folder}/attention.toml"

[[nbest]]
name = "lists"
system = "attention"

[[table]]
name = "Table 1"
caption = "Translated."
[[table.row]]
label = "Baseline system"
paper = 33.3
[[table.row]]
label = "one forward"
system = "forward"
beam = 3
paper = 26.17
[[table.row]]
label = "two reversed together"
system = "reversed"
ensemble = 2
[[table.row]]
label = "unknown words replaced"
system = "forward"
replace_unknown = "attention"

[[table]]
name = "Table 2"
[[table.row]]
label = "the lists' own first"
of = "lists"
choice = "first"
[[table.row]]
label = "rescored by one"
of = "lists"
system = "reversed"
[[table.row]]
label = "rescored by all"
of = "lists"
system = "reversed"
ensemble = 3
weight = 1.0
[[table.row]]
label = "oracle"
of = "lists"
choice = "oracle"
paper = 45

[[contrast]]
name = "Reversing"
one = "forward"
other = "reversed"

[[figure]]
name = "Figure 2"
kind = "vectors"
[[figure.system]]
label = "reversed"
system = "reversed"

[[figure]]
name = "Figure 3, left"
kind = "length"
[[figure.system]]
label = "reversed"
system = "reversed"
ensemble = 2
[[figure.system]]
label = "attention"
system = "attention"

[[figure]]
name = "Figure 3, right"
kind = "frequency"
[[figure.system]]
label = "reversed"
system = "reversed"

[examples]
system = "reversed"
count = 2
"""
TIMES = {"peak_memory", "seconds", "words_per_second", "minutes", "pieces_per_second"}


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    (folder / "lstm.toml").write_text(RECIPE.format(architecture="recurrent"))
    (folder / "attention.toml").write_text(RECIPE.format(architecture="bahdanau"))
    (folder / "paper.toml").write_text(EXPERIMENT.format(folder=folder))
    return folder / "paper.toml"


def arguments(paper: Path, corpus: Path, folder: Path, *more: object) -> list[object]:
    return ["reproduce", paper, "--data", corpus, "--pair", "en-de", "--run", folder, *more]


@pytest.fixture(scope="module")
def straight(
    paper: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory, start: Callable[..., Any]
) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("straight")
    child = start(*arguments(paper, corpus, folder, "--device", "cpu", "--workers", 2))
    out, err = child.communicate(timeout=300)
    assert child.returncode == 0, err.decode()
    return folder, out.decode(), err.decode()


def timeless(value: Any) -> Any:
    """Return a document without what depends on the clock."""
    if isinstance(value, dict):
        return {key: timeless(own) for key, own in value.items() if key not in TIMES}
    return [timeless(own) for own in value] if isinstance(value, list) else value


def report(folder: Path) -> Any:
    return timeless(json.loads((folder / "report.json").read_text()))


def test_the_report(straight: tuple[Path, str, str]) -> None:
    folder, out, err = straight
    assert "Table 1" in out and "oracle" in out and "exact permutation test" in out
    assert f"report: {folder / 'report.html'}" in err
    found = report(folder)
    first, second = found["tables"]
    assert first["rows"][0] == {**dict.fromkeys(first["rows"][0]), "label": "Baseline system",
                                "paper": 33.3, "tokenized": [], "detokenized": []}  # fmt: skip
    assert len(first["rows"][1]["tokenized"]) == 2 and first["rows"][1]["deviation"] is not None
    assert len(first["rows"][2]["tokenized"]) == 1 and first["rows"][2]["deviation"] is None
    assert "tok:moses-de" in first["rows"][1]["tokenized"][0]["signature"]
    assert "tok:13a" in first["rows"][1]["detokenized"][0]["signature"]
    means = [row["mean"] for row in second["rows"]]
    assert means[3] >= max(means[:3])
    judged = second["rows"][1]["against_first"]
    assert len(judged) == len(second["rows"][1]["tokenized"])
    assert all(one["p_value"] > 0 for one in judged)
    (contrast,) = found["contrasts"]
    assert len(contrast["forward"]) == 2 and len(contrast["reversed"]) == 3
    assert 0.1 <= contrast["p_value"] <= 1  # of ten ways to divide five
    assert [run["steps"] for run in found["runs"]] == [12] * 6
    assert len(found["examples"]) == 2
    assert found["figures"][0]["vectors"]["reversed"][0]["separation"] > 0
    assert len(found["figures"][1]["bands"]) == 2


def test_the_page_holds_all_of_it(straight: tuple[Path, str, str]) -> None:
    page = (straight[0] / "report.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == 3
    assert not re.search(r'(src|href)="(?!data:)', page) and "<script" not in page
    for said in ("A tiny paper", "unknown words replaced", "Long sentences", "is chosen here"):
        assert said in page
    markdown = (straight[0] / "report.md").read_text()
    assert "| oracle | 45 |" in markdown and "What was trained" in markdown
    assert "2 and 3 seeds, too few to tell, since p cannot be less than 0.100" in markdown


def test_what_is_done_is_not_done_again(
    cli: Cli, paper: Path, corpus: Path, straight: tuple[Path, str, str]
) -> None:
    folder = straight[0]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    first = (folder / "report.json").read_bytes()
    done = cli(*arguments(paper, corpus, folder))
    assert done.code == 0 and "translating" not in done.err and "training" not in done.err
    assert (folder / "report.json").read_bytes() == first
    changed = {path.name for path, when in before.items() if path.stat().st_mtime_ns != when}
    assert changed == {"report.html", "report.md", "report.json"}


def test_killed_twice_it_comes_to_the_same(
    paper: Path,
    corpus: Path,
    tmp_path: Path,
    straight: tuple[Path, str, str],
    start: Callable[..., subprocess.Popen[bytes]],
) -> None:
    command = arguments(paper, corpus, tmp_path, "--device", "cpu", "--workers", 2)
    for mark, how in (("runs/*/checkpoints/*", signal.SIGTERM), ("pieces/tr*", signal.SIGKILL)):
        child = start(*command)
        while not list(tmp_path.glob(mark)) and child.poll() is None:
            time.sleep(0.05)
        child.send_signal(how)
        child.communicate(timeout=120)
        assert child.returncode == (143 if how == signal.SIGTERM else -9)
    child = start(*command)
    _, err = child.communicate(timeout=300)
    assert child.returncode == 0, err.decode()
    assert report(tmp_path) == report(straight[0])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('system = "forward"', 'system = "foward"', "no run 'foward', did you mean forward?"),
        ("ensemble = 3", "ensemble = 4", "reversed has 3 seeds, no ensemble of 4"),
        ("seeds = [1, 2]", "seeds = [2, 2]", "run forward: a seed stands twice"),
        ('of = "lists"', 'of = "list"', "there is no nbest list 'list'"),
        ('label = "oracle"', 'label = "one forward"', "row 'one forward' is there twice"),
        ("paper = 45", 'paper = "45"', "table.2.row.4.paper: Input should be a valid number"),
        ("nbest = 4", "nbset = 4", "scale.small.nbset: Extra inputs are not permitted"),
        ('kind = "length"', 'kind = "width"', "figure.2.kind"),
        ("[scale.short]", "[scale.short", "paper.toml is not valid TOML: "),
        ('set = ["text.source_order', 'set = ["text.sauce_order', "did you mean text.source_order"),
    ],
)  # fmt: skip
def test_mistakes_in_the_file(
    cli: Cli, paper: Path, corpus: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = paper.read_text()
    assert old in text
    wrong = tmp_path / "paper.toml"
    wrong.write_text(text.replace(old, new))
    done = cli(*arguments(wrong, corpus, tmp_path / "out"))
    assert (done.code, done.out) == (4, "") and said in done.err
    assert done.err.count("\n") == 1


def test_other_mistakes(cli: Cli, paper: Path, corpus: Path, tmp_path: Path) -> None:
    done = cli(*arguments(paper, corpus, tmp_path, "--scale", "huge"))
    assert done.code == 4 and "it has small, short" in done.err
    done = cli(*arguments(tmp_path / "none.toml", corpus, tmp_path))
    assert done.code == 4 and "there is no experiment" in done.err
    done = cli(*arguments(paper, tmp_path, tmp_path / "out"))
    assert done.code == 3 and "test.de" in done.err


def test_a_run_that_fails_says_why(cli: Cli, paper: Path, corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    for file in corpus.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "train.de").write_text("eins\n")
    done = cli(*arguments(paper, folder, tmp_path / "out", "--quiet", "--device", "cpu"))
    assert done.code == 3 and "train.en has 300 lines" in done.err and "whole log" in done.err
    assert done.err.count("\n") == 1
