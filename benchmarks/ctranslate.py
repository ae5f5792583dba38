"""Time CTranslate2 on an exported model: prints sentences a second as JSON, and may keep what it wrote.

    python benchmarks/ctranslate.py FOLDER --source test.en --beam 5 [--output FILE]

FOLDER is of `seq2seq export --to ctranslate2`. Two workers with a thread each is CTranslate2's fastest way on two cores;
the first pass over the text does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import ctranslate2
import sentencepiece

BATCH = 64  # sentences


def main() -> None:
    """Read the command line, translate, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--kind", default="int8", help="of the numbers: int8, float32")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    translator = ctranslate2.Translator(
        str(given.folder), compute_type=given.kind, inter_threads=os.cpu_count(), intra_threads=1
    )
    source, target = (
        sentencepiece.SentencePieceProcessor(model_file=str(given.folder / f"{side}.model"))
        for side in ("source", "target")
    )
    texts = given.source.read_text(encoding="utf-8").split("\n")[:-1]
    for _ in range(2):
        began = time.perf_counter()
        pieces = source.encode(texts, out_type=str)
        found = translator.translate_batch(pieces, beam_size=given.beam, max_batch_size=BATCH)
        written = target.decode([one.hypotheses[0] for one in found])
        seconds = time.perf_counter() - began
    if given.output:
        given.output.write_text("".join(line + "\n" for line in written), encoding="utf-8")
    print(json.dumps({"sentences_per_second": len(texts) / seconds}))


if __name__ == "__main__":
    main()
