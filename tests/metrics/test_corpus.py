from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from seq2seq.errors import DataError, ResourceError, UsageError
from seq2seq.metrics import statistics
from seq2seq.metrics.corpus import score
from seq2seq.metrics.remarks import remarks
from seq2seq.metrics.statistics import check_lengths

HYPOTHESES = ["the cat sat on the mat .", "a dog barks", "it rains today"]
REFERENCES = ["the cat sat on a mat .", "the dog barks", "it is raining today"]


def test_every_metric_is_sacrebleus_own_with_its_signature() -> None:
    scores = score(HYPOTHESES, [REFERENCES])
    assert list(scores) == ["BLEU", "chrF", "TER"]
    metric = BLEU()
    assert scores["BLEU"].value == metric.corpus_score(HYPOTHESES, [REFERENCES]).score
    assert scores["BLEU"].signature == metric.get_signature().format()
    assert scores["BLEU"].signature.startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|v")
    assert "nc:6|nw:0" in scores["chrF"].signature
    assert "tok:tercom" in scores["TER"].signature


def test_options_show_in_the_signature() -> None:
    scores = score(
        ["The CAT sat on it"],
        [["the cat sat on it"]] * 2,
        tokenize="none",
        lowercase=True,
        test_set="wmt14/full",
        pair="en-fr",
    )
    assert scores["BLEU"].value == pytest.approx(100)
    assert scores["BLEU"].signature.startswith(
        "nrefs:2|test:wmt14/full|lang:en-fr|case:lc|eff:no|tok:none|"
    )
    assert scores["chrF"].value == pytest.approx(100)
    assert "case:lc" in scores["chrF"].signature
    assert score(["The CAT sat on it"], [["the cat sat on it"]])["BLEU"].value < 50


def test_only_the_metrics_asked_for() -> None:
    assert list(score(HYPOTHESES, [REFERENCES], metrics=["BLEU"])) == ["BLEU"]


@settings(max_examples=25)
@given(st.integers(0, 4), st.lists(st.integers(0, 4), max_size=3))
def test_lengths_that_differ_or_are_zero_never_score(hypotheses: int, sets: list[int]) -> None:
    good = bool(sets) and all(count == hypotheses for count in sets) and hypotheses > 0
    references = [["a"] * count for count in sets]
    if good:
        check_lengths(["a"] * hypotheses, references)
    else:
        with pytest.raises(DataError):
            score(["a"] * hypotheses, references)


def test_lengths_are_named() -> None:
    with pytest.raises(DataError, match=r"3 translations .* 2 references \(set 2\)"):
        score(HYPOTHESES, [REFERENCES, REFERENCES[:2]])


def test_a_string_in_place_of_a_list_is_an_authors_mistake() -> None:
    with pytest.raises(TypeError):
        score(HYPOTHESES, REFERENCES)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        score("abc", [["a", "b", "c"]])


def test_unknown_tokenizer_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 13a"):
        score(HYPOTHESES, [REFERENCES], tokenize="13b")
    with pytest.raises(UsageError, match="use one of none"):
        score(HYPOTHESES, [REFERENCES], tokenize="???")


def test_tokenizer_that_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_package(**options: object) -> None:
        raise RuntimeError("Japanese tokenization requires extra dependencies")

    monkeypatch.setattr(statistics.BLEU, "__init__", lambda self, **options: no_package(**options))
    with pytest.raises(ResourceError, match="needs a package"):
        score(HYPOTHESES, [REFERENCES], tokenize="ja-mecab")



def test_remarks() -> None:
    assert remarks(HYPOTHESES, [REFERENCES], tokenize="13a") == []
    assert remarks(["", " "], [["a", "b"]]) == ["all translations are empty"]
    assert remarks(["", "b"], [["a", ""]]) == [
        "1 of 2 translations are empty",
        "1 of 2 references are empty (set 1)",
    ]
    assert "identical to the references (set 2)" in remarks(["a"], [["b"], ["a"]])[0]
    tokenized = ["a cat ."] * 100
    assert "stands alone" in remarks(tokenized, [["a ."] * 100], tokenize="13a")[0]
    assert remarks(tokenized, [["a"] * 100], tokenize="none") == []
    assert remarks(tokenized[:99], [["a ."] * 99], tokenize="13a") == []


def test_empty_translations_score_zero_and_empty_references_are_allowed() -> None:
    assert score(["", ""], [["a b c d", "e"]])["BLEU"].value == 0
    assert score(["a b c d", "x"], [["a b c d", ""]])["BLEU"].value > 0


def test_sacrebleu_says_nothing_on_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    score(["a cat ."] * 200, [["a cat."] * 200])
    assert capfd.readouterr() == ("", "")


def test_known_figures_of_real_systems() -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "system-outputs"
    if not folder.is_dir():
        pytest.skip("the system outputs are not on this machine")
    read = {
        name: (folder / f"{name}.eng").read_bytes().decode().split("\n")[:-1]
        for name in ("ref", "sys1", "sys2")
    }
    values = [
        score(read[name], [read["ref"]], tokenize="none", metrics=["BLEU"])["BLEU"].value
        for name in ("sys1", "sys2")
    ]
    assert [round(value, 2) for value in values] == [22.44, 24.04]


def test_sacrebleu_does_not_bring_torch() -> None:
    import subprocess

    code = "import seq2seq.metrics.corpus, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_moses_is_scoring_text_that_was_tokenized_before() -> None:
    hypotheses = ["Der Hund (ein Dackel) läuft, z.B. im Park.", "Zwei Männer reden."]
    references = ["Der Hund (ein Terrier) läuft, z.B. im Park.", "Zwei Männer sprechen."]
    tokenized = ["Der Hund ( ein Dackel ) läuft , z.B. im Park .", "Zwei Männer reden ."]
    expected = ["Der Hund ( ein Terrier ) läuft , z.B. im Park .", "Zwei Männer sprechen ."]
    for lowercase in (False, True):
        found = score(hypotheses, [references], tokenize="moses-de", lowercase=lowercase)
        same = score(tokenized, [expected], tokenize="none", lowercase=lowercase)
        assert found["BLEU"].value == same["BLEU"].value
        assert found["BLEU"].signature == same["BLEU"].signature.replace("tok:none", "tok:moses-de")
        plain = score(hypotheses, [references], lowercase=lowercase)
        assert found["chrF"] == plain["chrF"] and found["TER"] == plain["TER"]
    for unknown in ("moses-", "moses-klingon", "moses-DE"):
        with pytest.raises(UsageError, match="Moses knows no such language; it knows .*de, "):
            score(hypotheses, [references], tokenize=unknown)


PLAIN = ["The cat, they say, sat on the mat.", "It rains today.", "A dog barks at Tom."] * 5
SPLIT = [re.sub("([.,])", r" \1", text) for text in PLAIN]
OTHER = [text.replace("a", "e") for text in PLAIN]


@pytest.mark.parametrize(
    ("translations", "references", "told"),
    [
        (SPLIT, OTHER, "the translations are tokenized, the references are not"),
        (OTHER, SPLIT, "the references are tokenized, the translations are not"),
        ([text.lower() for text in PLAIN], OTHER, "the translations have no capital letters"),
        (PLAIN, [text.lower() for text in OTHER], "the references have no capital letters"),
        ([f"{text}\t0.5" for text in PLAIN], OTHER, "a tab or the like stands in 15 of 15"),
        ([f"0 ||| {text} ||| -1" for text in PLAIN], OTHER, "||| or the like stands in 15"),
        ([json.dumps({"text": text}) for text in PLAIN], OTHER, "{ or the like stands in 15"),
        ([f'<seg id="1">{text}</seg>' for text in PLAIN], OTHER, "<seg> or the like stands"),
    ],
)
def test_forms_that_differ(translations: list[str], references: list[str], told: str) -> None:
    (line,) = remarks(translations, [references], tokenize="13a")
    assert line.startswith(told)


def test_forms_that_do_not_differ() -> None:
    french = ["Oui ? Non ! « Peut-être » ; c'est 3,5 ..."] * 15
    for texts in (PLAIN, french, [text.lower() for text in PLAIN], ["你好。"] * 15):
        assert remarks(texts, [[*texts[1:], "another"]], tokenize="zh") == []
    small = [text.lower() for text in PLAIN]
    assert remarks(small, [OTHER], tokenize="13a", lowercase=True) == []
