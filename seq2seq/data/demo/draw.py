"""Draws words and phrases at random, so evenly that no word of the lexicon is too rare to learn."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from seq2seq.data.demo.clauses import Clause, Tense
from seq2seq.data.demo.lexicon import Adjective, Noun, Verb, Word, lexicon
from seq2seq.data.demo.phrases import (
    POSSESSIVES,
    SUBJECTS,
    Phrase,
    generic,
    named,
    noun_phrase,
)

Entry = TypeVar("Entry", Noun, Verb, Adjective, Word)
T = TypeVar("T")
THIRD = ("he", "she", "they")


class Draw:
    """A source of words: seeded, and of two random candidates takes the one used less so far."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"demo corpus {seed}")
        self.lexicon = lexicon()
        self.used: Counter[str] = Counter()
        self.nouns: dict[str, list[Noun]] = {}
        for noun in self.lexicon.nouns.values():
            self.nouns.setdefault(noun.kind, []).append(noun)
            self.nouns[noun.english] = [noun]

    def pick(self, entries: Sequence[Entry]) -> Entry:
        """Draw one entry of the lexicon."""
        first, second = self.any(entries), self.any(entries)
        chosen = first if self.used[first.english] <= self.used[second.english] else second
        self.used[chosen.english] += 1
        return chosen

    def any(self, options: Sequence[T]) -> T:
        """Draw one of `options`, each as likely."""
        return options[int(self.random.random() * len(options))]

    def chance(self, probability: float) -> bool:
        """Return True with `probability`."""
        return self.random.random() < probability

    def word(self, section: str) -> Word:
        """Draw an uninflected word of a section of the lexicon."""
        return self.pick(tuple(self.lexicon.words[section].values()))

    def noun(self, kinds: Iterable[str], plural: bool = False) -> Noun:
        """Draw a noun of one of `kinds` (or of these names); with a plural if `plural`."""
        nouns = [noun for kind in kinds for noun in self.nouns[kind]]
        return self.pick([noun for noun in nouns if noun.plural_english] if plural else nouns)

    def verb(self, wanted: Callable[[Verb], bool]) -> Verb:
        """Draw a verb for which `wanted` holds."""
        return self.pick([verb for verb in self.lexicon.verbs.values() if wanted(verb)])

    def adjective(self, noun: Noun, wanted: Callable[[Adjective], bool]) -> Adjective | None:
        """Draw an adjective that suits `noun` and for which `wanted` holds, if there is any."""
        suited = [
            adjective
            for adjective in self.lexicon.adjectives.values()
            if adjective.suits(noun) and wanted(adjective)
        ]
        return self.pick(suited) if suited else None

    def name(self) -> Phrase:
        """Draw a person's name."""
        return named(self.pick(self.lexicon.names))

    def definite(self, noun: Noun, plural: bool = False) -> Phrase:
        """Put a definite determiner before `noun`; kin belong to somebody."""
        if noun.kind == "kin":
            return noun_phrase(noun, self.any(POSSESSIVES), plural=plural)
        determiner = self.any(("the", "the", "the", "this", *POSSESSIVES[:2]))
        if noun.kind in ("building", "site", "animal", "person") and determiner in POSSESSIVES:
            determiner = "the"
        return noun_phrase(noun, determiner, plural=plural)

    def person(self, plural: bool = False) -> Phrase:
        """Draw a person as a noun phrase."""
        kinds = ("person", "person", "kin")
        return self.definite(self.noun(kinds, plural), plural)

    def lightly(self, pronouns: Sequence[str] = tuple(SUBJECTS)) -> Phrase:
        """Draw a subject of one word, for sentences that are long without it."""
        return self.name() if self.chance(0.4) else SUBJECTS[self.any(pronouns)]

    def tense(self, verb: Verb) -> Tense:
        """Draw present or, at times, past."""
        return "past" if verb.past and not verb.state and self.chance(0.2) else "present"

    def subject(self, pronouns: Sequence[str] = tuple(SUBJECTS), plurals: float = 0.2) -> Phrase:
        """Draw a person as subject: a name, one of `pronouns`, or a noun phrase."""
        dice = self.random.random()
        if dice < 0.25:
            return self.name()
        if dice < 0.65 and pronouns:
            return SUBJECTS[self.any(pronouns)]
        return self.person(plural=self.chance(plurals))

    def agent(self, verb: Verb, pronouns: Sequence[str] = tuple(SUBJECTS)) -> Phrase:
        """Draw somebody, or an animal, who can do `verb`."""
        if verb.animals and self.chance(0.45):
            plural = self.chance(0.2)
            return noun_phrase(self.noun(("animal",)), plural=plural)
        return self.subject(pronouns)

    def object_of(self, verb: Verb) -> Phrase:
        """Draw an object for `verb`."""
        noun = self.noun(verb.takes)
        if verb.english in ("like", "hate"):
            if self.chance(0.25):
                noun = self.noun(("sport",))
            if noun.kind in ("dish", "drink", "sport"):
                return generic(noun)
        if verb.prep or (verb.state and verb.english != "have"):
            return self.definite(noun, plural=bool(noun.plural_english) and self.chance(0.2))
        if not noun.plural_english:
            return (
                self.definite(noun)
                if noun.kind == "kin"
                else noun_phrase(noun, self.any(("the", "")))
            )
        plural = self.chance(0.2)
        if noun.kind == "kin" or (verb.english != "have" and self.chance(0.6)):
            return self.definite(noun, plural)
        return noun_phrase(noun, "a", plural=plural)

    def transitive(self, wanted: Callable[[Verb], bool] = lambda verb: True) -> Verb:
        """Draw a verb with an object."""
        return self.verb(lambda verb: bool(verb.takes) and wanted(verb))

    def clause(self, state: bool = True) -> Clause:
        """Draw a plain clause in the present, with or without an object; `state`: all verbs."""
        verb = self.verb(lambda verb: not verb.placed and (state or not verb.state))
        complement = self.object_of(verb) if verb.takes else None
        return Clause(self.agent(verb), verb, complement)
