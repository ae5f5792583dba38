"""Where a model looked: coverage, alignments in the output, and words in place of `<unk>`."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest
import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.alignments import alignments, by_coverage
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.decoding.search import search
from seq2seq.decoding.stream import translate_stream
from seq2seq.decoding.translator import Translator
from seq2seq.decoding.unknown import read_dictionary
from seq2seq.errors import DataError, RecipeError
from seq2seq.text.words import train_words

SOURCES = [[5, 6], [6, 7, 8], [4, 4], [9], [11, 12, 13, 14, 15]]


@pytest.fixture
def looking(prefix_model):
    """Return a model that looks at a place by what it writes, and not at padding."""

    class Looking(prefix_model):
        def align(self, source, lengths, target):
            place = target % lengths[:, None]
            weights = torch.zeros(*target.shape, source.shape[1])
            weights += (torch.arange(source.shape[1]) < lengths[:, None])[:, None, :] * 0.01
            weights.scatter_(2, place[:, :, None], 1.0)
            return weights / weights.sum(2, keepdim=True)

    return Looking()


def expected_rows(model, source, target):
    lengths = torch.tensor([len(source) + 1])
    return model.align(torch.tensor([[*source, 3]]), lengths, torch.tensor([[2, *target]]))[0, :-1]


def test_pairs_come_in_order_without_padding(looking):
    pairs = [(source, [4 + n, 5, 6][: 1 + n % 3]) for n, source in enumerate(SOURCES)]
    for tokens in (1, 1000):
        for (source, target), found in zip(
            pairs, alignments(looking, pairs, tokens, "cpu"), strict=True
        ):
            assert found.shape == (len(target), len(source) + 1)
            torch.testing.assert_close(found, expected_rows(looking, source, target))


@pytest.mark.parametrize("penalty", [0.2, 1.0])
def test_coverage_is_its_formula(looking, penalty):
    plain = search(looking, SOURCES, DecodingConfig(beam=6, max_extra=4), nbest=6)
    decoding = DecodingConfig(beam=6, max_extra=4, coverage_penalty=penalty)
    found = search(looking, SOURCES, decoding, nbest=6)
    moved = 0
    for source, before, after in zip(SOURCES, plain, found, strict=True):
        scores = {}
        for one in before:
            seen = expected_rows(looking, source, one.tokens).sum(0)[:-1]
            bonus = sum(math.log(min(1.0, max(1e-6, float(each)))) for each in seen)
            scores[tuple(one.tokens)] = one.score + penalty * bonus
        assert [tuple(one.tokens) for one in after] == sorted(scores, key=lambda key: -scores[key])
        for one in after:
            assert one.score == pytest.approx(scores[tuple(one.tokens)], abs=1e-4)
        moved += [one.tokens for one in before] != [one.tokens for one in after]
        (best,) = search(looking, [source], decoding)[0]
        assert best.tokens == after[0].tokens  # nbest does not change the first
    assert moved


def test_no_coverage_without_attention():
    blind = SimpleNamespace(align=lambda *_: None, one_length_batches=False)
    with pytest.raises(RecipeError, match="coverage_penalty: this model has no attention"):
        by_coverage(blind, [[4]], [[Hypothesis([5], -1.0, -0.5)]], 1.0, 100, "cpu")


def jsonl(translator, *lines):
    out: list[bytes] = []
    translate_stream(translator, [[*lines]], out.append, form="jsonl", warn=print)
    return [json.loads(line) for line in b"".join(out).splitlines()]


def test_alignments_in_json_lines(looking, letters):
    translator = Translator(looking, letters, letters, DecodingConfig(max_input=4, max_extra=2))
    short, blank, long = jsonl(translator, b"abc", b" ", b"abc def")
    assert short["source_pieces"] == ["a", "b", "c", "</s>"]
    assert "alignment" not in blank
    assert len(long["source_pieces"]) == 8 and long["source_pieces"][3] == "</s>"
    for value in (short, long):
        assert len(value["alignment"]) == len(value["pieces"]) > 0
        assert all(0 <= place < len(value["source_pieces"]) for place in value["alignment"])
    (tokens,) = [own[0].tokens for own in search(looking, [[4, 5, 6]], translator.decoding)]
    best = expected_rows(looking, [4, 5, 6], tokens).argmax(1).tolist()
    assert short["alignment"] == best
    translator.decoding = translator.decoding.model_copy(update={"alignment": "weights"})
    whole = jsonl(translator, b"abc def")[0]
    for place, row in zip(long["alignment"], whole["alignment"], strict=True):
        assert len(row) == 8 and sum(row) == pytest.approx(1.0, abs=1e-3)
        assert row.index(max(row)) == place
    halves = [sum(row[:4]) for row in whole["alignment"]]
    assert {round(half) for half in halves} == {0, 1}
    translator.decoding = translator.decoding.model_copy(update={"alignment": "none"})
    assert "alignment" not in jsonl(translator, b"abc")[0]


class Copying:
    """Writes `<unk>` for each source word, looking at the words from the last to the first."""

    one_length_batches = False
    normalised = False

    def __init__(self, size):
        self.size = size

    def encode(self, source, lengths):
        fewer = lambda index: self.encode(None, lengths[index])  # noqa: E731
        return SimpleNamespace(lengths=lengths, select=fewer)

    def start(self, memory):
        return self.state(torch.zeros_like(memory.lengths))

    def state(self, written):
        return SimpleNamespace(written=written, select=lambda index: self.state(written[index]))

    def step(self, tokens, state, memory):
        over = state.written >= memory.lengths - 1
        logits = torch.full((len(tokens), self.size), -30.0)
        logits[torch.arange(len(tokens)), torch.where(over, 3, 1)] = 0.0
        return logits, self.state(state.written + 1)

    def align(self, source, lengths, target):
        place = (lengths[:, None] - 2 - torch.arange(target.shape[1])).clamp(min=0)
        return torch.zeros(*target.shape, source.shape[1]).scatter(2, place[:, :, None], 1.0)


@pytest.fixture
def words():
    source = train_words(["the the cat cat sat sat ."], "en", 7)
    target = train_words(["le le chat chat"], "fr", 6)
    return source, target


def over_words(words, **settings):
    model = Copying(words[1].size)
    decoding = DecodingConfig(beam=1, replace_unknown=True, **settings)
    return Translator(model, *words, decoding)


def test_unknown_words_are_copied_or_looked_up(words, tmp_path):
    text = "the Zanzibar cat purrs"
    assert over_words(words).translate([text]) == ["purrs cat Zanzibar the"]
    dictionary = tmp_path / "words.tsv"
    dictionary.write_text("cat\tchat\nzanzibar\tZanzibar-Ville\ncat\tmatou\n\n")
    found = over_words(words, dictionary=str(dictionary)).translate([text, "", "cat"])
    assert found == ["purrs chat Zanzibar-Ville the", "", "chat"]


def test_unknown_words_of_long_lines(words):
    text = "the Zanzibar cat purrs and sings"
    assert over_words(words, max_input=3).translate([text]) == ["cat Zanzibar the sings and purrs"]


def test_without_it_unknown_words_are_shown(words):
    translator = over_words(words)
    translator.decoding = DecodingConfig(beam=1)
    assert translator.translate(["the Zanzibar"]) == ["<unk> <unk>"]


def test_what_replacing_needs(words, letters, looking, tmp_path):
    decoding = DecodingConfig(beam=1, max_extra=2, replace_unknown=True)
    with pytest.raises(RecipeError, match="pieces of words, not <unk>"):
        Translator(looking, letters, letters, decoding).translate(["abc"])
    translator = over_words(words)
    translator.model.align = lambda *_: None
    with pytest.raises(RecipeError, match="replace_unknown: this model has no attention"):
        translator.translate(["the cat"])
    with pytest.raises(DataError, match="does not exist"):
        over_words(words, dictionary=str(tmp_path / "none")).translate(["the"])
    (tmp_path / "bytes").write_bytes(b"the\tle\ncat\t\xff\n")
    with pytest.raises(DataError, match="bytes, line 2: not UTF-8"):
        over_words(words, dictionary=str(tmp_path / "bytes")).translate(["the"])


@pytest.mark.parametrize("line", ["word", "a\tb\tc", "\tb", "a\t"])
def test_dictionaries_that_are_something_else(tmp_path, line):
    path = tmp_path / "dictionary"
    path.write_text(f"one\tun\n{line}\n")
    with pytest.raises(DataError, match="line 2: not a word, a tab and its translation"):
        read_dictionary(path)
