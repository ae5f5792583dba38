"""What a source has and a model hardly knows is copied, or told, also where bytes spell it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seq2seq.config.schema import Recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_recipe: Callable[..., Recipe]) -> Path:
    from seq2seq.training.run import train

    run = tmp_path_factory.mktemp("bytes") / "run"
    events: Iterator[Any] = train(
        tiny_recipe(text__vocabulary=700), run, device="cpu", command="seq2seq train"
    )
    for _ in events:
        pass
    return run


def test_an_emoji_that_is_missing_is_told(
    cli: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.en").write_text("one two\nthree 😀 four 李\n")
    done = cli("translate", run, "--input", tmp_path / "in.en", "--format", "jsonl")
    assert done.code == 0
    records = [json.loads(line) for line in done.out.splitlines()]
    assert [record["nbest"][0]["lost"] for record in records] == [[], ["😀", "李"]]
    assert "its translation lacks (line 2): 😀 李" in done.err


def test_an_export_with_bytes_translates_as_the_original(
    cli: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ctranslate2")
    import importlib.util

    from seq2seq import Translator

    done = cli("export", run, "--to", "ctranslate2", tmp_path / "out.ct2")
    assert done.code == 0, done.err
    place = tmp_path / "out.ct2" / "translator.py"
    spec = importlib.util.spec_from_file_location("exported_translator", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    exported = module.Translator(str(tmp_path / "out.ct2"), inter_threads=1)
    texts = ["one 😀 two", "m² three\tfour", "five\u2028six ▁", "\u200b"]
    with pytest.warns(UserWarning):
        original = Translator.load(run, device="cpu").translate(texts)
    assert exported.translate(texts) == original
