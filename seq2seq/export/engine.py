"""Translates with an exported model as seq2seq does: long lines in parts, within length limits.

An exported folder holds this file, behind `splitting.py` and `characters.py` of `seq2seq/text`, as
`translator.py`, which needs ctranslate2 and sentencepiece and no seq2seq.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seq2seq.text.characters import has_text
from seq2seq.text.splitting import LONG_TEXT, join, sentences, split

BREAKS = re.compile("[\x00\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]+")
LONGEST_TEXT = 1_000_000  # characters; what is beyond is cut off


class Translator:
    """An exported model with its tokenizers; `options` go to `ctranslate2.Translator`."""

    def __init__(self, folder: str, **options: Any) -> None:
        import ctranslate2
        import sentencepiece

        self.settings = json.loads((Path(folder) / "decoding.json").read_text(encoding="utf-8"))
        self.engine = ctranslate2.Translator(folder, **options)
        self.source, self.target = (
            sentencepiece.SentencePieceProcessor(model_file=str(Path(folder) / f"{side}.model"))
            for side in ("source", "target")
        )

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Return one line of translation for each text; a blank one for a blank text."""
        parts = [self.parts(text) for text in texts]
        distinct = sorted({part for text in parts for part in text}, key=len)
        lengths: dict[int, list[tuple[str, ...]]] = {}
        for part in distinct:
            lengths.setdefault(len(part), []).append(part)
        translated: dict[tuple[str, ...], str] = {}
        for length, group in lengths.items():
            rows = self.search(group, int(self.settings["max_ratio"] * length))
            translated.update(zip(group, rows, strict=True))
        return [
            re.sub(" {2,}", " ", BREAKS.sub(" ", join([translated[part] for part in text]))).strip()
            for text in parts
        ]

    def search(self, sources: Sequence[tuple[str, ...]], limit: int) -> list[str]:
        """Return translations of sources of one length, of `limit` and `max_extra` pieces."""
        found = self.engine.translate_batch(
            [list(source) for source in sources],
            beam_size=self.settings["beam"],
            length_penalty=self.settings["length_penalty"],
            no_repeat_ngram_size=self.settings["no_repeat_ngram"],
            max_decoding_length=limit + self.settings["max_extra"],
            min_decoding_length=0,
            max_input_length=0,  # nothing is cut off silently: parts have at most `max_input`
            max_batch_size=1024,
            batch_type="tokens",
        )
        texts: list[str] = self.target.decode([result.hypotheses[0] for result in found])
        return texts

    def parts(self, text: str) -> list[tuple[str, ...]]:
        """Return the pieces of a text in parts, as `seq2seq translate` makes them."""
        longest = self.settings["max_input"]
        usual = min(self.settings["usual_source"] or longest, longest)
        text = text[:LONGEST_TEXT].replace("\x00", " ")
        text = text.encode("utf-8", errors="surrogatepass").decode("utf-8", errors="replace")
        if not has_text(text):
            return []
        rows = self.encode([text]) if len(text) <= LONG_TEXT else [[""] * (longest + 1)]
        size = len(rows[0])
        if size > usual and (size > longest or len(sentences(text)) > 1):
            rows = self.encode(split(text, self.encode, usual, longest))
        return [
            tuple(pieces[start : start + longest])
            for pieces in rows
            for start in range(0, len(pieces), longest)
        ]

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the pieces of each text; there are none where there is nothing to see."""
        seen = [text if has_text(text) else "" for text in texts]
        rows: list[list[str]] = self.source.encode(seen, out_type=str)
        return rows
