"""The line contract: LF ends a line, nothing else does, and nothing is lost."""

from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.errors import DataError
from seq2seq.text.formats import refuse_other_formats
from seq2seq.text.lines import (
    check_parallel,
    decode_line,
    decode_strict,
    encodable,
    is_blank,
    measure,
    one_line,
    read_lines,
    read_parallel,
)

MARK = b"\xef\xbb\xbf"
AWKWARD = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"\xe2\x80\xa8", b"\xff", b"\x00", MARK, b" "])
).map(b"".join)


def expected(data: bytes) -> list[bytes]:
    parts = data.removeprefix(MARK).split(b"\n")
    if parts[-1] == b"":
        parts.pop()
    return [part.removesuffix(b"\r") for part in parts]


@given(st.one_of(st.binary(max_size=200), AWKWARD))
def test_any_bytes_have_one_line_for_each_line_feed(tmp_path_factory, data):
    try:
        refuse_other_formats(data, "any")
    except DataError:  # which begins as another kind of file does
        return
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    lines = list(read_lines(path))
    assert lines == expected(data)
    assert list(read_lines(io.BytesIO(data))) == lines
    assert measure(path).lines == len(lines)
    assert not any(b"\n" in line for line in lines)


@given(AWKWARD)
def test_gzip_reads_as_its_content(tmp_path_factory, data):
    try:
        refuse_other_formats(data, "any")
    except DataError:  # such as half NULs, which is UTF-16
        return
    path = tmp_path_factory.getbasetemp() / "packed-under-any-name"
    path.write_bytes(gzip.compress(data))
    assert list(read_lines(path)) == expected(data)
    plain = tmp_path_factory.getbasetemp() / "plain"
    plain.write_bytes(data)
    assert measure(path) == measure(plain)


def test_a_gzip_stream_is_recognised_too():
    assert list(read_lines(io.BytesIO(gzip.compress(b"a\nb")))) == [b"a", b"b"]


def test_lines_come_as_soon_as_they_are_there():
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream, os.fdopen(writer, "wb", buffering=0) as pen:
        pen.write(b"one\ntw")
        lines = read_lines(stream)
        assert next(lines) == b"one"
        pen.write(b"o\n")
        assert next(lines) == b"two"


def test_a_byte_order_mark_counts_only_at_the_start(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(MARK + b"a\n" + MARK + b"b\n")
    assert list(read_lines(path)) == [b"a", MARK + b"b"]
    path.write_bytes(MARK)
    assert list(read_lines(path)) == []
    assert measure(path).lines == 0


def test_truncated_and_damaged_gzip_name_the_file(tmp_path):
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"many words\n" * 1000)[:-9])
    with pytest.raises(DataError, match="cut.gz is a damaged or truncated gzip"):
        list(read_lines(path))
    with pytest.raises(DataError, match=r"cut\.gz"):
        measure(path)
    path.write_bytes(b"\x1f\x8b not gzip at all")
    with pytest.raises(DataError, match=r"cut\.gz"):
        list(read_lines(path))


def test_a_missing_file_names_its_nearest_neighbours(tmp_path):
    for name in ("train.en", "train.fr", "valid.en"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"trian\.en does not exist; .*train\.en"):
        list(read_lines(tmp_path / "trian.en"))
    with pytest.raises(DataError, match="is not a folder either"):
        list(read_lines(tmp_path / "nowhere" / "train.en"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="nothing at all"):
        list(read_lines(tmp_path / "empty" / "train.en"))


def test_folders_pipes_and_odd_names_are_refused(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        list(read_lines(tmp_path))
    with pytest.raises(DataError, match="cannot read"):
        list(read_lines(Path("a\x00b")))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="must be a regular file"):
        measure(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_a_data_error(tmp_path):
    path = tmp_path / "secret"
    path.touch(mode=0)
    with pytest.raises(DataError, match="Permission denied"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("source", "target", "counts"),
    [
        (b"1\n2\n3\n", b"1\n2\n", ("3 lines", "2")),
        (b"1\n2\n", b"1\n2\n3\n", ("2 lines", "3")),
        (b"1\n2\n3\n4\n", b"1\n2\n", ("4 lines", "2")),
        (b"1\n", b"1\n\n\n", ("1 line", "3")),
        (b"", b"1\n2\n3\n4\n5\n", ("0 lines", "5")),
    ],
)
def test_unequal_files_are_refused_before_anything_is_read(tmp_path, source, target, counts):
    one, two = tmp_path / "src.txt", tmp_path / "tgt.txt"
    one.write_bytes(source)
    two.write_bytes(target)
    with pytest.raises(DataError) as caught:
        read_parallel([one, two])
    assert f"src.txt has {counts[0]}, " in str(caught.value)
    assert f"tgt.txt has {counts[1]};" in str(caught.value)


def test_equal_files_come_row_by_row(tmp_path):
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"x\xe2\x80\xa8y\n2")
    two.write_bytes(b"z\r\n3\n")
    assert list(read_parallel([one, two])) == [(b"x\xe2\x80\xa8y", b"z"), (b"2", b"3")]
    assert [facts.lines for facts in check_parallel([one, two])] == [2, 2]


def test_decoding_tells_damage():
    assert decode_line("é".encode()) == ("é", False)
    assert decode_line(b"a\xffb") == ("a\ufffdb", True)
    assert decode_line(b"\xed\xa0\x80")[1]
    assert decode_strict("é".encode(), "f", 1) == "é"
    with pytest.raises(DataError, match="src.txt:7: invalid UTF-8 at byte 3"):
        decode_strict(b"ab\xff", "src.txt", 7)


@given(st.text(max_size=50))
def test_one_line_is_one_line_everywhere(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert "\x00" not in line
    assert "  " not in line
    assert one_line(line) == line


def test_one_line_knows_every_character_that_ends_a_line():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if len(f"a{character}b".splitlines()) > 1:
            assert one_line(f"a{character}b") == "a b", hex(code)
    assert one_line("a\u00a0b c") == "a\u00a0b c"


@given(st.text(st.characters(exclude_categories=())))
def test_encodable_text_can_be_encoded(text):
    assert "\x00" not in encodable(text)
    encodable(text).encode("utf-8")


def test_blank_is_white_space_of_any_kind():
    assert all(map(is_blank, ["", "   ", "\t\t", "\u00a0\u3000", "\x00", "\u2028"]))
    assert not is_blank(" a ")
