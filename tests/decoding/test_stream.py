from __future__ import annotations

import gzip
import io
import json
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.decoding import stream as module
from seq2seq.decoding.stream import chunks_of, translate_stream
from seq2seq.errors import DataError, UsageError
from seq2seq.text.formats import refuse_other_formats


def run(translator, data, **options):
    """Return the output of a stream, its warnings, and the sizes of what was written at a time."""
    written, warnings = [], []
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    chunks = source if isinstance(source, list) else chunks_of(source)
    translate_stream(translator, chunks, written.append, warn=warnings.append, **options)
    return b"".join(written), warnings


TABLE = [  # bytes in, lines out, of which blank (numbers from 1)
    (b"", 0, []),
    (b"\n", 1, [1]),
    (b"a", 1, []),
    (b"a\n", 1, []),
    (b"a b\n\n  \nc\xe2\x80\xa8d\n\xff\xfe\nlast", 6, [2, 3]),
    (b"a b\n\n\nc d\n", 4, [2, 3]),
    (b"   \n\t\t\n\xc2\xa0\xe3\x80\x80\n", 3, [1, 2, 3]),
    (b"a\xc2\x85b\n", 1, []),
    (b"a\xe2\x80\xa9b\n", 1, []),
    (b"a\x0bb\x0cc\x1cd\x1de\x1ef\n", 1, []),
    (b"a\rb\n", 1, []),
    (b"a b\r\nc d\r\n", 2, []),
    (b"\r\n\r\n", 2, [1, 2]),
    (b"\xef\xbb\xbfa b\n", 1, []),
    (b"a\x00b c\n", 1, []),
    (b"\x00\n", 1, [1]),
    (b"\xed\xa0\x80\n", 1, []),
    (b"\xc0\xaf\n", 1, []),
    (b"a\n\xef\xbb\xbf\n", 2, []),
    (b"foo </s> bar <s> <unk> <pad> <2de>\n", 1, []),
    (b"a" * 50 + b"\n" + b"b", 2, []),
]


@pytest.mark.parametrize(("data", "count", "blank"), TABLE)
def test_line_contract(echo, tmp_path, data, count, blank):
    out, _ = run(echo(), data)
    lines = out.decode().splitlines()
    assert len(lines) == out.count(b"\n") == count
    assert not out or out.endswith(b"\n")
    assert [number for number, line in enumerate(lines, 1) if not line] == blank
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    assert run(echo(), plain)[0] == run(echo(), packed)[0] == out


EQUAL = [
    (b"a b\r\nc d\r\n", b"a b\nc d\n"),
    (b"\xef\xbb\xbfa b\n", b"a b\n"),
    (b"a\x00b c\n", b"a b c\n"),
    (b"a b", b"a b\n"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_lines(echo, one, other):
    assert run(echo(), one)[0] == run(echo(), other)[0]


@given(data=st.binary(max_size=80) | st.text(alphabet="ab \n\r\x85\u2028\0", max_size=40))
def test_as_many_lines_come_out_as_go_in(echo, data):
    data = data if isinstance(data, bytes) else data.encode()
    try:
        refuse_other_formats(data, "any")
    except DataError:  # which begins as another kind of file does
        return
    out, _ = run(echo(), data, form="text")
    bare = data.removeprefix(b"\xef\xbb\xbf")
    expected = bare.count(b"\n") + (bare[-1:] not in (b"", b"\n"))
    assert out.count(b"\n") == len(out.decode().splitlines()) == expected
    marked, _ = run(echo(), data, form="jsonl", nbest=2)
    assert [json.loads(line)["line"] for line in marked.decode().splitlines()] == [*range(expected)]


def test_invalid_utf8_is_one_warning(echo):
    out, warnings = run(echo(), b"ok\na\xff\xfeb\nc\n\xff\n")
    assert out.count(b"\n") == 4
    assert warnings[0] == "2 lines have invalid UTF-8 (first: line 2), read as U+FFFD"
    assert warnings[1:] == [
        "2 translations with <unk> for what the model could not write (lines 2, 4)"
    ]
    said = run(echo(), b"\xff")[1]
    assert said[0] == "1 line has invalid UTF-8 (first: line 1), read as U+FFFD"
    assert "UTF-8" not in "".join(run(echo(), "é".encode())[1])


def test_strict_utf8(echo):
    with pytest.raises(DataError, match="f.txt:2: invalid UTF-8 at byte 2"):
        run(echo(), b"ok\na\xff\n", strict="f.txt")
    assert run(echo(), b"ok\n", strict="f.txt")[0]


def test_long_lines_are_named_and_not_too_often(echo):
    data = b"a\n" + b"b" * 20 + b"\nc\n"
    assert run(echo(), data)[1] == ["line 2: longer than 8 pieces, translated in 3 parts"]
    _, warnings = run(echo(), (b"b" * 20 + b"\n") * 25)
    assert len(warnings) == module.LISTED + 1
    assert warnings[-1] == "15 more warnings about long lines"


def test_fixed_chunks_number_their_lines(echo, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 3)
    data = b"a\nb\nc\nd\n" + b"e" * 20 + b"\n\xff\ng"
    chunks = list(chunks_of(io.BytesIO(data)))
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    out, warnings = run(echo(), data, form="moses")
    assert [line.split(b" ||| ")[0] for line in out.splitlines()] == [b"%d" % i for i in range(7)]
    assert warnings[0].startswith("line 5: ")
    assert "first: line 6" in warnings[1]


def test_each_chunk_is_written_when_it_is_ready(echo):
    written = []

    def chunks():
        yield [b"a"]
        assert written == [b"a\n"]
        yield [b"b", b"c"]

    translate_stream(echo(), chunks(), written.append, warn=lambda message: None)
    assert written == [b"a\n", b"b\nc\n"]


def test_nbest_must_fit_the_beam_before_anything_is_read(echo):
    with pytest.raises(UsageError, match="beam of 5"):
        translate_stream(echo(), iter(["never"]), None, form="jsonl", nbest=9, warn=None)


def test_a_pipe_is_answered_line_by_line(echo):
    reading, writing = os.pipe()
    with open(reading, "rb") as source:
        chunks = chunks_of(source)
        os.write(writing, b"one\n")
        assert next(chunks) == [b"one"]
        os.write(writing, b"two\nthree\nha")
        assert next(chunks) == [b"two", b"three"]
        os.write(writing, b"lf")
        os.close(writing)
        assert list(chunks) == [[b"half"]]


def test_a_full_pipe_comes_in_whole_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 10)
    monkeypatch.setattr(module, "PATIENCE", 5.0)
    reading, writing = os.pipe()

    def fill():
        with open(writing, "wb", buffering=0) as sink:
            for number in range(25):
                sink.write(b"%d\n" % number)

    threading.Thread(target=fill).start()
    with open(reading, "rb") as source:
        assert [len(chunk) for chunk in chunks_of(source)] == [10, 10, 5]


def test_a_damaged_pipe_gives_its_lines_and_then_the_error(tmp_path):
    packed = gzip.compress(os.urandom(9000).hex().encode())[:-20]
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    threading.Thread(target=lambda: fifo.write_bytes(packed)).start()
    with pytest.raises(DataError, match="truncated"):
        list(chunks_of(fifo))


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        list(chunks_of(tmp_path / "nothing"))
    with pytest.raises(DataError, match="folder"):
        list(chunks_of(tmp_path))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"abc\n" * 99)[:-9])
    with pytest.raises(DataError, match=r"cut\.gz"):
        list(chunks_of(tmp_path / "cut.gz"))
