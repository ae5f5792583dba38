"""A run of before `text.normalization` goes on with the tokenizers that it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SET = ("--set", "training.max_steps=4", "--set", "training.save_every=2", "--set",
       "text.vocabulary=50", "--set", "model.hidden=8", "--set", "model.embedding=8",
       "--set", "training.validation_sentences=2", "--set", "decoding.beam=1",
       "--set", "decoding.max_extra=3")  # fmt: skip


def test_it_is_resumed_and_translates(
    cli: Callable[..., Any], corpus: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    done = cli("train", "demo-lstm", "--data", corpus, "--pair", "en-de", "--run", run, *SET,
               "--set", "text.tokenizer=unigram",
               "--set", "text.normalization=nmt_nfkc")  # fmt: skip
    assert done.code == 0, done.err
    tokenizers = [(run / f"{side}.model").read_bytes() for side in ("source", "target")]
    document = json.loads((run / "recipe.json").read_text())
    del document["recipe"]["text"]["normalization"], document["sha256"]
    (run / "recipe.json").write_text(json.dumps(document))
    done = cli("train", "--run", run, "--resume", "--set", "training.max_steps=6")
    assert done.code == 0, done.err
    assert "training from step 4 of 6" in done.err
    assert tokenizers == [(run / f"{side}.model").read_bytes() for side in ("source", "target")]
    assert cli("translate", run, "--input", corpus / "test.en").code == 0
