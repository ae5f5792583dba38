"""The demo, at a size that learns nothing: its story is whole, and its last line is for scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.data import demo as embedded
from seq2seq.data.demo import DemoCorpus, demo_corpus
from seq2seq.decoding.translation import Translation
from seq2seq.experiments import demo as module

SMALL = [
    "data.limit=200", "training.max_steps=3", "training.validate_every=3",
    "training.validation_sentences=2", "model.hidden=8", "model.embedding=8", "model.layers=1",
    "text.vocabulary=[60, 60]", "decoding.beam=1", "decoding.max_ratio=1.0", "decoding.max_extra=1",
]  # fmt: skip


@pytest.fixture(scope="module")
def few() -> DemoCorpus:
    return demo_corpus(train=300, valid=12, test=40)


def test_the_demo(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: DemoCorpus
) -> None:
    monkeypatch.setattr(module, "demo_corpus", lambda **sizes: few)
    monkeypatch.setattr(embedded, "demo_corpus", lambda **sizes: few)  # where training looks
    changes = [part for change in SMALL for part in ("--set", change)]
    arguments = ["demo", "--run", tmp_path / "demo", "--device", "cpu", "--quiet", *changes]
    done = cli(*arguments)
    assert done.code == 0, done.err
    *lines, last = done.out.splitlines()
    assert re.fullmatch(r"demo: BLEU \d+\.\d, dictionary \d+\.\d", last)
    dictionary = float(last.rpartition(" ")[2])
    assert 0 < dictionary < 60
    assert any(line.startswith("BLEU signature: nrefs:1|") for line in lines)
    for phenomenon in {example.phenomenon for example in few.test}:
        assert any(line.startswith(phenomenon) for line in lines)
    again = cli(*arguments)
    assert again.code == 0 and again.out == done.out  # the run is found finished, and scored again


def test_what_is_scored(monkeypatch: pytest.MonkeyPatch, few: DemoCorpus) -> None:
    """A model that knows everything beside the dictionary, which does not."""

    class Oracle:
        def nbest(self, texts: list[str], *rest: Any, **options: Any) -> list[list[Translation]]:
            known = {example.source: example.target for example in few.test}
            return [[Translation(known[text], 0.0, 0.0, [])] for text in texts]

    monkeypatch.setattr(module, "demo_corpus", lambda **sizes: few)
    monkeypatch.setattr(module.Translator, "load", lambda run, device: Oracle())
    result = module.score_demo(Path("anywhere"), device="cpu", note=pytest.fail)
    assert result.model.value == pytest.approx(100.0)
    assert result.dictionary.value < 60
    assert sum(each.sentences for each in result.phenomena) == len(few.test)
    assert all(each.model == pytest.approx(100.0) for each in result.phenomena)
    assert all(text == example.target for example, text in result.translations)
