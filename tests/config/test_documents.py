"""JSON and TOML from strangers: a value, or one line about what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.documents import digest_of_values, parse_json, parse_table, parse_toml, signed

HOSTILE = {
    "brackets": "[" * 90_000,
    "braces": '{"a":' * 90_000,
    "nested": "[" * 400 + "]" * 400,
    "digits": '{"step": ' + "9" * 5000 + "}",
    "integer": '{"step": 9223372036854775808}',
    "nan": '{"step": NaN}',
    "infinity": '{"step": -Infinity}',
    "overflow": '{"step": 1e999}',
    "twice": '{"step": 1, "step": 2}',
    "surrogate": '{"step": "\\ud800"}',
    "surrogate key": '{"\\udfff": 1}',
    "empty": "",
    "half": '{"step": ',
    "array": "[1]",
    "number": "3",
    "null": "null",
    "bytes": b"\xff\xfe{",
    "utf-16": '{"step": 1}'.encode("utf-16"),
}
HOSTILE_TOML = {
    "brackets": "a = " + "[" * 90_000,
    "tables": "a = " + "{b=" * 90_000,
    "nested": "a = " + "[" * 200 + "]" * 200,
    "digits": "a = " + "9" * 5000,
    "hexadecimal": "a = 0x" + "f" * 5000,
    "dotted": ".".join("a" * 5000) + " = 1",
    "bytes": b"\xff\xfe",
    "utf-16": "a = 1".encode("utf-16"),
    "twice": "a = 1\na = 2",
    "date": "a = 2024-13-45",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_json(text: str | bytes) -> None:
    with pytest.raises(ValueError) as caught:
        parse_table(text)
    assert 0 < len(str(caught.value)) < 200 and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", HOSTILE_TOML.values(), ids=HOSTILE_TOML)
def test_hostile_toml(text: str | bytes) -> None:
    with pytest.raises(ValueError) as caught:
        parse_toml(text)
    assert 0 < len(str(caught.value)) < 200 and "\n" not in str(caught.value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=8,
)


@given(VALUES, st.booleans())
def test_what_we_write_is_read(value: object, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.dictionaries(st.text("abc", min_size=1), VALUES, max_size=4))
def test_a_sum_holds_for_any_layout(document: dict[str, object]) -> None:
    text = json.dumps(signed(document), indent=3)
    again = parse_table(text)
    assert digest_of_values(again) == again["sha256"] == digest_of_values(document)


def test_names_that_are_not_utf_8() -> None:
    """Python spells the byte FF of a file name as U+DCFF; a run's command may hold it."""
    assert parse_json(json.dumps("--run=\udcff")) == "--run=\udcff"


def test_only_one_module_parses() -> None:
    root = Path(__file__).resolve().parents[2] / "seq2seq"
    calls = ("json.loads(", "json.load(", "tomllib.load")
    found = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if any(call in path.read_text(encoding="utf-8") for call in calls)
    ]
    ours = "data/demo/lexicon.py"  # reads our own file
    alone = "export/engine.py"  # runs without seq2seq, beside the file that it reads
    assert found == [ours, "documents.py", alone]
