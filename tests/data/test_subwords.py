"""Sampled segmentations: the same text each epoch, cut otherwise; asked again, the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seq2seq.config.schema import Recipe
from seq2seq.data.prepare import Prepared, prepare

Make = Callable[..., Recipe]
SETTINGS = [
    {"text__tokenizer": "unigram", "training__subword_sampling": 0.2},
    {"text__tokenizer": "bpe", "training__subword_sampling": 0.1},
    {"text__tokenizer": "unigram", "text__joint": False, "training__subword_sampling": 0.02},
]


@pytest.fixture(params=SETTINGS, ids=["unigram", "bpe", "separate"])
def prepared(tiny_recipe: Make, own_cache: Path, request: Any) -> Prepared:
    return prepare(tiny_recipe(model__tie="none", **request.param), own_cache)


def rows(batch: Any) -> list[tuple[list[int], list[int]]]:
    return [
        (source[: length - 1].tolist(), labels[labels > 0][:-1].tolist())
        for source, length, labels in zip(batch.source, batch.lengths, batch.labels, strict=True)
    ]


def test_an_epoch_holds_the_same_text(prepared: Prepared) -> None:
    everything = np.arange(len(prepared.train))
    for epoch in (0, 1):
        sampled = rows(prepared.epoch(1, epoch).gather(everything))
        for index, (source, target) in enumerate(sampled):
            own_source, own_target = prepared.train.pair(index)
            assert prepared.source.decode([source]) == prepared.source.decode([own_source])
            assert prepared.target.decode([target]) == prepared.target.decode([own_target])


def test_epochs_and_seeds_differ_and_are_repeatable(prepared: Prepared) -> None:
    everything = np.arange(len(prepared.train))
    one, same, epoch, seed = (
        rows(prepared.epoch(*key).gather(everything)) for key in ((1, 0), (1, 0), (1, 1), (2, 0))
    )
    assert one == same
    assert one != epoch
    assert one != seed


def test_lengths_and_batches_agree(prepared: Prepared) -> None:
    corpus = prepared.epoch(1, 3)
    some = np.array([7, 0, 19, 7])
    batch = corpus.gather(some)
    assert batch.indices.tolist() == some.tolist()
    assert [len(source) for source, _ in rows(batch)] == corpus.source_lengths[some].tolist()
    assert [len(target) for _, target in rows(batch)] == corpus.target_lengths[some].tolist()
    assert rows(batch)[0] == rows(batch)[3] == rows(corpus.gather(np.array([7])))[0]
    assert len(corpus) == len(prepared.train)


def test_the_same_word_is_cut_in_several_ways(prepared: Prepared) -> None:
    everything = np.arange(len(prepared.train))
    alone = rows(prepared.train.gather(everything))
    share = np.mean(
        [a != b for a, b in zip(rows(prepared.epoch(1, 0).gather(everything)), alone, strict=True)]
    )
    assert share > 0.2


def test_a_second_start_finds_the_table(
    tiny_recipe: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_recipe(training__subword_sampling=0.2)
    first = prepare(recipe, tmp_path).epoch(1, 0).gather(np.arange(20))
    monkeypatch.setattr("seq2seq.data.prepare.build_words", None)
    again = prepare(recipe, tmp_path).epoch(1, 0).gather(np.arange(20))
    assert rows(first) == rows(again)


def test_a_damaged_table_is_made_again(tiny_recipe: Make, tmp_path: Path) -> None:
    recipe = tiny_recipe(training__subword_sampling=0.2)
    first = prepare(recipe, tmp_path).epoch(1, 0).gather(np.arange(20))
    (pieces,) = tmp_path.glob("segmentations/*/pieces")
    pieces.write_bytes(pieces.read_bytes()[:-4])
    again = prepare(recipe, tmp_path).epoch(1, 0).gather(np.arange(20))
    assert rows(first) == rows(again)


def test_unknown_characters_stay_as_they_are(tiny_recipe: Make, own_cache: Path) -> None:
    prepared = prepare(tiny_recipe(), own_cache)
    word = tuple(prepared.source.encode(["字"])[0])
    assert 1 in word
    drawn = prepared.source.segmentations([word], 4, 0.2, 1)  # type: ignore[attr-defined]
    assert drawn == [[word] * 4]


def test_words_have_no_pieces(tiny_recipe: Make, cli: Any, corpus: Path) -> None:
    with pytest.raises(ValueError, match="words have no pieces"):
        tiny_recipe(text__tokenizer="words", training__subword_sampling=0.1, model__tie="none")
    done = cli(
        "train", "--data", corpus, "--pair", "en-de", "--set", "text.tokenizer=words",
        "--set", "training.subword_sampling=0.1", "--set", "model.tie=none",
    )  # fmt: skip
    assert done.code == 4
    assert "training.subword_sampling" in done.err
