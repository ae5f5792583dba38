from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from seq2seq.config.schema import DecodingConfig, Recipe
from seq2seq.decoding import joining
from seq2seq.decoding import translator as module
from seq2seq.decoding.translator import Translator
from seq2seq.documents import signed
from seq2seq.errors import ModelError, RecipeError, UsageError
from seq2seq.models.narrow import Narrow


def test_order_and_blanks(echo):
    texts = ["abc", "", "p", "\u00a0 \u3000", "abcdefgh", "a b"]
    translator = echo()
    assert translator.translate(texts) == ["abc", "", "p", "", "abcdefgh", "ab"]
    assert sum(map(len, translator.model.sources)) == 4


def test_blank_texts_do_not_reach_the_model(echo):
    translator = echo()
    assert translator.translate(["", " "]) == ["", ""]
    assert translator.translate([]) == []
    assert translator.model.sources == []


def test_equal_texts_are_translated_once(echo):
    translator = echo()
    assert translator.translate(["abc"] * 1000) == ["abc"] * 1000
    assert sum(map(len, translator.model.sources)) == 1


def test_long_texts_come_back_whole(echo):
    notes = []
    found = echo().translate(["ab", "abc def ghi jkl", "cd"], lambda *note: notes.append(note))
    assert found == ["ab", "abcdef ghijkl", "cd"]
    assert notes == [(1, "longer than 8 pieces, translated in 2 parts")]


def test_neighbours_of_a_long_text_are_batched_as_if_it_were_not_there(echo):
    with_long, without = echo(), echo()
    with_long.translate(["ab", "abc def ghi jkl", "cdef"], lambda *note: None)
    without.translate(["ab", "", "cdef"])
    assert with_long.model.sources[0].tolist() == without.model.sources[0].tolist()


def test_splitting_is_told_as_a_python_warning(echo):
    with pytest.warns(UserWarning, match="text 1: longer than 8 pieces"):
        echo().translate(["a", "a" * 20])


def test_chunks_do_not_change_the_places(echo, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 3)
    texts = ["a", "b", "c", "dd", "e" * 20, "ff", "g"]
    notes = []
    found = echo().translate(texts, lambda place, message: notes.append(place))
    assert [text.replace(" ", "") for text in found] == texts
    assert notes == [4]


def test_nbest(echo, prefix_model, letters):
    translator = echo(prefix_model(), max_extra=3, beam=6)
    found = translator.nbest(["abc", "", "fg"], 6)
    assert [len(own) for own in found] == [6, 1, 6]
    assert found[1][0].text == "" and found[1][0].score == 0.0
    for own in (found[0], found[2]):
        assert [one.score for one in own] == sorted((one.score for one in own), reverse=True)
        assert len({tuple(one.pieces) for one in own}) == 6
        assert all(one.text == "".join(one.pieces) for one in own)
    ids = [letters.id_of(piece) for piece in found[0][0].pieces]
    expected = prefix_model().score([4, 5, 6, 3], ids)
    assert found[0][0].log_probability == pytest.approx(expected, rel=1e-4)
    assert translator.translate(["abc", "fg"]) == [found[0][0].text, found[2][0].text]


def test_nbest_of_a_long_text_joins_hypotheses_of_a_rank(echo, prefix_model):
    translator = echo(prefix_model(), max_extra=3, beam=4, max_input=3)
    (joined,) = translator.nbest(["abc def"], 4, lambda *note: None)
    first, second = (translator.nbest([part], 4)[0] for part in ("abc", "def"))
    for both, one, other in zip(joined, first, second, strict=True):
        assert both.pieces == one.pieces + other.pieces
        assert both.log_probability == pytest.approx(one.log_probability + other.log_probability)
        symbols = len(both.pieces) + 2
        assert both.score == pytest.approx(both.log_probability / symbols)


@pytest.mark.parametrize("n", [0, 6])
def test_nbest_beyond_the_beam(echo, n):
    with pytest.raises(UsageError, match="beam of 5"):
        echo().nbest(["a"], n)


def test_one_string_is_a_mistake(echo):
    with pytest.raises(UsageError, match="list of texts"):
        echo().translate("abc")


def test_output_is_one_line_whatever_the_model_says(echo, letters):
    class Unruly(type(letters)):
        def decode(self, rows):
            return ["a\nb\u2028c\r\x85d\0e" for _ in rows]

    (found,) = echo(tokenizer=Unruly()).translate(["abc"])
    assert found.splitlines() == [found] and "\0" not in found
    assert found.split() == ["a", "b", "c", "d", "e"]


class Together:
    """An ensemble that only counts its members."""

    def __init__(self, models):
        self.count = len(models)


@pytest.fixture
def runs(monkeypatch, letters, prefix_model):
    """Stand-ins for run directories, by name."""
    other = type(letters)()
    other.digest = "other"
    recipe = Recipe(decoding=DecodingConfig(beam=3))

    def bundle(target):
        model = type("Model", (), {"one_length_batches": False})()
        return SimpleNamespace(
            model=model, source=letters, target=target, recipe=recipe, usual_source=30
        )

    known = {"one": bundle(letters), "two": bundle(letters), "other": bundle(other)}
    monkeypatch.setattr(joining, "load_bundle", lambda path, device: known[Path(path).name])
    monkeypatch.setattr(joining, "Ensemble", Together)
    return known


def test_load(runs):
    translator = Translator.load("one", device="cpu")
    assert translator.model is runs["one"].model
    assert translator.decoding.beam == 3 and translator.device == "cpu"
    assert translator.usual_source == 30
    assert Translator.load(["runs/one", Path("two")]).model.count == 2


def test_load_with_other_settings(runs):
    changed = Translator.load("one", decoding={"beam": 1}).decoding
    assert (changed.beam, changed.max_input) == (1, DecodingConfig().max_input)
    assert Translator.load("one", decoding=DecodingConfig(beam=7)).decoding.beam == 7
    with pytest.raises(RecipeError, match="beem"):
        Translator.load("one", decoding={"beem": 1})
    with pytest.raises(RecipeError, match="beam"):
        Translator.load("one", decoding={"beam": 0})


def test_load_refuses_what_does_not_fit(runs):
    with pytest.raises(ModelError, match="other and one have different target tokenizers"):
        Translator.load(["one", "other"])
    with pytest.raises(UsageError, match="no run directory"):
        Translator.load([])


def test_no_warnings_for_usual_texts(echo):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        echo().translate(["abc", ""])


@pytest.mark.parametrize(
    ("trained", "fast", "deterministic", "narrow"),
    [
        ("auto", True, False, True),
        ("bfloat16", True, False, True),
        ("auto", False, False, False),
        ("bfloat16", False, False, False),
        ("float32", True, False, False),
        ("auto", True, True, False),
    ],
)
def test_products_are_narrow_where_that_is_faster_and_nothing_forbids_it(
    tiny_run, tmp_path, monkeypatch, trained, fast, deterministic, narrow
):
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    document = json.loads((run / "recipe.json").read_text())
    document["recipe"]["training"]["precision"] = trained
    (run / "recipe.json").write_text(json.dumps(signed(document)))
    searched = []

    def search(model, *arguments, **settings):
        searched.append(model)
        return real(model, *arguments, **settings)

    real = module.search
    monkeypatch.setattr(module, "search", search)
    monkeypatch.setattr(module, "has_fast_bfloat16", lambda device: fast)
    translator = Translator.load(run, "cpu", {"deterministic": deterministic})
    texts = ["a man reads", "two dogs"]
    found = translator.translate(texts)
    assert translator.translate(texts) == found
    assert all(isinstance(model, Narrow) is narrow for model in searched)
    assert searched[2] is searched[0]  # the matrices are turned once
    assert {weight.dtype for weight in translator.model.parameters()} == {torch.float32}
