"""Corpora as streams: formats, faults with their line numbers, digests, and parts of others."""

from __future__ import annotations

import gzip
import json
from types import SimpleNamespace

import pytest

from seq2seq.config.schema import DataConfig
from seq2seq.data.corpora import find_tests, open_corpus
from seq2seq.data.streams import EveryNth, FirstPairs, ListedCorpus, digest_of, pair_of
from seq2seq.errors import DataError


def write(folder, **files):
    for name, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / name.replace("__", ".")).write_bytes(data)


def pairs(folder, form="text", split="train", **fields):
    return list(open_corpus(DataConfig(format=form, path=str(folder), **fields), split).pairs())


def test_text_files_pair_line_by_line(tmp_path):
    write(tmp_path, train__en="x\u2028y\r\nb", train__fr="\ufeffz\nc d\n")
    assert pairs(tmp_path) == [("x\u2028y", "z"), ("b", "c d")]
    assert pairs(tmp_path, pair="fr-en") == [("z", "x\u2028y"), ("c d", "b")]


def test_packed_text_is_found_and_has_the_same_digest(tmp_path):
    write(tmp_path, train__en="a\n", train__fr="b\n")
    corpus = open_corpus(DataConfig(path=str(tmp_path)), "train")
    before = corpus.survey()
    (tmp_path / "train.fr").unlink()
    (tmp_path / "train.fr.gz").write_bytes(gzip.compress(b"b\n"))
    assert pairs(tmp_path) == [("a", "b")]
    assert open_corpus(DataConfig(path=str(tmp_path)), "train").survey() == before


def test_the_digest_follows_the_content(tmp_path):
    seen = set()
    for target in ("b\n", "c\n", "b\nb\n"):
        write(tmp_path, train__en="a\n" * target.count("\n"), train__fr=target)
        survey = open_corpus(DataConfig(path=str(tmp_path)), "train").survey()
        assert survey.count == target.count("\n")
        seen.add(survey.digest)
    assert len(seen) == 3
    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_faults_in_text_name_file_and_line(tmp_path):
    write(tmp_path, train__en=b"a\n" * 6 + b"ab\xff\n", train__fr="a\n" * 7)
    with pytest.raises(DataError, match=r"train\.en:7: invalid UTF-8 at byte 3"):
        pairs(tmp_path)
    write(tmp_path, train__en="a\n" * 3)
    with pytest.raises(DataError, match=r"train\.en has 3 lines, .*train\.fr has 7"):
        open_corpus(DataConfig(path=str(tmp_path)), "train").survey()


def test_quotes_mean_nothing_in_tsv(tmp_path):
    write(tmp_path, train__tsv='a\tb\n"c\td\ne\tf"\r\ng\u2028\th\n')
    expected = [("a", "b"), ('"c', "d"), ("e", 'f"'), ("g\u2028", "h")]
    assert pairs(tmp_path, "tsv") == expected
    assert open_corpus(DataConfig(format="tsv", path=str(tmp_path)), "train").survey().count == 4


@pytest.mark.parametrize(
    ("row", "fields"), [("a", "1 field"), ("a\tb\tc", "3 fields"), ("", "1 field"), ("\ta\tb", "3")]
)
def test_other_numbers_of_fields_are_refused_with_their_line(tmp_path, row, fields):
    write(tmp_path, train__tsv=f"a\tb\n{row}\nc\td\n")
    with pytest.raises(DataError, match=rf"train\.tsv:2: {fields}"):
        pairs(tmp_path, "tsv")


def test_json_lines_in_both_shapes(tmp_path):
    rows = [
        {"translation": {"en": "a\nb", "fr": "c"}, "id": 1},
        {"en": "d", "fr": "é", "de": "x"},
    ]
    write(tmp_path, train__jsonl="".join(json.dumps(row) + "\n" for row in rows))
    assert pairs(tmp_path, "jsonl") == [("a b", "c"), ("d", "é")]
    english = open_corpus(DataConfig(format="jsonl", path=str(tmp_path)), "train").survey()
    german = DataConfig(format="jsonl", path=str(tmp_path), pair="en-de")
    assert open_corpus(german, "train").survey().digest != english.digest
    with pytest.raises(DataError, match=r'train\.jsonl:1: no text for "de"'):
        list(open_corpus(german, "train").pairs())


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not an object"),
        ('{"translation": 3}', "not an object"),
        ('{"en": "a", "fr": 3}', 'no text for "fr"'),
        ("{}", "there is nothing"),
    ],
)
def test_bad_json_lines_are_refused_with_their_line(tmp_path, row, fault):
    write(tmp_path, train__jsonl='{"en": "a", "fr": "b"}\n' + row + "\n")
    with pytest.raises(DataError, match=rf"train\.jsonl:2: .*{fault}"):
        pairs(tmp_path, "jsonl")


def test_rows_of_a_data_set_are_pairs_too():
    assert pair_of({"translation": {"de": "x", "en": "y"}}, ("en", "de"), "row 1") == ("y", "x")


def test_parts_of_a_corpus_are_disjoint_and_complete():
    whole = ListedCorpus("all", tuple((str(n), str(n)) for n in range(103)))
    survey = whole.survey()
    picked, rest = (EveryNth(whole, survey, 10, 10, side) for side in (True, False))
    chosen, others = list(picked.pairs()), list(rest.pairs())
    assert len(chosen) == picked.survey().count == 10
    assert len(others) == rest.survey().count == 93
    assert sorted(chosen + others) == sorted(whole.listed)
    assert picked.survey().digest != rest.survey().digest
    first = FirstPairs(whole, 5)
    assert list(first.pairs()) == list(whole.listed[:5])
    assert first.survey().count == 5
    assert FirstPairs(whole, 500).survey().count == 103
    assert {first.name, picked.name} == {"all"}


def test_missing_places_say_what_is_there(tmp_path):
    write(tmp_path, train__en="a\n", trian__fr="b\n")
    with pytest.raises(DataError, match=r"train\.fr does not exist; .*trian\.fr"):
        pairs(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        pairs(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is not a folder"):
        pairs(tmp_path / "train.en")
    with pytest.raises(DataError, match="give --data DIR"):
        open_corpus(DataConfig(), "train")


def test_only_the_usual_validation_text_may_be_missing(tmp_path):
    write(tmp_path, train__en="a\n", train__fr="b\n", dev__en="a\n")
    assert open_corpus(DataConfig(path=str(tmp_path)), "valid") is None
    with pytest.raises(DataError, match=r"dev\.fr does not exist"):
        open_corpus(DataConfig(path=str(tmp_path), valid="dev"), "valid")
    write(tmp_path, valid__en="a\n")
    with pytest.raises(DataError, match=r"valid\.fr does not exist"):
        open_corpus(DataConfig(path=str(tmp_path)), "valid")


def test_test_files_are_found_by_name_or_by_pattern(tmp_path):
    write(tmp_path, test__en="a", test__fr="a", test2016__en="a", test2016__fr="a", tested__en="a")
    (tmp_path / "test_packed.en").write_bytes(b"a")
    (tmp_path / "test_packed.fr.gz").write_bytes(gzip.compress(b"a"))
    config = DataConfig(path=str(tmp_path))
    assert sorted(find_tests(config)) == ["test", "test2016", "test_packed"]
    named = DataConfig(path=str(tmp_path), test=["test2016"])
    assert find_tests(named) == {
        "test2016": (tmp_path / "test2016.en", tmp_path / "test2016.fr"),
    }
    with pytest.raises(DataError, match=r"tested\.fr does not exist"):
        find_tests(DataConfig(path=str(tmp_path), test=["tested"]))
    assert find_tests(DataConfig(format="demo")) == {}


def test_the_embedded_corpus_is_a_corpus(monkeypatch):
    from seq2seq.data import demo

    examples = [SimpleNamespace(source=f"s{n}", target=f"t{n}") for n in range(5)]
    small = SimpleNamespace(train=examples[:3], valid=examples[3:])
    monkeypatch.setattr(demo, "demo_corpus", lambda: small)
    train, valid = (open_corpus(DataConfig(format="demo"), split) for split in ("train", "valid"))
    assert list(train.pairs()) == [("s0", "t0"), ("s1", "t1"), ("s2", "t2")]
    assert valid.survey().count == 2
    assert train.survey().digest != valid.survey().digest
