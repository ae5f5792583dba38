"""Finished pieces of an experiment, kept as JSON by the hash of all that they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from seq2seq.documents import parse_table
from seq2seq.files import replace_file

Value = TypeVar("Value")


class Pieces:
    """A folder of pieces; each appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def once(self, kind: str, depends_on: Any, make: Callable[[], Value]) -> Value:
        """Return what was made of this kind from the same things, or make and keep it."""
        text = json.dumps(depends_on, sort_keys=True, ensure_ascii=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        path = self.folder / f"{kind}-{key}.json"
        try:
            return cast(Value, parse_table(path.read_bytes())["value"])
        except (OSError, ValueError, KeyError, TypeError):
            value = make()
            replace_file(path, json.dumps({"of": depends_on, "value": value}).encode())
            return value
