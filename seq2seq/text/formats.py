"""What a file is that is no plain text: told by its first bytes, and refused by that name.

Read as lines, such files give translations and scores of their markup or of their packed bytes.
"""

from __future__ import annotations

import re
import struct
import unicodedata

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
    b"\x5d\x00\x00": ("LZMA", "xz --format=lzma -dk"),
    b"\xff\x06\x00\x00sNaPpY": ("Snappy", "snzip -dk"),
}
OTHER = {
    b"version https://git-lfs.github.com/spec/": "Git LFS pointer",
    b"%PDF-": "PDF",
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"Obj\x01": "Avro",
    b"SQLite format 3\x00": "SQLite",
    b"\x89HDF\r\n": "HDF5",
    b"\x93NUMPY": "NumPy",
    b"\x80\x02}": "pickle",
    b"\x80\x03}": "pickle",
    b"\x80\x04\x95": "pickle",
    b"\x80\x05\x95": "pickle",
    b"\xde\x12\x04\x95": "gettext MO",
    b"\x95\x04\x12\xde": "gettext MO",
    b"%!PS": "PostScript",
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
OFFICE = {  # names of files in a ZIP archive
    b"[Content_Types].xml": "Microsoft Office",
    b"mimetypeapplication/vnd.oasis": "OpenDocument",
    b"mimetypeapplication/epub": "EPUB",
}
ESCAPED = {  # encodings of seven bits, which are valid UTF-8
    "ISO-2022-JP": re.compile(rb"\x1b\$[@B].*?\x1b\([BJ]", re.DOTALL),
    "ISO-2022-KR": re.compile(rb"\x1b\$\)C"),
}
TAR_AT, TAR = 257, b"ustar"
BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")

XML = re.compile(rb"<\?xml\b|<!DOCTYPE\b", re.IGNORECASE)
PROLOGUE = re.compile(rb"^(<\?[^>]*>|<!--.*?-->|<![^>]*>|\s)+", re.DOTALL)
ROOT = re.compile(rb"<([A-Za-z]+)[\s>]")
ROOTS = {  # elements that a document begins with
    b"tmx": "TMX", b"xliff": "XLIFF", b"html": "HTML", b"dataset": "WMT XML",
    b"srcset": "SGML", b"refset": "SGML", b"tstset": "SGML", b"mteval": "SGML", b"doc": "SGML",
    b"cesdoc": "XML", b"cesalign": "XML", b"tei": "XML", b"rss": "XML", b"letsmt": "XML",
    b"tt": "TTML",
}  # fmt: skip
TAG_LINE = re.compile(rb"<[A-Za-z][^<>\n]*>[ \t]*\r?\n")
SEGMENT = re.compile(
    rb"^[ \t]*<(seg\b|tu\b|tuv\b|trans-unit\b|s id=)[^<>\n]*>", re.IGNORECASE | re.MULTILINE
)
SEGMENTS = 3  # from so many on, or after a line of one tag, they are no text about markup
TALK = re.compile(rb"^<(url|keywords|speaker|talkid|title|description)>.*</\1>", re.MULTILINE)
EUROPARL = re.compile(rb"^<(?:CHAPTER|SPEAKER) ID=[^<>\n]*>[ \t]*\r?$", re.MULTILINE)
OTHER_TEXT = {  # text in a format of its own, and its first lines
    "SubRip subtitles": re.compile(rb"\d+\r?\n\d+:\d\d:\d\d[,.]\d+ --> \d"),
    "WebVTT subtitles": re.compile(rb"WEBVTT\b[^\n]*\n\s*\n"),
    "a gettext catalogue": re.compile(rb'(?:#[^\n]*\n)*msgid "[^\n]*\nmsgstr "'),
}
NULS = 4  # from so many on, in one half of the bytes, it is UTF-16
UNITS = 32  # bytes; whether less is UTF-16 of other scripts cannot be told
LINE_END_OR_SPACE = re.compile("[\n \u3000\u3002]")
CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
BINARY = 256  # bytes; text of other encodings is told from packed bytes by so many


def refuse_other_formats(head: bytes, name: str) -> None:
    """Raise a DataError, with the name of what it is, for a file that is no plain text.

    `head` are its first bytes, up to `HEAD` of them.
    """
    for magic, (kind, command) in PACKED.items():
        if head.startswith(magic) and (magic != b"BZh" or BZIP2.match(head)):
            if document := next((OFFICE[part] for part in OFFICE if part in head), ""):
                raise _no_text(name, document)
            raise DataError(f"{name} is packed with {kind}", f"unpack it first: {command} {name}")
    if head[TAR_AT:].startswith(TAR):
        raise DataError(f"{name} is a tar archive", f"unpack it first: tar xf {name}")
    for magic, kind in OTHER.items():
        if head.startswith(magic):
            raise _no_text(name, kind)
    if _is_safetensors(head):
        raise _no_text(name, "safetensors")
    if encoding := _wide(head) or _escaped(head):
        raise DataError(
            f"{name} is {encoding}, not UTF-8",
            f"convert it first: iconv -f {encoding} -t UTF-8 {name}",
        )
    if kind := _markup(head) or _other_text(head):
        raise DataError(
            f"{name} is {kind}, with markup around its text",
            "take its segments out first, one a line",
        )
    if _is_binary(head):
        raise _no_text(name, "binary")


def _no_text(name: str, kind: str) -> DataError:
    return DataError(f"{name} is a file in {kind} format, no text", "save its text, one line each")


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
    if len(head) < UNITS or head.count(0) < 2 or _is_mostly_text(head):
        return ""
    for name, unit in (("UTF-32LE", 4), ("UTF-32BE", 4), ("UTF-16LE", 2), ("UTF-16BE", 2)):
        if _reads_as(name, head[: len(head) // unit * unit]):
            return name
    return ""


def _reads_as(encoding: str, units: bytes) -> bool:
    """Return whether bytes are text in an encoding: characters that exist, in lines or words."""
    try:
        text = units.decode(encoding)
    except UnicodeDecodeError as error:
        if len(units) - error.start > 2:  # more than half of a surrogate pair that was cut
            return False
        text = units[: error.start].decode(encoding)
    if not LINE_END_OR_SPACE.search(text):
        return False
    kinds = {unicodedata.category(character) for character in text if character not in "\t\r\n"}
    return not kinds & {"Cc", "Cn", "Co"}


def _escaped(head: bytes) -> str:
    """Return the name of an encoding of seven bits, or nothing."""
    return next((name for name, pattern in ESCAPED.items() if pattern.search(head)), "")


def _is_safetensors(head: bytes) -> bool:
    """Return whether a header's length of 8 bytes comes first, then the header, which is JSON."""
    if len(head) < 10 or head[8:10] != b'{"':
        return False
    (length,) = struct.unpack("<Q", head[:8])
    return bool(length < 1 << 32)


def _is_mostly_text(head: bytes) -> bool:
    """Return whether bytes are UTF-8, but for a character that is cut, with few controls."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(head) - error.start > 3:
            return False
    return _controls(head) <= 0.1 * len(head)


def _is_binary(head: bytes) -> bool:
    """Return whether a file holds what no text of any encoding does: control characters."""
    return len(head) >= BINARY and _controls(head) > 0.05 * len(head)


def _controls(head: bytes) -> int:
    return len(head) - len(head.translate(None, CONTROLS))


def _other_text(head: bytes) -> str:
    """Return the name of a format that is text with more than sentences in it, or nothing."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if len({match[1] for match in TALK.finditer(text)}) >= SEGMENTS:
        return "IWSLT's text with tags"
    if len(EUROPARL.findall(text)) >= 2:
        return "Europarl's text with tags"
    return next((name for name, pattern in OTHER_TEXT.items() if pattern.match(text)), "")


def _markup(head: bytes) -> str:
    """Return the name of a document format, or nothing."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    root = ROOT.match(PROLOGUE.sub(b"", text))
    if root and root[1].lower() in ROOTS:
        return ROOTS[root[1].lower()]
    if XML.match(text):
        return "XML"
    segments = [match[1].lower() for match in SEGMENT.finditer(text)]
    if len(segments) < (1 if TAG_LINE.match(text) else SEGMENTS):
        return ""
    return "SGML" if segments[0] == b"seg" else "XML"
