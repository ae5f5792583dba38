"""What is no plain text is named by its first bytes; what only looks like it is left alone."""

from __future__ import annotations

import lzma
import random
import struct

import pytest

from seq2seq.errors import DataError
from seq2seq.text.formats import HEAD, refuse_other_formats

ENGLISH = "".join(f"sentence number {number} of a text\n" for number in range(9))
CHINESE = "今天天气很好。\n我们去公园散步吧，好吗？\n" * 9
RUSSIAN = "Сегодня хорошая погода.\nМы идём в парк.\n" * 9
JAPANESE = "今日は天気がいいですね。\n" * 9
NOISE = random.Random(1).randbytes(HEAD)
SAFETENSORS = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'

OTHER = [
    (CHINESE.encode("utf-16-le"), "UTF-16LE"),
    (CHINESE.encode("utf-16-be"), "UTF-16BE"),
    (RUSSIAN.encode("utf-16-le"), "UTF-16LE"),
    (RUSSIAN.encode("utf-16-be")[:201], "UTF-16BE"),
    (CHINESE.encode("utf-32-le"), "UTF-32LE"),
    (ENGLISH.encode("utf-32-be"), "UTF-32BE"),
    (JAPANESE.encode("iso2022_jp"), "ISO-2022-JP"),
    (NOISE, "binary"),
    (lzma.compress(ENGLISH.encode(), format=lzma.FORMAT_ALONE), "LZMA"),
    (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + NOISE, "Microsoft Office"),
    (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument", "OpenDocument"),
    (struct.pack("<Q", len(SAFETENSORS)) + SAFETENSORS + NOISE[:4], "safetensors"),
    (b"%!PS-Adobe-3.0\n", "PostScript"),
    (b"\xde\x12\x04\x95" + bytes(24), "gettext MO"),
    (b'# German.\nmsgid ""\nmsgstr ""\n"Language: de\\n"\n', "gettext catalogue"),
    (b"1\r\n00:00:01,000 --> 00:00:04,000\r\nHello\r\n", "SubRip"),
    (b"WEBVTT\n\n00:01.000 --> 00:04.000\nHello\n", "WebVTT"),
    (b"<url>http://a.b</url>\n<keywords>a</keywords>\n<talkid>1</talkid>\nText.\n", "IWSLT"),
    (b'<CHAPTER ID=1>\nResumption\n<SPEAKER ID=1 NAME="President">\nI declare\n', "Europarl"),
    (b"<hl>\n<seg id=1> a </seg>\n</hl>\n", "SGML"),
    (b'<s id="1">a</s>\n<s id="2">b</s>\n<s id="3">c</s>\n', "XML"),
    (b"<!-- made by\nx > y -->\n<refset setid='a'>\n", "SGML"),
]


@pytest.mark.parametrize(("data", "kind"), OTHER, ids=[f"{kind}-{n}" for n, (_, kind)
                                                      in enumerate(OTHER)])  # fmt: skip
def test_it_is_named(data: bytes, kind: str) -> None:
    with pytest.raises(DataError, match=f"^file is .*{kind}"):
        refuse_other_formats(data[:HEAD], "file")


@pytest.mark.parametrize(
    "data",
    [
        ENGLISH.encode(),
        CHINESE.encode(),
        CHINESE.encode()[:HEAD][:-1],  # a character is cut
        CHINESE.encode("gbk"),  # told line by line, as invalid UTF-8
        JAPANESE.encode("shift_jis"),
        RUSSIAN.encode("koi8-r"),
        "Übergrößenträger für Männer\n".encode("latin-1") * 20,
        b"\x1b[31mred\x1b[0m\n" * 50,
        b"a\x00b c\x00d\n" + ENGLISH.encode() * 3,
        b"<b>Save</b>\n<b>Open</b>\n<b>Close</b>\n<p>Quit</p>\n",
        b"<url> is <keywords>\n<title>a</title>\n",
        b"1\n00:30 --> later\n",
        b"WEBVTT is a format\nof subtitles\n",
        b'msgid "x"\n',
        b"a\tb\n" * 99,
        b'{"en": "a", "de": "b"}\n' * 9,
        b"",
    ],
)
def test_text_is_read(data: bytes) -> None:
    refuse_other_formats(data, "file")
