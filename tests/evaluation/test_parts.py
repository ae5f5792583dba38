"""Where a difference comes from: lengths, frequencies, n-grams, content, sentences, looks."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from seq2seq.decoding.translation import Translation
from seq2seq.evaluation.buckets import (
    FREQUENCIES,
    WordAccuracy,
    by_length,
    count_words,
    frequency_name,
    length_groups,
    word_accuracy,
)
from seq2seq.evaluation.differences import content, most_different, ngram_differences
from seq2seq.evaluation.looks import word_looks
from seq2seq.metrics.statistics import statistics


def split(*lines: str) -> list[list[str]]:
    return [line.split() for line in lines]


def test_every_sentence_is_in_one_group_of_its_length() -> None:
    sentences = [["word"] * length for length in (1, 9, 2, 2, 3, 30, 4, 5, 5, 5, 7)]
    groups = length_groups(sentences)
    places = np.concatenate([group.places for group in groups])
    assert sorted(places) == list(range(len(sentences)))
    for group in groups:
        lengths = {len(sentences[place]) for place in group.places}
        assert (min(lengths), max(lengths)) == (group.shortest, group.longest)
    assert all(one.longest < other.shortest for one, other in pairwise(groups))


def test_sentences_of_one_length_are_one_group() -> None:
    (group,) = length_groups([["a", "b"]] * 4)
    assert (group.shortest, group.longest, len(group.places)) == (2, 2, 4)
    assert group.name == "2"


def test_a_groups_score_is_that_of_its_sentences() -> None:
    texts = ["a b c d", "a b c d e f g h", "x b c d", "a b c d e f y h"]
    wanted = ["a b c d", "a b c d e f g h", "a b c d", "a b c d e f g h"]
    groups = length_groups([line.split() for line in wanted])
    counted = statistics(texts, [wanted], tokenize="none")["BLEU"]
    short = statistics([texts[0], texts[2]], [[wanted[0], wanted[2]]], tokenize="none")["BLEU"]
    assert by_length(groups, counted)[0] == short.score().value


def test_words_by_how_often_they_were_seen() -> None:
    training = count_words(split("the dog", "the cat", "the the"))
    assert training == Counter(the=4, dog=1, cat=1)
    found = word_accuracy(split("the dog dog"), split("the cow dog"), training)
    assert len(found) == len(FREQUENCIES)
    assert found[0] == WordAccuracy(0, 0, 1)  # cow
    assert found[1] == WordAccuracy(1, 2, 1)  # dog
    assert found[2] == WordAccuracy(1, 1, 1)  # the
    assert found[1].f1 == pytest.approx(200 / 3)
    assert found[5].f1 == 0.0


def test_names_of_frequencies() -> None:
    names = [frequency_name(number) for number in range(len(FREQUENCIES))]
    assert names[0] == "unknown"
    assert names[1] == "1"
    assert names[2] == "2 to 4"
    assert names[-1] == "1,000 and more"


def test_ngrams_that_one_gets() -> None:
    more, less = ngram_differences(
        split("a red dog", "the house"), split("a big dog", "the big house"),
        split("a big dog", "the house"),
    )  # fmt: skip
    assert [(one.words, one.baseline, one.system) for one in more] == [
        (("a", "big", "dog"), 0, 1), (("a", "big"), 0, 1), (("big", "dog"), 0, 1), (("big",), 0, 1),
    ]  # fmt: skip
    assert [one.words for one in less] == [("the", "house")]


def test_an_ngram_counts_as_often_as_the_reference_has_it() -> None:
    more, less = ngram_differences(split("a"), split("a a a"), split("a a"))
    assert [(one.words, one.baseline, one.system) for one in more] == [
        (("a", "a"), 0, 1), (("a",), 1, 2)
    ]  # fmt: skip
    assert less == []


def test_content_that_is_repeated_and_missing() -> None:
    found = content(split("the the dog dog dog"), split("the the dog cat"))
    assert found.repeated == 2 / 5
    assert found.missing == 1 / 4
    assert content([[]], [[]]).repeated == 0.0


def test_where_the_sentences_differ_most() -> None:
    won, lost = most_different([10.0, 50.0, 30.0, 20.0], [40.0, 50.0, 10.0, 19.0])
    assert (won, lost) == ([0], [2, 3])


def looked(text: str, pieces: str, source: str, best: list[int]) -> Translation:
    return Translation(text, 0.0, 0.0, pieces.split(), source.split(), best)


def test_looks_are_of_words() -> None:
    one = looked("Der Hund", "▁De r ▁Hund", "▁The ▁do g </s>", [0, 0, 2])
    assert word_looks("The dog", one) == [[0], [1]]
    one = looked("Der Hund", "▁De r ▁Hund", "▁The ▁do g </s>", [0, 1, 3])
    assert word_looks("The dog", one) == [[0, 1], []]


@pytest.mark.parametrize(
    ("text", "pieces", "source", "read"),
    [
        ("Der Hund", "▁Der", "▁The ▁dog </s>", "The dog"),  # fewer words than the text has
        ("Der", "▁Der", "▁The </s>", "The dog"),
        ("Der", "Der", "The </s>", "The"),  # whole words, with no mark of their own
    ],
)
def test_pieces_that_are_not_the_words_tell_nothing(
    text: str, pieces: str, source: str, read: str
) -> None:
    assert word_looks(read, looked(text, pieces, source, [0])) is None


def test_no_attention_no_looks() -> None:
    assert word_looks("The dog", Translation("Der Hund", 0.0, 0.0, ["▁Der", "▁Hund"])) is None
    assert word_looks("", Translation("", 0.0, 0.0, [])) is None


def test_words_are_parted_by_any_space() -> None:
    """As a browser parts them: French writes a no-break space before a colon."""
    pieces = ["▁oui", "\xa0", ":", "▁", "m", "²", "▁x\xa0", "y", "▁z", "\u3000w"]
    text, best = "oui\xa0: m² x\xa0y z\u3000w", list(range(10))
    one = Translation(text, 0.0, 0.0, pieces, [*pieces, "</s>"], best)
    assert word_looks(text, one) == [[0], [1], [2], [3], [4], [5], [6]]
