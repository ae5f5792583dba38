"""JSON and TOML from strangers, read with suspicion: nowhere else are they parsed."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from typing import Any

DEEPEST = 50  # levels of nesting; ours have up to 5
LARGEST_INTEGER = 1 << 63  # larger ones overflow in torch, numpy and time functions


def parse_json(data: bytes | str) -> Any:
    """Return the value of one JSON document.

    Raises:
        ValueError: in one line, for text that is not JSON or not UTF-8, for nesting that exhausts
            the parser, duplicate keys, numbers that are not finite, integers beyond 64 bits, and
            strings with half a surrogate pair, which no file can be written with.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_table,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
        if text.count("[") + text.count("{") > DEEPEST:
            _check(value)
        if "\\u" in text:  # raw text is valid UTF-8 already: only an escape can spell a surrogate
            # U+DC80 to U+DCFF pass: they are how Python spells a file name that is not UTF-8.
            json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start})") from None
    except UnicodeEncodeError:
        raise ValueError("a string holds half a surrogate pair") from None
    return value


def parse_table(data: bytes | str) -> dict[str, Any]:
    """Return the value of a JSON document that is an object; a ValueError for any other."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def parse_toml(data: bytes | str) -> dict[str, Any]:
    """Return the values of a TOML document.

    Raises:
        ValueError: in one line, for text that is not TOML or not UTF-8, for nesting that exhausts
            the parser, and integers beyond 64 bits.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        values = tomllib.loads(text)
        _check(values)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start})") from None
    except ValueError as error:  # Python converts no integer of more than 4,300 digits
        if "integer string conversion" in str(error):
            raise ValueError("an integer is too large") from None
        raise
    return values


def _check(value: Any, depth: int = 0) -> None:
    """Raise a ValueError for nesting that later code could not copy, and for huge integers."""
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    if type(value) is int and abs(value) >= LARGEST_INTEGER:
        raise ValueError(f"{hex(value)[:20]}... is too large for an integer")
    if isinstance(value, dict):
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        _check(item, depth + 1)


def is_number(value: object) -> bool:
    """Whether a JSON value is an integer or a float; true and false are neither."""
    return type(value) in (int, float)


def signed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the SHA-256 of its values under "sha256"."""
    return {**document, "sha256": digest_of_values(document)}


def digest_of_values(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document's values, "sha256" itself left aside.

    It is that of the shortest JSON with sorted keys, so that another layout has the same sum.
    """
    values = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice")
    return table


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= LARGEST_INTEGER:
        raise ValueError(f"{text[:20]}... is too large for an integer")
    return int(text)
