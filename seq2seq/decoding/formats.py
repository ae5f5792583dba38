"""How translations are written: plain text, JSON lines, or the n-best format of Moses."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from seq2seq.decoding.translation import Translation

FormatName = Literal["text", "jsonl", "moses"]

LINE_BREAKS = {code: f"\\u{code:04x}" for code in (0x7F, 0x85, 0x2028, 0x2029)}


def as_text(place: int, source: str, found: Sequence[Translation]) -> str:
    """Return the best translation and LF."""
    return found[0].text + "\n"


def as_jsonl(place: int, source: str, found: Sequence[Translation]) -> str:
    """Return one JSON object on one line; `line` counts from 0."""
    value: dict[str, Any] = {"line": place, "source": source, **_fields(found[0])}
    if found[0].alignment is not None:
        value["source_pieces"] = found[0].source_pieces
    value["nbest"] = [_fields(one) for one in found]
    # JSON lets these stand as they are, but other programs take them for the end of a line.
    return json.dumps(value, ensure_ascii=False, allow_nan=False).translate(LINE_BREAKS) + "\n"


def _fields(one: Translation) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "translation": one.text,
        "score": one.score,
        "log_probability": one.log_probability,
        "pieces": one.pieces,
        "truncated": one.truncated,
        "lost": list(one.lost),
    }
    return fields if one.alignment is None else {**fields, "alignment": one.alignment}


def as_moses(place: int, source: str, found: Sequence[Translation]) -> str:
    """Return a line for each: `line ||| text ||| logprob= x ||| score`; lines count from 0."""
    return "".join(
        f"{place} ||| {one.text.replace('|||', '| | |')} ||| logprob= {one.log_probability:.6f} "
        f"||| {one.score:.6f}\n"
        for one in found
    )


FORMATS: dict[FormatName, Callable[[int, str, Sequence[Translation]], str]] = {
    "text": as_text,
    "jsonl": as_jsonl,
    "moses": as_moses,
}
