"""`seq2seq evaluate` and `seq2seq recipes` as a user meets them."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from seq2seq.decoding.translation import Translation
from seq2seq.evaluation.testsets import TestSet

LINES = ["the cat sat on the mat", "a dog barks loudly now", "it rains on the plain"]
OTHER = ["the cat sat on a mat", "the dog barks loudly now", "it rained on the plain"]


Cli = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    hypothesis, reference = tmp_path / "hyp", tmp_path / "ref"
    hypothesis.write_text("".join(line + "\n" for line in LINES))
    reference.write_text("".join(line + "\n" for line in OTHER))
    return hypothesis, reference


def test_table(cli: Cli, files: tuple[Path, Path]) -> None:
    done = cli("evaluate", "--hypothesis", files[0], "--reference", files[1])
    assert done.code == 0 and done.err == ""
    heading, *rows = done.out.splitlines()
    assert heading.split() == ["metric", "score", "±", "signature"]
    assert [row.split()[0] for row in rows] == ["BLEU", "chrF", "TER"]
    assert all("version:" in row for row in rows)


def test_intervals_are_those_of_a_comparison(cli: Cli, files: tuple[Path, Path]) -> None:
    alone = json.loads(
        cli("evaluate", "--hypothesis", files[0], "--reference", files[1], "--json").out
    )
    call = ("compare", files[0], f"again={files[0]}", "--reference", files[1], "--json")
    compared = json.loads(cli(*call).out)["systems"]["again"]
    for metric in ("BLEU", "chrF"):
        assert alone[metric]["interval"] == compared[metric]["interval"]


def test_a_single_segment_has_no_interval(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("the cat sat on the mat\n")
    call = ("evaluate", "--hypothesis", tmp_path / "one", "--reference", tmp_path / "one")
    assert json.loads(cli(*call, "--json").out)["BLEU"]["interval"] is None
    assert cli(*call).code == 0


def test_json_is_sacrebleus_command_line(cli: Cli, files: tuple[Path, Path]) -> None:
    done = cli(
        "evaluate", "--hypothesis", files[0], "--reference", files[1], "--json", "--lowercase"
    )
    document = json.loads(done.out)
    assert set(document) == {"BLEU", "chrF", "TER", "segments"}
    command = [sys.executable, "-m", "sacrebleu", str(files[1]), "-i", str(files[0]), "-lc"]
    told = subprocess.run([*command, "-w", "8"], capture_output=True, text=True, check=True)
    theirs = json.loads(told.stdout)
    assert document["BLEU"]["score"] == pytest.approx(theirs["score"], abs=1e-7)
    assert document["BLEU"]["signature"] == theirs["signature"]


@pytest.mark.slow  # TER of 2,445 long sentences
def test_known_figures_of_real_systems(cli: Cli) -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "system-outputs"
    if not folder.is_dir():
        pytest.skip("the system outputs are not on this machine")
    for system, expected in (("sys1", 22.44), ("sys2", 24.04)):
        arguments = ["--hypothesis", folder / f"{system}.eng", "--reference", folder / "ref.eng"]
        done = cli("evaluate", *arguments, "--tokenize", "none", "--json")
        bleu = json.loads(done.out)["BLEU"]
        assert round(bleu["score"], 2) == expected
        assert bleu["signature"].startswith(
            "nrefs:1|case:mixed|eff:no|tok:none|smooth:exp|version:"
        )


def test_unequal_files_exit_with_3(cli: Cli, files: tuple[Path, Path]) -> None:
    files[0].write_text("one\n")
    done = cli("evaluate", "--hypothesis", files[0], "--reference", files[1])
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: ") and "has 1 line," in done.err and "3 lines" in done.err
    assert done.err.count("\n") == 1


def test_warnings_go_to_standard_error_unless_quiet(cli: Cli, files: tuple[Path, Path]) -> None:
    arguments = ["evaluate", "--hypothesis", files[0], "--reference", files[0]]
    done = cli(*arguments)
    assert done.code == 0 and done.err.startswith("warning: the translations are identical")
    assert cli(*arguments, "--quiet").err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--reference", "r"], "neither a run nor --hypothesis"),
        (["run", "--hypothesis", "h", "--reference", "r"], "both run directories and --hypothesis"),
        (["--hypothesis", "h"], "neither --reference nor --testset"),
        (["run", "--reference", "r", "--testset", "t"], "both --reference and --testset"),
        (["run", "--testset", "wmt14"], "--testset needs --pair"),
        (["run", "--reference", "r", "--source", "s", "--pair", "en-fr"], "--pair belongs"),
        (["run", "--testset", "wmt14", "--pair", "en-fr", "--source", "s"], "brings its own"),
        (["run", "--reference", "r"], "add --source"),
        (["--hypothesis", "h", "--reference", "r", "--source", "s"], "--source is not read"),
        (["--hypothesis", "h", "--testset", "wmt1", "--pair", "en-fr"], "no such test set"),
    ],
)
def test_usage_mistakes_exit_with_2(cli: Cli, arguments: list[str], said: str) -> None:
    done = cli("evaluate", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ") and said in done.err and done.err.count("\n") == 1


def test_a_wrong_tokenizer_exits_with_2(cli: Cli, files: tuple[Path, Path]) -> None:
    done = cli("evaluate", "--hypothesis", files[0], "--reference", files[1], "--tokenize", "nonee")
    assert done.code == 2 and "did you mean none" in done.err


class Echo:
    """A stand-in for a trained model."""

    languages = ("en", "fr")

    def check_translates(self) -> None:
        pass

    def nbest(self, texts: Sequence[str], *rest: Any, **options: Any) -> list[list[Translation]]:
        return [[Translation(text, 0.0, 0.0, [])] for text in texts]


def test_a_model(cli: Cli, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from seq2seq.decoding import translator

    loaded: list[object] = []

    def load(runs: object, **options: object) -> Echo:
        loaded.append(runs)
        return Echo()

    monkeypatch.setattr(translator.Translator, "load", load)
    done = cli("evaluate", "a", "b", "--source", files[0], "--reference", files[1], "--json")
    assert done.code == 0, done.err
    assert loaded == [[Path("a"), Path("b")]]
    assert json.loads(done.out)["segments"] == 3


def test_a_test_set(cli: Cli, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from seq2seq.evaluation import testsets

    tiny = TestSet([OTHER], ["ref"], LINES, "tiny", "en-fr")
    monkeypatch.setattr(testsets, "sacrebleu_set", lambda name, pair: tiny)
    done = cli("evaluate", "--hypothesis", files[0], "--testset", "tiny", "--pair", "en-fr")
    assert done.code == 0 and "test:tiny|lang:en-fr" in done.out


def test_recipes_are_listed(cli: Cli) -> None:
    done = cli("recipes")
    rows = {line.split()[0]: line for line in done.out.splitlines()}
    assert done.code == 0
    assert rows["sutskever2014-wmt14-en-fr"].split()[1:3] == ["en-fr", "recurrent"]
    assert rows["multi30k-en-de-transformer"].split()[1:3] == ["en-de", "transformer"]


def test_a_recipe_is_printed(cli: Cli) -> None:
    done = cli("recipes", "multi30k-en-de-lstm")
    assert tomllib.loads(done.out)["model"]["architecture"] == "recurrent"
    wrong = cli("recipes", "multi30k-en-de-ltsm")
    assert wrong.code == 4 and "multi30k-en-de-lstm" in wrong.err


def test_expected_score(tmp_path: Path) -> None:
    from seq2seq.commands.recipes import expected_score
    from seq2seq.errors import RecipeError

    file = tmp_path / "r.toml"
    file.write_text("# Title\n# expected: BLEU 30\nseed = 1\n")
    assert expected_score(file) == "BLEU 30"
    file.write_text("# Title\nseed = 1\n# expected: too late\n")
    assert expected_score(file) == "not run yet"
    file.write_bytes(b"\xff")
    with pytest.raises(RecipeError):
        expected_score(file)


def test_a_file_is_not_taken_for_a_run(cli: Any, tmp_path: Path) -> None:
    text = tmp_path / "out.txt"
    text.write_text("a\n")
    done = cli("evaluate", text, "--reference", text)
    assert done.code == 2 and f"--hypothesis {text}" in done.err


def test_cut_translations_are_told(
    cli: Cli, tiny_recipe: Callable[..., Any], corpus: Path, tmp_path: Path
) -> None:
    """In one line, by `evaluate` and `compare`, also where the translations were kept."""
    from seq2seq.training.run import train

    run = tmp_path / "run"
    short = {"decoding__max_ratio": 0.01, "decoding__max_extra": 1}
    for _ in train(tiny_recipe(training__max_steps=2, **short), run, device="cpu"):
        pass
    reference = corpus / "valid.de"
    arguments = ["--source", corpus / "valid.en", "--reference", reference, "--device", "cpu"]
    done = cli("evaluate", run, *arguments)
    assert done.code == 0
    told = [line for line in done.err.splitlines() if "ended at the length limit" in line]
    assert len(told) == 1 and told[0].startswith("warning: ") and "Warning" not in done.err
    for _ in range(2):
        done = cli("compare", run, reference, *arguments)
        assert done.code == 0 and "ended at the length limit" in done.err


def test_the_name_of_the_translations_tells_the_language(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    lines = ["今天天气很好。", "我们去公园散步吧，好吗？"] * 9
    for name, texts in (("out.zh", lines[1:] + lines[:1]), ("words", map(" ".join, lines))):
        (tmp_path / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
    done = cli("evaluate", "--hypothesis", tmp_path / "out.zh", "--reference", tmp_path / "words")
    assert done.code == 0 and "tok:zh" in done.out and "spaces" not in done.err


def test_text_of_another_form_is_told(cli: Callable[..., Any], tmp_path: Path) -> None:
    """Tokenized, in small letters, with subword marks and in columns: scored, but not silently."""
    lines = [f"The cat, number {number}, sat on the mat." for number in range(20)]
    forms = {
        "tokenized": [line.replace(",", " ,").replace(".", " .") for line in lines],
        "no capital letters": [line.lower() for line in lines],
        "@@ or the like": [line.replace("number", "num@@ ber") for line in lines],
        "a tab or the like": [f"{line}\t-1.5" for line in lines],
    }
    reference = tmp_path / "reference"
    reference.write_text("\n".join(lines) + "\n")
    for told, texts in forms.items():
        strange = tmp_path / "strange"
        strange.write_text("\n".join(texts) + "\n")
        for command in (["evaluate", "--hypothesis", strange], ["compare", reference, strange]):
            done = cli(*command, "--reference", reference)
            assert done.code == 0 and told in done.err
