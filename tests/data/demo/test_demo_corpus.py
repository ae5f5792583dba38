from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.data.demo import (
    PHENOMENA,
    DemoCorpus,
    demo_corpus,
    dictionary,
    examples,
    lemma_count,
    word_for_word,
)
from seq2seq.data.demo.lexicon import lexicon

WORD = re.compile(r"'s\b|o'clock|\w+(?:-\w+)*")
VOWEL = "[aeiouâàéèêîôœ]"
# What French never writes. `le onze`, `la hache` and the like are right: they begin otherwise.
FORBIDDEN = {
    "contraction": r"\b([Dd]e|[Àà]) (le|les)\b(?! \w+(er|ir|re)\b)",
    "elision": rf"\b([Ll][ae]|[DdNnJjMm]e|[Qq]ue) (?!onze){VOWEL}",
    "elision of mute h": r"\b([Ll][ae]|[DdNnJj]e|[Qq]ue) (homm|hôte|hôpi|hist|huil|hor|hab)",
    "elided before aspirated h": r"'(hach|hamster|hérisson|hér|hibou|homard|huit|onze)",
    "masculine before a vowel": rf"\b([Cc]e|([Uu]n|[LlCc]e|\w+on) (beau|vieux|nouveau)) {VOWEL}",
    "feminine before a vowel": rf"\b([MmSs]a) {VOWEL}",
    "spaces": r"  |^ | $| [.?,']|' ",
    "article before an adjective": r"\bdes (petit|grand|beaux|bel|vie|nouve|jeune|bon|mauvais)",
}


@pytest.fixture(scope="module")
def corpus() -> DemoCorpus:
    return demo_corpus(train=8000)


def test_lemmas() -> None:
    assert lemma_count() >= 300


def test_same_seed_same_corpus(corpus: DemoCorpus) -> None:
    again = demo_corpus(train=100)
    assert again.test == corpus.test and again.valid == corpus.valid
    assert again.train == corpus.train[:100]
    assert demo_corpus(seed=2, train=100).test != corpus.test


def test_sizes(corpus: DemoCorpus) -> None:
    assert (len(corpus.train), len(corpus.valid), len(corpus.test)) == (8000, 300, 600)


def test_no_sentence_occurs_twice(corpus: DemoCorpus) -> None:
    pairs = [*corpus.train, *corpus.valid, *corpus.test]
    assert len({pair.source for pair in pairs}) == len(pairs)
    assert len({pair.target for pair in pairs}) == len(pairs)


def test_phenomena_are_even(corpus: DemoCorpus) -> None:
    counts = Counter(pair.phenomenon for pair in corpus.test)
    assert set(counts) == set(PHENOMENA)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_dictionary_is_not_enough(corpus: DemoCorpus) -> None:
    words = [word_for_word(pair.source) for pair in corpus.test]
    score = sacrebleu.corpus_bleu(words, [[pair.target for pair in corpus.test]]).score
    assert 20 < score < 40


def test_dictionary_covers_the_corpus(corpus: DemoCorpus) -> None:
    words = dictionary()
    for pair in corpus.train:
        assert all(token in words for token in WORD.findall(pair.source.lower())), pair.source


def test_dictionary_is_lower_case() -> None:
    assert all(word == word.lower() for word in dictionary())


def test_no_lemma_is_rare(corpus: DemoCorpus) -> None:
    # At least 50 occurrences in 20,000 pairs, less what chance takes away from a smaller sample.
    words = lexicon()
    counts = Counter(word for pair in corpus.train for word in WORD.findall(pair.source.lower()))
    forms: list[tuple[str, ...]] = [(name.english,) for name in words.names]
    forms += [(noun.english, noun.plural_english) for noun in words.nouns.values()]
    forms += [(entry.english, entry.comparative) for entry in words.adjectives.values()]
    forms += [(verb.english, verb.third, verb.past) for verb in words.verbs.values()]
    forms += [(word.split()[-1],) for section in words.words.values() for word in section]
    for lemma in forms:
        found = sum(counts[form.split()[0].lower()] for form in {*lemma} if form)
        assert found >= 15, lemma


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_french_spelling(corpus: DemoCorpus, rule: str) -> None:
    pattern = re.compile(FORBIDDEN[rule])
    assert [pair.target for pair in corpus.train if pattern.search(pair.target)] == []


def test_english_spelling(corpus: DemoCorpus) -> None:
    pattern = re.compile(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiouAEIOU]|  | [.?]|\b(not|never) \w* ?some\b")
    assert [pair.source for pair in corpus.train if pattern.search(pair.source)] == []


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6))
def test_sentences_of_any_seed_are_well_formed(seed: int) -> None:
    translations: dict[str, str] = {}
    for pair in islice(examples(seed), 300):
        for side in (pair.source, pair.target):
            assert side[0].isupper() and side[-1] in ".?" and "  " not in side
        assert pair.source[-1] == pair.target[-1]
        assert 2 <= len(pair.source.split()) <= 14
        translations[pair.source] = pair.target


def test_one_english_sentence_has_one_translation() -> None:
    # Across seeds the same sentences come up again; their translations must agree.
    translations: dict[str, str] = {}
    for seed in range(3):
        for pair in islice(examples(seed), 3000):
            assert translations.setdefault(pair.source, pair.target) == pair.target
    assert len(translations) < 9000
