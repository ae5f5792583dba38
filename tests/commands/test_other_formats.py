"""Files that are no plain text are refused by the name of what they are, whatever their own is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
TEXT = "".join(f"sentence number {number} of a text\n" for number in range(9)).encode()


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("text", TEXT)
    return packed.getvalue()


def sgml(line: bytes, number: int) -> bytes:
    return b'<seg id="%d"> ' % number + line + b" </seg>"


SEGMENTS = b"\n".join(sgml(line, number) for number, line in enumerate(TEXT.splitlines()))
KINDS = {
    "xz": lzma.compress(TEXT),
    "bzip2": bz2.compress(TEXT),
    "Zstandard": b"\x28\xb5\x2f\xfd\x24\x00" + TEXT,
    "ZIP": zipped(),
    "gzip": gzip.compress(gzip.compress(TEXT)),
    "tar": b"text".ljust(257, b"\0") + b"ustar  \0" + b"\0" * 247 + TEXT,
    "PDF": b"%PDF-1.7\n" + TEXT,
    "Parquet": b"PAR1" + TEXT,
    "UTF-16": TEXT.decode().encode("utf-16"),
    "UTF-16LE": TEXT.decode().encode("utf-16-le"),
    "UTF-32": TEXT.decode().encode("utf-32"),
    "SGML": b'<srcset setid="newstest" srclang="any">\n<doc sysid="ref">\n' + SEGMENTS,
    "SGML without a head": b"\n" + SEGMENTS,
    "SGML packed": gzip.compress(b"<DOC docid='a'>\n" + SEGMENTS),
    "WMT XML": b"<?xml version='1.0' encoding='utf-8'?>\n<dataset id='wmt21'>\n" + SEGMENTS,
    "TMX": b'\xef\xbb\xbf<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx>',
    "XML": b"<?xml version='1.0'?>\n<unheard-of>",
    "HTML": b"<!DOCTYPE html>\n<html>\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_refused(cli: Cli, tiny_run: Path, tmp_path: Path, kind: str) -> None:
    strange, plain = tmp_path / "strange.txt", tmp_path / "plain.txt"
    strange.write_bytes(KINDS[kind])
    plain.write_bytes(TEXT)
    folder = tmp_path / "corpus"
    folder.mkdir()
    for language, path in (("en", plain), ("de", strange)):
        (folder / f"train.{language}").write_bytes(path.read_bytes())
    for command in (
        ["translate", tiny_run, "--input", strange],
        ["evaluate", "--hypothesis", strange, "--reference", plain],
        ["evaluate", "--hypothesis", plain, "--reference", strange],
        ["score", tiny_run, "--source", plain, "--target", strange],
        ["train", "--data", folder, "--pair", "en-de", "--run", tmp_path / "run"],
    ):
        done = cli(*command)
        assert (done.code, done.out) == (3, ""), command
        *_, error = done.err.splitlines()
        assert kind.split()[0] in error and ("strange.txt" in error or "train.de" in error)
    assert not (tmp_path / "run" / "recipe.json").exists()


def test_by_standard_input(tiny_run: Path, start: Callable[..., Any]) -> None:
    out, err = (process := start("translate", tiny_run)).communicate(KINDS["SGML"])
    assert (process.returncode, out) == (3, b"") and b"is SGML" in err


@pytest.mark.parametrize(
    "line",
    [
        b"a\x00b c", b"<b>Hello</b> world", b"foo </s> bar <s> <unk>", b"<br>", b"BZh is no name",
        b"PK", b"\xef\xbb\xbfa b", b"1 < 2 > 0", b"<seg> is a tag of SGML", b"\xff\xfb \xfe",
    ],
)  # fmt: skip
def test_text_that_looks_like_it_is_read(
    cli: Cli, tiny_run: Path, tmp_path: Path, line: bytes
) -> None:
    text = tmp_path / "text"
    text.write_bytes(line + b"\nand another\n")
    done = cli("translate", tiny_run, "--input", text, "--device", "cpu")
    assert done.code == 0 and done.out.count("\n") == 2


def test_a_packed_neighbour(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "train.en").write_bytes(TEXT)
    (tmp_path / "train.de.xz").write_bytes(KINDS["xz"])
    done = cli("train", "--data", tmp_path, "--pair", "en-de", "--run", tmp_path / "run")
    assert done.code == 3 and "unpack train.de.xz" in done.err


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["train", "--data", "a", "--data", "b", "--pair", "en-de"], "--data"),
        (["train", "--pair", "en-de", "--data", "a", "--pair", "en-fr"], "--pair"),
        (["translate", "run", "--input", "a", "--input", "b"], "--input"),
        (["inspect", "curve", "run", "--output", "a", "--output", "a"], "--output"),
    ],
)
def test_an_option_given_twice(cli: Cli, command: list[str], option: str) -> None:
    done = cli(*command)
    assert (done.code, done.out) == (2, "") and f"{option} is given twice" in done.err
