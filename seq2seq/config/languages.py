"""Language codes as people write them: en, zh-Hans, pt_BR, zho_Hans, sr-Latn-RS."""

from __future__ import annotations

import re
from pathlib import Path

THREE_LETTERS = {  # ISO 639-3, as of FLORES and NLLB, of languages that have rules of their own
    "arb": "ar", "asm": "as", "ben": "bn", "cat": "ca", "ces": "cs", "dan": "da", "deu": "de",
    "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fin": "fi", "fra": "fr", "gle": "ga",
    "guj": "gu", "hin": "hi", "hun": "hu", "isl": "is", "ita": "it", "jpn": "ja", "kan": "kn",
    "khm": "km", "kor": "ko", "lao": "lo", "lit": "lt", "lvs": "lv", "mal": "ml", "mar": "mr",
    "mya": "my", "nld": "nl", "ory": "or", "pan": "pa", "pes": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es", "swe": "sv", "tam": "ta",
    "tel": "te", "tha": "th", "tur": "tr", "ukr": "uk", "vie": "vi", "yue": "yue", "zho": "zh",
}  # fmt: skip


def base_language(code: str) -> str:
    """Return the language of a code, without script and region, in two letters where it has them.

    zh-Hans and zho_Hans are zh, pt_BR is pt.
    """
    base = code.replace("_", "-").partition("-")[0].lower()
    return THREE_LETTERS.get(base, base)

CODE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")  # what may be one: german, too
# A language, a script, a region, variants: as BCP 47 recommends to write them, and in any case.
TAG = r"[a-z]{2,3}([-_][A-Z][a-z]{3})?([-_]([A-Z]{2}|[0-9]{3}))?([-_][a-z0-9]{5,8})*"
WRITTEN_WELL, IN_ANY_CASE = re.compile(TAG), re.compile(TAG, re.IGNORECASE)
EXAMPLE = "two languages such as en-fr, en-zh-Hans or en:pt-br"


def split_pair(pair: str) -> tuple[str, str]:
    """Return the two languages of a pair: en-fr, en:zh-Hans, en-zh-Hans, sr-Latn-RS-en.

    Raises:
        ValueError: it is no pair, or one with two readings (en-pt-br); the message says so.
    """
    readings = pair_readings(pair)
    if not readings:
        raise ValueError(f"should be {EXAMPLE}, but is {pair[:60]!r}")
    if len(readings) > 1:
        listed = " or ".join(f"{source}:{target}" for source, target in readings)
        raise ValueError(f"{pair!r} can be read in {len(readings)} ways, write {listed}")
    return readings[0]


def checked_pair(pair: str) -> str:
    """Return a pair as it is; raises ValueError as `split_pair` does."""
    split_pair(pair)
    return pair


def pair_readings(pair: str) -> list[tuple[str, str]]:
    """Return the languages of a pair in each way that it can be read.

    A colon divides it, or its only hyphen, or else the hyphen with a code on both sides: zh-Hans is
    one, Hans is none. en-pt-br could be en-pt and br, which is Breton, but en-pt-BR could not.
    """
    if len(pair) > 99:
        return []
    divided = [
        (pair[: sign.start()], pair[sign.end() :])
        for sign in re.finditer(":" if ":" in pair else "-", pair)
    ]
    possible = [sides for sides in divided if all(map(CODE.fullmatch, sides))]
    if len(divided) <= 1:
        return possible
    for code in (WRITTEN_WELL, IN_ANY_CASE):
        sensible = [sides for sides in possible if all(map(code.fullmatch, sides))]
        if sensible:
            return sensible
    return []


def decided_pair(pair: str, folder: Path) -> str:
    """Return a pair with a colon where only the files of a folder tell how it is to be read."""
    readings = pair_readings(pair)
    there = [sides for sides in readings if all(_has_files(folder, code) for code in sides)]
    if len(readings) > 1 and len(there) == 1:
        return ":".join(there[0])
    return pair


def _has_files(folder: Path, code: str) -> bool:
    return any(any(folder.glob(f"*.{code}{packed}")) for packed in ("", ".gz"))
