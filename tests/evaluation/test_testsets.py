from __future__ import annotations

import io
import sys
import urllib.request
from pathlib import Path

import pytest
import sacrebleu.dataset

from seq2seq.errors import ResourceError, UsageError
from seq2seq.evaluation.testsets import STANDARD_INPUT, read_texts, sacrebleu_set


class Local:
    """A test set in sacrebleu's shape whose files are here already."""

    langpairs = {"en-fr": ["x"], "fr-en": ["x"]}

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get_source_file(self, pair: str) -> str:
        return str(self.folder / f"source.{pair}")

    def get_reference_files(self, pair: str) -> list[str]:
        return [str(self.folder / f"reference.{pair}")]


def test_a_set_of_sacrebleus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source.en-fr").write_text("a\u2028b\nc\n", encoding="utf-8")
    (tmp_path / "reference.en-fr").write_text("d\ne\n", encoding="utf-8")
    monkeypatch.setitem(sacrebleu.dataset.DATASETS, "tiny", Local(tmp_path))
    test_set = sacrebleu_set("tiny", "en-fr")
    assert (test_set.source, test_set.references) == (["a\u2028b", "c"], [["d", "e"]])
    assert (test_set.name, test_set.pair, test_set.tokenizer) == ("tiny", "en-fr", "13a")


def test_the_nearest_names_are_given() -> None:
    with pytest.raises(UsageError, match="did you mean .*wmt14/full"):
        sacrebleu_set("wmt14/ful", "en-fr")
    with pytest.raises(UsageError, match="sacrebleu --list"):
        sacrebleu_set("????", "en-fr")
    with pytest.raises(UsageError, match="wmt14/full does not have it; it has .*en-fr"):
        sacrebleu_set("wmt14/full", "en-ft")
    with pytest.raises(UsageError, match=r"it has .*, .*, "):
        sacrebleu_set("wmt14/full", "????")


def offline(*arguments: object, **options: object) -> None:
    raise urllib.error.URLError("no network")


def test_offline_is_one_line_and_no_exit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = sacrebleu.dataset.DATASETS["wmt14/full"]
    monkeypatch.setattr(dataset, "_outdir", str(tmp_path))
    monkeypatch.setattr(dataset, "_rawdir", str(tmp_path / "raw"))
    monkeypatch.setattr(urllib.request, "urlopen", offline)
    with pytest.raises(ResourceError, match=r"wmt14/full \(en-fr\) cannot be had: .*no network"):
        sacrebleu_set("wmt14/full", "en-fr")


def test_a_wrong_checksum_is_one_line_and_no_exit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    dataset = sacrebleu.dataset.DATASETS["wmt14/full"]
    monkeypatch.setattr(dataset, "_outdir", str(tmp_path))
    monkeypatch.setattr(dataset, "_rawdir", str(tmp_path / "raw"))
    monkeypatch.setattr(urllib.request, "urlopen", lambda *a, **k: io.BytesIO(b"not the archive"))
    with pytest.raises(ResourceError, match="MD5 sum"):
        sacrebleu_set("wmt14/full", "en-fr")
    assert capfd.readouterr() == ("", "")


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text").write_bytes(b"a\r\nb\xff")
    with (tmp_path / "text").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        texts = read_texts(STANDARD_INPUT)
    assert texts == (["a", "b\ufffd"], 1)
