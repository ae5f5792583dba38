"""`seq2seq compare` as a user meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from seq2seq.documents import signed

REFERENCE = ["a red dog runs on the grass", "two men sit on a bench", "it rains", "the end ."] * 5
GOOD = ["a red dog runs on the grass", "two men sit at a bench", "it rains", "the end ."] * 5
BAD = ["the red dog dog ran on grass", "two man on a bench", "rain it", "an end ."] * 5
SOURCE = ["un chien", "deux hommes", "il", "fin"] * 5


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    contents = {"ref": REFERENCE, "good": GOOD, "bad": BAD, "source": SOURCE}
    return {name: write(tmp_path / name, lines) for name, lines in contents.items()}


def test_the_answer_comes_first(cli: Any, files: dict[str, Path]) -> None:
    done = cli("compare", files["bad"], files["good"], "--reference", files["ref"])
    assert done.code == 0
    assert done.err == "warning: 20 sentences are too few for intervals and tests to mean much\n"
    first = done.out.splitlines()[0]
    assert first.startswith("good is ")
    assert "BLEU better than bad: more than chance (p = 0.00" in first
    assert "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:" in done.out
    assert "paired bootstrap against bad, 1,000 trials, seed 12345" in done.out


def test_the_first_is_the_baseline(cli: Any, files: dict[str, Path]) -> None:
    done = cli("compare", "new=" + str(files["good"]), files["bad"], "--reference", files["ref"])
    assert "bad is " in done.out
    assert "BLEU worse than new: more than chance" in done.out


def test_json(cli: Any, files: dict[str, Path]) -> None:
    done = cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--json",
               "--test", "randomisation", "--trials", 200, "--metric", "chrF,bleu,TER")  # fmt: skip
    document = json.loads(done.out)
    assert document["settings"]["test"] == "randomisation"
    assert document["settings"]["trials"] == 200
    assert (document["baseline"], document["segments"]) == ("bad", 20)
    good = document["systems"]["good"]
    assert list(good)[:3] == ["chrF", "BLEU", "TER"]
    assert good["BLEU"]["paired"]["difference"] > 0 > good["TER"]["paired"]["difference"]
    assert good["BLEU"]["paired"]["p_value"] == pytest.approx(1 / 201)
    assert good["BLEU"]["signature"].startswith("nrefs:1|")
    assert document["systems"]["bad"]["content"]["repeated"] > 0
    assert "paired" not in document["systems"]["bad"]["BLEU"]


def test_the_scores_are_those_of_evaluate(cli: Any, files: dict[str, Path]) -> None:
    compared = cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--json",
                   "--lowercase", "--tokenize", "intl", "--metric", "BLEU,chrF,TER")  # fmt: skip
    alone = cli("evaluate", "--hypothesis", files["good"], "--reference", files["ref"], "--json",
                "--lowercase", "--tokenize", "intl")  # fmt: skip
    mine, theirs = json.loads(compared.out)["systems"]["good"], json.loads(alone.out)
    for metric in ("BLEU", "chrF", "TER"):
        assert mine[metric]["score"] == pytest.approx(theirs[metric]["score"], abs=1e-6)
        assert mine[metric]["signature"] == theirs[metric]["signature"]


def test_one_system_twice(cli: Any, files: dict[str, Path]) -> None:
    done = cli("compare", files["bad"], f"again={files['bad']}", "--reference", files["ref"])
    assert done.code == 0
    assert done.out.splitlines()[0] == "again is the same as bad."
    assert "+0.00  1.0000" in done.out


def test_one_name_for_two(cli: Any, files: dict[str, Path]) -> None:
    done = cli("compare", files["bad"], files["bad"], "--reference", files["ref"])
    assert done.code == 2
    assert done.err == (
        "error: two systems are called 'bad'; give each a name of its own: first=PATH second=PATH\n"
    )


@pytest.mark.parametrize(
    ("system", "reference", "told"),
    [
        (GOOD[:-1], REFERENCE, ("20", "19")),
        (GOOD, REFERENCE[:-1], ("20", "19")),
        ([], REFERENCE, ("0", "20")),
        (GOOD, [], ("ref is empty",)),
        (GOOD[:1], REFERENCE[:1], ("1 segment is too few",)),
    ],
)
def test_counts_that_do_not_fit(
    cli: Any, tmp_path: Path, system: list[str], reference: list[str], told: tuple[str, ...]
) -> None:
    base = write(tmp_path / "base", BAD[: len(reference) if len(system) == 1 else None])
    other = write(tmp_path / "other", system)
    done = cli("compare", base, other, "--reference", write(tmp_path / "ref", reference))
    assert (done.code, done.out) == (3, "")
    assert done.err.count("\n") == 1
    assert all(one in done.err for one in told), done.err


def test_references_that_differ_in_length(cli: Any, files: dict[str, Path], tmp_path: Path) -> None:
    short = write(tmp_path / "short", REFERENCE[:-2])
    done = cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--reference",
               short)  # fmt: skip
    assert done.code == 3
    assert "20" in done.err
    assert "18" in done.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "there is nothing to compare against"),
        (["--reference", "ref", "--metric", "BLEU,COMET"], "--metric BLEU,COMET"),
        (["--reference", "ref", "--metric", "BLEU,bleu"], "--metric BLEU,bleu"),
        (["--reference", "ref", "--html", "page.pdf"], "page.pdf: a page is one of .html, .md"),
        (["--reference", "ref", "--tokenize", "13b"], "did you mean 13a"),
        (["--reference", "ref", "--trials", "5"], "trials"),
        (["--reference", "ref", "--source", "s", "--source", "s", "--source", "s"], "3 sources"),
    ],
)
def test_usage(cli: Any, files: dict[str, Path], options: list[str], told: str) -> None:
    named = [files["ref"] if one == "ref" else files["source"] if one == "s" else one
             for one in options]  # fmt: skip
    done = cli("compare", files["bad"], files["good"], *named)
    assert done.code == 2
    assert told in done.err


def test_one_system_alone(cli: Any, files: dict[str, Path]) -> None:
    done = cli("compare", files["bad"], "--reference", files["ref"])
    assert done.code == 2
    assert "seq2seq evaluate" in done.err


def test_several_references(cli: Any, files: dict[str, Path]) -> None:
    done = cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--reference",
               files["good"], "--json")  # fmt: skip
    document = json.loads(done.out)["systems"]["good"]
    assert document["BLEU"]["score"] == pytest.approx(100.0)
    assert document["BLEU"]["signature"].startswith("nrefs:2|")


def test_more_systems_make_p_larger(cli: Any, files: dict[str, Path], tmp_path: Path) -> None:
    others = [write(tmp_path / f"s{number}", GOOD) for number in range(3)]
    done = cli("compare", files["bad"], *others, "--reference", files["ref"], "--json")
    paired = json.loads(done.out)["systems"]["s1"]["BLEU"]["paired"]
    assert paired["p_corrected"] == pytest.approx(min(1.0, 3 * paired["p_value"]))
    told = cli("compare", files["bad"], *others, "--reference", files["ref"]).out
    assert "corrected for 3 systems (Holm)" in told


def test_words_by_frequency(cli: Any, files: dict[str, Path], tmp_path: Path) -> None:
    training = write(tmp_path / "train.fr", ["a dog", "a cat", "two men on a bench"])
    done = cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--training",
               training)  # fmt: skip
    assert "F1 of words seen" in done.out
    assert "unknown" in done.out
    assert "Words are grouped by how often they stand in train.fr." in done.out


def test_damaged_lines_are_told(cli: Any, files: dict[str, Path]) -> None:
    files["good"].write_bytes(files["good"].read_bytes().replace(b"rains", b"r\xffins", 1))
    done = cli("compare", files["bad"], files["good"], "--reference", files["ref"])
    assert done.code == 0
    assert done.err.startswith("warning: ")
    quiet = cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--quiet")
    assert quiet.err == ""


def test_runs_ensembles_and_files(
    cli: Any, tiny_run: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQ2SEQ_CACHE", str(tmp_path / "cache"))  # other tests translate it too
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    page = tmp_path / "page.html"
    call = ["compare", f"one={run}", f"both={run}+{tiny_run}", corpus / "test.de", "--source",
            corpus / "test.en", "--reference", corpus / "test.de", "--html", page]  # fmt: skip
    done = cli(*call)
    assert done.code == 0, done.err
    for name in ("one", "both"):
        assert f"{name}: translating 20 sentences\n" in done.err
    assert "100.00" in done.out
    assert "sentences/s" in done.out
    assert "F1 of words seen" in done.out  # the run says what it was trained on
    assert '"looks"' in page.read_text()
    assert "translating" not in cli(*call).err


def test_seeds_of_one_recipe(cli: Any, tiny_run: Path, corpus: Path, tmp_path: Path) -> None:
    runs = []
    for seed in (1, 2, 3):
        run = tmp_path / f"seed{seed}"
        shutil.copytree(tiny_run, run)
        document = json.loads((run / "recipe.json").read_text())
        document["recipe"]["seed"] = seed
        (run / "recipe.json").write_text(json.dumps(signed(document)))
        runs.append(run)
    done = cli("compare", *runs, "--source", corpus / "test.en", "--reference", corpus / "test.de",
               "--json")  # fmt: skip
    (bleu, _) = json.loads(done.out)["seeds"]
    assert bleu["names"] == ["seed1", "seed2", "seed3"]
    assert bleu["deviation"] == 0.0


def test_a_model_needs_a_source(cli: Any, tiny_run: Path, files: dict[str, Path]) -> None:
    done = cli("compare", files["bad"], tiny_run, "--reference", files["ref"])
    assert done.code == 2
    assert "add --source FILE" in done.err


def test_several_test_sets(cli: Any, tiny_run: Path, corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "other"
    shutil.copytree(tiny_run, run)
    sets = ["--source", corpus / "test.en", "--reference", corpus / "test.de", "--source",
            corpus / "valid.en", "--reference", corpus / "valid.de"]  # fmt: skip
    done = cli("compare", tiny_run, run, *sets)
    assert done.code == 0, done.err
    assert "test.en: 20 sentences" in done.out
    assert "valid.en: 12 sentences" in done.out
    document = json.loads(cli("compare", tiny_run, run, *sets, "--json").out)
    assert [one["segments"] for one in document["sets"]] == [20, 12]
    refused = cli("compare", tiny_run, corpus / "test.de", *sets)
    assert refused.code == 2
    assert "one set a call" in refused.err


@pytest.mark.parametrize("ending", ["md", "html"])
def test_a_page_escapes_what_it_shows(
    cli: Any, files: dict[str, Path], tmp_path: Path, ending: str
) -> None:
    nasty = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> | `x` *y* & \u2028"
    write(files["good"], [nasty.replace("\u2028", ""), *GOOD[1:]])
    page = tmp_path / f"page.{ending}"
    done = cli("compare", files["bad"], f"<b>={files['good']}", "--reference", files["ref"],
               "--source", files["source"], "--html", page)  # fmt: skip
    assert done.code == 0
    text = page.read_text()
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "<b>=" not in text
    if ending == "html":
        assert text.count("</script>") == 2  # the data's and the code's own
        assert "http" not in text.replace("http-equiv", "").split("<body>")[0]


def test_a_page_that_cannot_be_written(cli: Any, files: dict[str, Path], tmp_path: Path) -> None:
    done = cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--html",
               tmp_path / "nowhere" / "page.html")  # fmt: skip
    assert (done.code, done.out) == (5, "")
    assert done.err.count("\n") == 1
    assert "nowhere" in done.err


def test_a_page_replaces_no_input(cli: Any, files: dict[str, Path], tmp_path: Path) -> None:
    text = tmp_path / "in.md"
    text.write_bytes(files["bad"].read_bytes())
    done = cli("compare", text, files["good"], "--reference", files["ref"], "--html", text)
    assert done.code == 2 and "is also an input" in done.err
    assert text.read_bytes() == files["bad"].read_bytes()


def test_an_empty_training_text(cli: Any, files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "nothing").write_text("")
    texts = (files["bad"], files["good"], "--reference", files["ref"], "--training")
    done = cli("compare", *texts, tmp_path / "nothing")
    assert done.code == 3 and "nothing is empty" in done.err
    (tmp_path / "odd").write_bytes(b"a \xff b\n")
    assert "1 line holds invalid UTF-8" in cli("compare", *texts, tmp_path / "odd").err


def test_a_name_moves_no_cursor(cli: Any, files: dict[str, Path]) -> None:
    named = f"a\x1b[2J\nb={files['good']}"
    done = cli("compare", files["bad"], named, "--reference", files["ref"])
    assert done.code == 0 and "\x1b" not in done.out and "a\ufffd[2J\ufffdb" in done.out


def test_one_run_twice_is_one_seed(cli: Any, tiny_run: Path, corpus: Path) -> None:
    texts = ("--source", corpus / "test.en", "--reference", corpus / "test.de")
    done = cli("compare", f"a={tiny_run}", f"b={tiny_run}", *texts)
    assert done.code == 0 and "deviation" not in done.out


def test_markdown_is_escaped_once(cli: Any, files: dict[str, Path], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    cli("compare", files["bad"], files["good"], "--reference", files["ref"], "--html", page)
    written = page.read_text()
    assert "nrefs:1&#124;case" in written and "&#38;#" not in written
