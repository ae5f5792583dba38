"""From raw text to encoded text: what is kept, what is told, and what the cache does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from seq2seq.config.schema import DataConfig, Recipe, TextConfig
from seq2seq.data import prepare as prepare_module
from seq2seq.data.prepare import prepare
from seq2seq.errors import DataError, ResourceError
from seq2seq.text.tokenizer import UNK

ENGLISH = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
FRENCH = ["un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"]
WORDS = TextConfig(tokenizer="words", vocabulary=14, joint=False)


def number(words, n):
    return " ".join(words[int(digit)] for digit in str(n))


def write(folder: Path, name: str, numbers) -> None:
    for suffix, words in (("en", ENGLISH), ("fr", FRENCH)):
        text = "".join(number(words, n) + "\n" for n in numbers)
        (folder / f"{name}.{suffix}").write_bytes(text.encode())


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "text"
    made.mkdir()
    write(made, "train", range(300))
    write(made, "valid", range(1000, 1020))
    return made


def recipe(folder, text=WORDS, **fields) -> Recipe:
    return Recipe(data=DataConfig(path=str(folder), **fields), text=text)


def test_pairs_come_out_as_they_went_in(folder, tmp_path):
    prepared = prepare(recipe(folder), tmp_path / "cache")
    assert len(prepared.train) == 300
    source, target = prepared.train.pair(123)
    assert prepared.source.decode([source]) == ["two three four"]
    assert prepared.target.decode([target]) == ["deux trois quatre"]
    assert prepared.valid_sources[3] == number(ENGLISH, 1003)
    assert prepared.valid_references[3] == number(FRENCH, 1003)
    assert prepared.source.decode([prepared.valid.pair(3)[0]]) == [number(ENGLISH, 1003)]
    report = prepared.report
    assert (report.kept, report.empty, report.too_long, report.valid) == (300, 0, 0, 20)
    assert report.source_pieces == int(prepared.train.source_lengths.sum())
    assert report.source_unknown == report.target_unknown == 0
    assert prepared.tests == {}


def test_unusable_pairs_are_dropped_as_pairs_and_counted(folder, tmp_path):
    (folder / "train.en").write_bytes(b"one two\n\none\n \xc2\xa0\t\none two three\ntwo\n\n")
    (folder / "train.fr").write_bytes(b"un deux\nun\n\nun\nun\ndeux\n\n")
    write(folder, "valid", range(20))
    prepared = prepare(recipe(folder, max_length=2), tmp_path / "cache")
    assert prepared.source.decode([prepared.train.pair(i)[0] for i in range(2)]) == [
        "one two",
        "two",
    ]
    assert prepared.target.decode([prepared.train.pair(i)[1] for i in range(2)]) == [
        "un deux",
        "deux",
    ]
    report = prepared.report
    assert (report.kept, report.empty, report.too_long, report.read) == (2, 4, 1, 7)
    assert "2 kept of 7 (4 empty, 1 too long)" in report.lines()[0]
    assert report.as_dict()["empty"] == 4


def test_dropped_validation_pairs_are_told(folder, tmp_path):
    (folder / "valid.en").write_bytes(b"one\n\ntwo\n")
    (folder / "valid.fr").write_bytes(b"un\nun\ndeux\n")
    notes: list[str] = []
    prepared = prepare(recipe(folder), tmp_path / "cache", note=notes.append)
    assert prepared.valid_sources == ["one", "two"]
    assert len(prepared.valid) == 2
    assert any("1 validation pairs dropped" in note for note in notes)
    assert "1 dropped" in prepared.report.lines()[-1]


def test_unknown_words_are_counted(folder, tmp_path):
    small = TextConfig(tokenizer="words", vocabulary=[9, 14], joint=False)
    prepared = prepare(recipe(folder, small), tmp_path / "cache")
    rows = [prepared.train.pair(index)[0] for index in range(300)]
    assert prepared.report.source_unknown == sum(row.count(UNK) for row in rows) > 0
    assert "% unknown" in prepared.report.lines()[1]


def test_a_second_start_builds_nothing(folder, tmp_path, monkeypatch):
    first = prepare(recipe(folder), tmp_path / "cache")
    monkeypatch.setattr(prepare_module, "train_tokenizers", None)
    monkeypatch.setattr(prepare_module, "CorpusWriter", None)
    again = prepare(recipe(folder), tmp_path / "cache")
    assert again.data_hash == first.data_hash
    assert again.report == first.report
    assert again.valid_sources == first.valid_sources
    assert [again.train.pair(i) for i in range(300)] == [first.train.pair(i) for i in range(300)]


def test_two_caches_hold_the_same_bytes(folder, tmp_path):
    for name in "ab":
        prepare(recipe(folder, TextConfig(vocabulary=40)), tmp_path / name)
    files = [sorted(p for p in (tmp_path / name).rglob("*") if p.is_file()) for name in "ab"]
    assert [p.relative_to(tmp_path / "a") for p in files[0]] == [
        p.relative_to(tmp_path / "b") for p in files[1]
    ]
    assert all(one.read_bytes() == two.read_bytes() for one, two in zip(*files, strict=True))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.model_copy(update={"limit": 100}),
        lambda data: data.model_copy(update={"max_length": 200}),
        lambda data: data.model_copy(update={"pair": "fr-en"}),
    ],
)
def test_another_reading_has_another_hash(folder, tmp_path, change):
    one = recipe(folder)
    other = one.model_copy(update={"data": change(one.data)})
    hashes = {prepare(which, tmp_path / "cache").data_hash for which in (one, other)}
    assert len(hashes) == 2


def test_one_changed_byte_changes_the_hash(folder, tmp_path):
    before = prepare(recipe(folder), tmp_path / "cache")
    path = folder / "train.en"
    path.write_bytes(path.read_bytes().replace(b"two", b"twe", 1))
    after = prepare(recipe(folder), tmp_path / "cache", (before.source, before.target))
    assert after.data_hash != before.data_hash
    assert after.source is before.source


@pytest.mark.parametrize(
    "damage", ["tokens", "offsets", "valid.jsonl", "manifest.json", "gone", "lines", "keys"]
)
def test_a_damaged_cache_is_built_anew(folder, tmp_path, damage):
    first = prepare(recipe(folder), tmp_path / "cache")
    place = next((tmp_path / "cache" / "corpora").iterdir())
    if damage == "gone":
        (place / "train.tokens").unlink()
    elif damage == "lines":
        manifest = place / "manifest.json"
        path = place / "valid.jsonl"
        old = path.stat().st_size
        path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
        text = manifest.read_text().replace(
            f'"valid.jsonl": {old}', f'"valid.jsonl": {path.stat().st_size}'
        )
        manifest.write_text(text)
    elif damage == "keys":
        (place / "manifest.json").write_text("[]")
    else:
        path = next(p for p in place.iterdir() if p.name.endswith(damage))
        path.write_bytes(path.read_bytes()[:-1])
    again = prepare(recipe(folder), tmp_path / "cache")
    assert again.train.pair(299) == first.train.pair(299)
    assert again.report == first.report


def test_a_damaged_tokenizer_is_trained_anew(folder, tmp_path):
    first = prepare(recipe(folder), tmp_path / "cache")
    path = next((tmp_path / "cache" / "tokenizers").rglob("source.vocab"))
    path.write_bytes(b"")
    assert prepare(recipe(folder), tmp_path / "cache").source.digest == first.source.digest


def test_without_validation_text_pairs_are_held_out_and_said(folder, tmp_path):
    for suffix in ("en", "fr"):
        (folder / f"valid.{suffix}").unlink()
    notes: list[str] = []
    prepared = prepare(recipe(folder), tmp_path / "cache", note=notes.append)
    assert prepared.report.held_out == len(prepared.valid) == 30
    assert len(prepared.train) == 270
    assert "30 of 300 training pairs are held out" in notes[0]
    rows = [prepared.train.pair(index)[0] for index in range(270)]
    assert not set(prepared.source.decode(rows)) & set(prepared.valid_sources)
    assert "held out" in prepared.report.lines()[-1]
    few = prepare(recipe(folder, held_out=7), tmp_path / "cache")
    assert len(few.valid) == 7


def test_one_pair_is_enough_to_start(folder, tmp_path):
    for suffix in ("en", "fr"):
        (folder / f"valid.{suffix}").unlink()
    write(folder, "train", [5])
    notes: list[str] = []
    prepared = prepare(recipe(folder), tmp_path / "cache", note=notes.append)
    assert len(prepared.train) == len(prepared.valid) == 1
    assert any("validation text is the training text" in note for note in notes)


def test_the_limit_takes_the_first_pairs(folder, tmp_path):
    prepared = prepare(recipe(folder, limit=50), tmp_path / "cache")
    assert len(prepared.train) == 50
    assert prepared.source.decode([prepared.train.pair(49)[0]]) == [number(ENGLISH, 49)]


def test_chunks_leave_no_trace(folder, tmp_path, monkeypatch):
    whole = prepare(recipe(folder), tmp_path / "whole")
    monkeypatch.setattr(prepare_module, "CHUNK", 7)
    parts = prepare(recipe(folder), tmp_path / "parts")
    assert parts.report == whole.report
    assert [parts.train.pair(i) for i in range(300)] == [whole.train.pair(i) for i in range(300)]


def test_a_small_text_is_told_at_every_start(folder, tmp_path):
    for _ in range(2):
        notes: list[str] = []
        prepare(recipe(folder, TextConfig(vocabulary=5000)), tmp_path / "cache", note=notes.append)
        assert "instead of 5,000" in notes[0]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"train.en": b"", "train.fr": b""}, "no pairs at all"),
        ({"train.en": b"\n\n", "train.fr": b"a\nb\n"}, "no text"),
        ({"valid.en": b"", "valid.fr": b""}, "no pairs at all"),
        ({"valid.en": b"\n", "valid.fr": b"\n"}, "none of 1 pairs can be used"),
        ({"valid.en": b"a\n"}, r"valid\.en has 1 line, .*valid\.fr has 20"),
        ({"train.fr": b"\n"}, r"train\.en has 300 lines, .*train\.fr has 1"),
        ({"train.fr": b"un\n" * 299 + b"\xff\n"}, r"train\.fr:300: invalid UTF-8 at byte 1"),
    ],
)
def test_unusable_text_stops_with_a_reason(folder, tmp_path, files, reason):
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(DataError, match=reason) as caught:
        prepare(recipe(folder), tmp_path / "cache")
    assert caught.value.exit_code == 3
    assert not list((tmp_path / "cache").rglob(".tmp*"))


def test_too_long_text_alone_is_told(folder, tmp_path):
    write(folder, "train", range(100, 300))
    write(folder, "valid", range(20))
    with pytest.raises(DataError, match="none of 200 pairs can be used .0 empty, 200 too long"):
        prepare(recipe(folder, max_length=2), tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_a_resource_error(folder, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match="SEQ2SEQ_CACHE"):
        prepare(recipe(folder), tmp_path / "file")


def real_data(name: str) -> Path:
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("SEQ2SEQ_TEST_DATA", beside)) / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


def test_real_text_goes_there_and_back(tmp_path):
    folder = tmp_path / "head"
    folder.mkdir()
    origin = real_data("multi30k")
    for suffix in ("en", "de"):
        lines = (origin / f"train.{suffix}").read_bytes().split(b"\n")[:2000]
        (folder / f"train.{suffix}").write_bytes(b"\n".join(lines) + b"\n")
        for name in ("valid", "test2016"):
            shutil.copy(origin / f"{name}.{suffix}", folder)
    text = TextConfig(vocabulary=2000)
    prepared = prepare(recipe(folder, text, pair="en-de"), tmp_path / "cache")
    assert prepared.report.kept == 2000
    assert len(prepared.valid) == 1014
    assert set(prepared.tests) == {"test2016"}
    raw = (folder / "train.de").read_text(encoding="utf-8").split("\n")[:2000]
    rows = [prepared.train.pair(index)[1] for index in range(2000)]
    same = sum(
        one == two.strip() for one, two in zip(prepared.target.decode(rows), raw, strict=True)
    )
    assert same > 1950
