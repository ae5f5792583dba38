from __future__ import annotations

import json

from seq2seq.decoding.formats import as_jsonl, as_moses, as_text
from seq2seq.decoding.translation import Translation

BLANK = Translation("", 0.0, 0.0, [])
FOUND = [Translation("un ||| deux", -0.5, -1.5, ["un", "deux"]), Translation("é", -1.0, -2.0, [])]


def test_text():
    assert as_text(3, "one", FOUND) == "un ||| deux\n"
    assert as_text(3, "", [BLANK]) == "\n"


def test_jsonl():
    line = as_jsonl(3, "a\u2028b\x85c\u2029\n", FOUND)
    assert line.splitlines() == [line[:-1]]
    value = json.loads(line)
    assert (value["line"], value["source"]) == (3, "a\u2028b\x85c\u2029\n")
    assert value["translation"] == "un ||| deux" and value["score"] == -0.5
    assert value["log_probability"] == -1.5 and value["pieces"] == ["un", "deux"]
    assert [one["translation"] for one in value["nbest"]] == ["un ||| deux", "é"]
    assert "é" in line


def test_moses():
    first, second = as_moses(3, "one", FOUND).splitlines()
    assert first == "3 ||| un | | | deux ||| logprob= -1.500000 ||| -0.500000"
    assert second.split(" ||| ") == ["3", "é", "logprob= -2.000000", "-1.000000"]
    assert len(as_moses(0, "", [BLANK]).split(" ||| ")) == 4


def test_alignments_are_told_where_there_are_any():
    looked = Translation("un", -0.5, -1.5, ["un"], ["one", "</s>"], [0])
    value = json.loads(as_jsonl(0, "one", [looked]))
    assert value["source_pieces"] == ["one", "</s>"] and value["alignment"] == [0]
    assert value["nbest"][0]["alignment"] == [0]
    assert not {"source_pieces", "alignment"} & set(json.loads(as_jsonl(3, "one", FOUND)))
