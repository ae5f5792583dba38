"""`--set decoding.*` from the command line: sampling, rules, prefixes, alignments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def setting(*values: str) -> list[str]:
    return [part for value in values for part in ("--set", f"decoding.{value}")]


@pytest.fixture
def text(corpus: Path) -> Path:
    return corpus / "test.en"


def test_sampling_is_reproducible_by_seed(cli: Cli, tiny_run: Path, text: Path) -> None:
    def drawn(*values: str) -> Any:
        return cli("translate", tiny_run, "--input", text, *setting("method=sampling", *values))

    first = drawn("seed=5")
    assert first.code == 0 and first.out.count("\n") == 20
    assert drawn("seed=5").out == first.out == drawn("seed=5", "batch_tokens=20").out
    assert drawn("seed=6").out != first.out
    greedy = cli("translate", tiny_run, "--input", text, "--beam", "1")
    assert drawn("top_k=1").out == greedy.out
    assert drawn("temperature=5.0").out != first.out


def test_more_samples_than_the_beam(cli: Cli, tiny_run: Path, text: Path) -> None:
    done = cli("translate", tiny_run, "--input", text, "--nbest", "9", "--format", "jsonl",
               *setting("method=sampling", "beam=2"))  # fmt: skip
    assert done.code == 0
    assert {len(json.loads(line)["nbest"]) for line in done.out.splitlines()} == {9}


def test_no_piece_twice(cli: Cli, tiny_run: Path, text: Path) -> None:
    drawn = setting("method=sampling", "temperature=3.0")
    done = cli("translate", tiny_run, "--input", text, "--format", "jsonl", *drawn,
               *setting("no_repeat_ngram=1"))  # fmt: skip
    usual = cli("translate", tiny_run, "--input", text, "--format", "jsonl", *drawn)
    found, free = (
        [json.loads(line)["pieces"] for line in each.out.splitlines()] for each in (done, usual)
    )
    assert any(found) and all(len(pieces) == len(set(pieces)) for pieces in found)
    assert any(len(pieces) > len(set(pieces)) for pieces in free)


def test_prefixes(cli: Cli, tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("one two three\tzehn neun\none two three\n\nfour\t \n\tacht\n")
    done = cli("translate", tiny_run, "--input", tmp_path / "in", *setting("prefixes=true"))
    forced, free, blank, spaces, nothing = done.out.splitlines()
    assert forced.startswith("zehn neun") and not free.startswith("zehn neun")
    assert blank == nothing == "" and spaces
    (tmp_path / "in").write_text("one two three\nfour\n")
    plain = cli("translate", tiny_run, "--input", tmp_path / "in")
    assert plain.out.splitlines() == [free, spaces]


def test_a_prefix_that_the_model_cannot_write_is_told(
    cli: Cli, tiny_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").write_text("one\tzehn\none\tΩ\n")
    done = cli("translate", tiny_run, "--input", tmp_path / "in", *setting("prefixes=true"))
    assert done.code == 0 and "line 2: its prefix has words" in done.err
    assert done.err.count("its prefix") == 1


def test_alignments_come_with_json_lines(cli: Cli, tiny_run: Path, text: Path) -> None:
    done = cli("translate", tiny_run, "--input", text, "--format", "jsonl", "--nbest", "2")
    for line in done.out.splitlines():
        value = json.loads(line)
        assert value["source_pieces"][-1] == "</s>"
        for one in value["nbest"]:
            assert len(one["alignment"]) == len(one["pieces"])
    weights = cli("translate", tiny_run, "--input", text, "--format", "jsonl",
                  *setting("alignment=weights"))  # fmt: skip
    first = json.loads(weights.out.splitlines()[0])
    assert all(sum(row) == pytest.approx(1.0, abs=1e-2) for row in first["alignment"])


def test_coverage_changes_the_choice(cli: Cli, tiny_run: Path, text: Path) -> None:
    outs = [
        cli("translate", tiny_run, "--input", text, "--beam", "8",
            *setting(f"coverage_penalty={penalty}")).out
        for penalty in (0.0, 3.0)
    ]  # fmt: skip
    assert outs[0] != outs[1] and outs[1].count("\n") == 20


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("method=greedy", "decoding.method"),
        ("top_p=0.0", "decoding.top_p"),
        ("temperature=0", "decoding.temperature"),
        ("temperature=1e-320", "decoding.temperature"),
        ("dictionary=words.tsv", "decoding.replace_unknown"),
        ("no_repeat_ngrams=2", "did you mean decoding.no_repeat_ngram?"),
        ("replace_unknown=true", "pieces of words, not <unk>"),
    ],
)
def test_mistakes(cli: Cli, tiny_run: Path, text: Path, value: str, said: str) -> None:
    done = cli("translate", tiny_run, "--input", text, *setting(value))
    assert (done.code, done.out) == (4, "")
    assert said in done.err and done.err.count("\n") == 1


def test_what_needs_attention_says_so(
    cli: Cli, tiny_recipe: Any, text: Path, tmp_path: Path
) -> None:
    from seq2seq.training.run import train

    recipe = tiny_recipe("recurrent", text={"tokenizer": "words", "source_order": "reverse"})
    for _ in train(recipe, tmp_path / "run", device="cpu"):
        pass
    for value in ("coverage_penalty=0.5", "replace_unknown=true"):
        done = cli("translate", tmp_path / "run", "--input", text, *setting(value))
        assert done.code == 4 and "this model has no attention" in done.err
    done = cli("translate", tmp_path / "run", "--input", text, "--format", "jsonl",
               *setting("alignment=weights"))  # fmt: skip
    assert done.code == 4 and "decoding.alignment: this model has no attention" in done.err
    done = cli("translate", tmp_path / "run", "--input", text, "--format", "jsonl")
    assert done.code == 0 and "alignment" not in json.loads(done.out.splitlines()[0])
