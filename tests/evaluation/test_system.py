from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

from seq2seq.decoding.parts import Note
from seq2seq.decoding.translation import Translation
from seq2seq.errors import DataError
from seq2seq.evaluation.system import evaluate_files, evaluate_model, evaluate_texts
from seq2seq.evaluation.testsets import TestSet, from_files

LINES = ["the cat sat on the mat", "a dog barks loudly now", "it rains on the plain"]
OTHER = ["the cat sat on a mat", "the dog barks loudly now", "it rained on the plain"]


def written(path: Path, lines: Sequence[str], end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def test_files(tmp_path: Path) -> None:
    hypothesis, reference = written(tmp_path / "h", LINES), written(tmp_path / "r", OTHER)
    result = evaluate_files(hypothesis, [reference])
    assert result.segments == 3 and result.remarks == ()
    assert 20 < result.scores["BLEU"].value < 100
    both = evaluate_files(hypothesis, [reference, written(tmp_path / "r2", LINES)])
    assert both.scores["BLEU"].value == pytest.approx(100)
    assert "nrefs:2" in both.scores["BLEU"].signature


def test_a_file_against_itself_scores_100_with_a_remark(tmp_path: Path) -> None:
    file = written(tmp_path / "f", LINES)
    result = evaluate_files(file, [file])
    assert result.scores["BLEU"].value == pytest.approx(100)
    assert result.scores["TER"].value == 0
    assert "identical" in result.remarks[0]


def test_what_ends_a_line_elsewhere_changes_no_score(tmp_path: Path) -> None:
    clean = evaluate_files(written(tmp_path / "h", LINES), [written(tmp_path / "r", OTHER)])
    odd = [LINES[0].replace(" ", "\u2028", 1), LINES[1].replace(" ", "\r", 1), LINES[2]]
    hypothesis = written(tmp_path / "odd", odd, end="\r\n")
    reference = tmp_path / "marked"
    reference.write_bytes(b"\xef\xbb\xbf" + (tmp_path / "r").read_bytes().rstrip(b"\n"))
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(reference.read_bytes()))
    assert evaluate_files(hypothesis, [reference]) == clean
    assert evaluate_files(hypothesis, [packed]) == clean


@pytest.mark.parametrize("count", [0, 2, 4])
def test_unequal_files_stop_and_both_counts_are_named(tmp_path: Path, count: int) -> None:
    hypothesis = written(tmp_path / "hyp", (LINES * 2)[:count])
    reference = written(tmp_path / "ref", OTHER)
    with pytest.raises(DataError, match=rf"hyp has {count} lines, .*ref has 3 lines"):
        evaluate_files(hypothesis, [reference])


def test_empty_files_and_missing_files_stop(tmp_path: Path) -> None:
    empty, full = written(tmp_path / "e", []), written(tmp_path / "f", LINES)
    with pytest.raises(DataError, match="is empty"):
        evaluate_files(empty, [empty])
    with pytest.raises(DataError, match="nowhere"):
        evaluate_files(tmp_path / "nowhere", [full])
    with pytest.raises(DataError, match="2 lines"):
        from_files([full, written(tmp_path / "g", LINES[:2])])
    with pytest.raises(DataError, match="2 lines"):
        from_files([full], written(tmp_path / "s", LINES[:2]))


def test_invalid_utf8_is_mended_and_said(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"the cat \xff sat\n")
    good = written(tmp_path / "good", LINES[:1])
    assert "bad: 1 line holds invalid UTF-8" in evaluate_files(bad, [good]).remarks[0]
    assert "bad: 1 line holds invalid UTF-8" in evaluate_files(good, [bad]).remarks[0]


class Shouting:
    def nbest(
        self, texts: Sequence[str], n: int, note: Note | None = None, *, alignment: bool = False
    ) -> list[list[Translation]]:
        cut = ["sat" in text for text in texts]
        return [
            [Translation(text.upper(), 0.0, 0.0, [], truncated=truncated)]
            for text, truncated in zip(texts, cut, strict=True)
        ]


def test_a_model_translates_the_source(tmp_path: Path) -> None:
    upper = written(tmp_path / "upper", [line.upper() for line in LINES])
    test_set = from_files([upper], written(tmp_path / "source", LINES))
    result = evaluate_model(Shouting(), test_set)
    assert result.scores["BLEU"].value == pytest.approx(100)
    assert "ended at the length limit" in result.remarks[0]
    with pytest.raises(AssertionError):
        evaluate_model(Shouting(), from_files([upper]))


def test_the_target_language_chooses_the_tokenizer() -> None:
    chinese = TestSet([["猫坐在垫子上"]], ["r"], ["cat"], "wmt17", "en-zh")
    assert "tok:zh" in evaluate_texts(["猫坐在垫子上"], chinese).scores["BLEU"].signature
    forced = evaluate_texts(["猫坐在垫子上"], chinese, tokenize="char")
    assert "tok:char" in forced.scores["BLEU"].signature
    assert "test:wmt17|lang:en-zh" in forced.scores["TER"].signature
