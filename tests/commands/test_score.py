"""`seq2seq score` as a user meets it: it agrees with search, and says so line by line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
ARCHITECTURES = ["transformer", "recurrent", "bahdanau", "luong", "gnmt"]


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, tiny_recipe: Callable[..., Any], tiny_run: Path
) -> Callable[[str], Path]:
    from seq2seq.training.run import train

    place = tmp_path_factory.mktemp("architectures")

    def run_of(architecture: str) -> Path:
        if architecture == "transformer":
            return tiny_run
        run = place / architecture
        if not run.exists():
            for _ in train(tiny_recipe(architecture), run, device="cpu"):
                pass
        return run

    return run_of


def numbers(done: Any) -> list[float]:
    assert done.code == 0
    return [float(line) for line in done.out.splitlines()]


def written(cli: Cli, runs: list[Path], source: Path, place: Path, *arguments: object) -> Path:
    done = cli("translate", *runs, "--input", source, "--format", "jsonl", *arguments)
    assert done.code == 0
    place.write_text(done.out)
    return place


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_pieces_score_as_search_reported(
    cli: Cli, trained: Callable[[str], Path], corpus: Path, tmp_path: Path, architecture: str
) -> None:
    run = trained(architecture)
    lists = written(cli, [run], corpus / "test.en", tmp_path / "lists", "--nbest", 3)
    rows = [json.loads(line) for line in lists.read_text().splitlines()]
    reported = [one["log_probability"] for row in rows for one in row["nbest"]]
    found = numbers(cli("score", run, "--translations", lists))
    assert found == pytest.approx(reported, abs=1e-4)
    assert len(found) > 2 * len(rows)


def test_an_ensemble_scores_as_it_searches(
    cli: Cli, trained: Callable[[str], Path], tiny_run: Path, corpus: Path, tmp_path: Path
) -> None:
    other = trained("recurrent")
    for name in ("source.model", "target.model"):
        assert (other / name).read_bytes() == (tiny_run / name).read_bytes()
    runs = [tiny_run, other]
    lists = written(cli, runs, corpus / "test.en", tmp_path / "lists")
    reported = [json.loads(line)["log_probability"] for line in lists.read_text().splitlines()]
    assert numbers(cli("score", *runs, "--translations", lists)) == pytest.approx(
        reported, abs=1e-4
    )


def test_text_scores_as_its_pieces_where_these_are_the_same(
    cli: Cli, tiny_run: Path, corpus: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_text("one two\n\nthree four five\n")
    lists = written(cli, [tiny_run], source, tmp_path / "lists")
    rows = [json.loads(line) for line in lists.read_text().splitlines()]
    target = tmp_path / "target"
    target.write_text("".join(row["translation"] + "\n" for row in rows))
    done = cli("score", tiny_run, "--source", source, "--target", target)
    found = numbers(done)
    assert "3 pairs" in done.err and "perplexity" in done.err
    from seq2seq.models.bundle import load_bundle

    tokenizer = load_bundle(tiny_run).target
    again = [tokenizer.pieces(ids) for ids in tokenizer.encode([r["translation"] for r in rows])]
    same = [place for place, row in enumerate(rows) if again[place] == row["pieces"]]
    assert 1 in same and len(same) > 1  # the blank line, and another
    assert found[1] == 0.0
    for place in same:
        assert found[place] == pytest.approx(rows[place]["log_probability"], abs=1e-4)


def test_batches_change_nothing(tiny_run: Path, corpus: Path) -> None:
    from seq2seq.decoding.scorer import Scorer
    from seq2seq.decoding.translator import Translator

    scorer = Scorer(Translator.load(tiny_run, device="cpu"))
    pairs = scorer.read_texts(corpus / "test.en", corpus / "test.de")
    whole = scorer.log_probabilities(pairs)
    assert all(value < 0 for value in whole)
    scorer.batch_tokens = 1
    assert scorer.log_probabilities(pairs) == pytest.approx(whole, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "pairs are needed"),
        (["--source", "test.en"], 2, "pairs are needed"),
        (["--source", "test.en", "--target", "test.en", "--translations", "a"], 2, "pairs are"),
        (["--source", "test.en", "--target", "none"], 3, "none"),
        (["--source", "test.en", "--target", "short"], 3, "20 lines"),
        (["--translations", "test.en"], 3, "test.en:1: not a line of translate --format jsonl"),
        (["--translations", "strange"], 3, "strange:1: has pieces that this model's"),
    ],
)
def test_mistakes_are_one_line(
    cli: Cli, tiny_run: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], code: int, said: str,
) -> None:  # fmt: skip
    shutil.copy(corpus / "test.en", tmp_path)
    (tmp_path / "short").write_text("eins\n")
    strange = {"source": "one", "nbest": [{"pieces": ["Ω-no-such-piece"]}]}
    (tmp_path / "strange").write_text(json.dumps(strange) + "\n")
    monkeypatch.chdir(tmp_path)
    done = cli("score", tiny_run, *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err and done.err.count("\n") == 1
