"""What a file is that is no plain text: told by its first bytes, and refused by that name.

Read as lines, such files give translations and scores of their markup or of their packed bytes.
"""

from __future__ import annotations

import re

from seq2seq.errors import DataError

HEAD = 4096  # bytes that are looked at

PACKED = {  # by first bytes; and what unpacks it
    b"\xfd7zXZ\x00": ("xz", "xz -dk"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "zstd -d"),
    b"BZh": ("bzip2", "bzip2 -dk"),
    b"\x04\x22\x4d\x18": ("LZ4", "lz4 -d"),
    b"PK\x03\x04": ("ZIP", "unzip"),
    b"PK\x05\x06": ("ZIP", "unzip"),
    b"7z\xbc\xaf\x27\x1c": ("7-Zip", "7z x"),
    b"Rar!\x1a\x07": ("RAR", "unrar x"),
    b"LZIP": ("lzip", "lzip -dk"),
    b"\x1f\x9d": ("compress", "uncompress"),
    b"\x1f\x8b": ("gzip", "gzip -dk"),  # which is read, but not twice packed
}
OTHER = {
    b"%PDF-": "PDF",
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"SQLite format 3\x00": "SQLite",
    b"\x89HDF\r\n": "HDF5",
    b"\x93NUMPY": "NumPy",
    b"\x80\x02}": "pickle",
    b"\x80\x04\x95": "pickle",
    b"{\\rtf": "RTF",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "Microsoft Office",
    b"\x7fELF": "program",
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
}
WIDE_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
TAR_AT, TAR = 257, b"ustar"
BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")

XML = re.compile(rb"<\?xml\b|<!DOCTYPE\b", re.IGNORECASE)
ROOT = re.compile(rb"<([A-Za-z]+)[\s>]")
ROOTS = {  # elements that a document begins with
    b"tmx": "TMX", b"xliff": "XLIFF", b"html": "HTML", b"dataset": "WMT XML",
    b"srcset": "SGML", b"refset": "SGML", b"tstset": "SGML", b"mteval": "SGML", b"doc": "SGML",
    b"cesdoc": "XML", b"cesalign": "XML", b"tei": "XML", b"rss": "XML",
}  # fmt: skip
SEGMENT = re.compile(rb"^[ \t]*<(seg|tu|tuv|trans-unit)\b[^<>\n]*>", re.IGNORECASE | re.MULTILINE)
SEGMENTS = 3  # from so many on, they are no text about markup
NULS = 4  # from so many on, in one half of the bytes, it is UTF-16


def refuse_other_formats(head: bytes, name: str) -> None:
    """Raise a DataError, with the name of what it is, for a file that is no plain text.

    `head` are its first bytes, up to `HEAD` of them.
    """
    for magic, (kind, command) in PACKED.items():
        if head.startswith(magic) and (magic != b"BZh" or BZIP2.match(head)):
            raise DataError(f"{name} is packed with {kind}", f"unpack it first: {command} {name}")
    if head[TAR_AT:].startswith(TAR):
        raise DataError(f"{name} is a tar archive", f"unpack it first: tar xf {name}")
    for magic, kind in OTHER.items():
        if head.startswith(magic):
            raise DataError(f"{name} is a {kind} file, no text", "save its text, one line each")
    if encoding := _wide(head):
        raise DataError(
            f"{name} is {encoding}, not UTF-8",
            f"convert it first: iconv -f {encoding} -t UTF-8 {name}",
        )
    if kind := _markup(head):
        raise DataError(
            f"{name} is {kind}, with markup around its text",
            "take its segments out first, one a line",
        )


def _wide(head: bytes) -> str:
    """Return the name of an encoding in units of two or four bytes, or nothing."""
    for mark, name in WIDE_MARKS.items():
        if head.startswith(mark):
            return name
    halves = head[: len(head) // 2 * 2]
    for first in (0, 1):
        low, high = halves[first::2], halves[1 - first :: 2]
        if high.count(0) >= max(NULS, 0.4 * len(high)) and low.count(0) < 0.1 * len(low):
            return "UTF-16BE" if first else "UTF-16LE"
    return ""


def _markup(head: bytes) -> str:
    """Return the name of a document format, or nothing."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    root = ROOT.match(re.sub(rb"^(<\?[^>]*>|<![^>]*>|\s)+", b"", text))
    if root and root[1].lower() in ROOTS:
        return ROOTS[root[1].lower()]
    if XML.match(text):
        return "XML"
    segments = [match[1].lower() for match in SEGMENT.finditer(text)]
    if len(segments) < SEGMENTS:
        return ""
    return "SGML" if segments[0] == b"seg" else "XML"
