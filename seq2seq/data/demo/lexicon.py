"""The words of the demo corpus: `lexicon.toml`, read once and inflected."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from seq2seq.data.demo import english, french

SECTIONS = (
    *("numbers", "towns", "countries", "prepositions", "frequency"),
    *("endings", "degrees", "states", "weather"),
)
UNCOUNTED = ("dish", "drink", "sport", "body", "site")


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is not inflected, or only in gender (a name, a country)."""

    english: str
    french: str
    feminine: bool = False


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun; `plural_english` is empty where the grammar uses no plural."""

    english: str
    plural_english: str
    french: str
    plural_french: str
    gender: str
    kind: str

    @property
    def feminine(self) -> bool:
        """Tell the gender."""
        return self.gender == "f"


@dataclass(frozen=True, slots=True)
class Adjective:
    """An adjective with its four French forms (masculine, feminine, and their plurals)."""

    english: str
    comparative: str
    forms: tuple[str, str, str, str]
    before_vowel: str
    before: bool
    use: str
    compared: bool
    of: frozenset[str]

    def suits(self, noun: Noun) -> bool:
        """Tell whether the adjective makes sense of `noun`."""
        return noun.kind in self.of or noun.english in self.of

    def form(self, feminine: bool, plural: bool) -> str:
        """Return the French form."""
        return self.forms[feminine + 2 * plural]


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb; `present` maps the persons of `french.PERSONS` to forms."""

    english: str
    third: str
    past: str
    infinitive: str
    present: dict[str, str]
    participle: str
    with_etre: bool
    prep: str
    takes: tuple[str, ...]
    animals: bool
    state: bool
    mishap: bool

    @property
    def placed(self) -> bool:
        """Tell whether the verb never stands alone: it wants a place, or a game."""
        return self.english in ("play", "live", "go", "come")


@dataclass(frozen=True)
class Lexicon:
    """All words; `words` holds the uninflected ones by section."""

    nouns: dict[str, Noun]
    adjectives: dict[str, Adjective]
    verbs: dict[str, Verb]
    names: tuple[Word, ...]
    words: dict[str, dict[str, Word]]
    aspirated: tuple[str, ...]

    def spell(self, text: str) -> str:
        """Write the underlying French `text` with its elisions and contractions."""
        return french.spell(text, self.aspirated)

    def opens_with_vowel(self, word: str) -> bool:
        """Tell whether a French word before `word` elides."""
        return french.opens_with_vowel(word, self.aspirated)

    def size(self) -> int:
        """Count the lemmas: distinct English dictionary words, function words not included."""
        listed = {word for section in self.words.values() for word in section}
        names = {name.english for name in self.names}
        return len(listed | names | {*self.nouns} | {*self.adjectives} | {*self.verbs})


@cache
def lexicon() -> Lexicon:
    """Read the lexicon that is shipped beside this file."""
    file = resources.files(__package__).joinpath("lexicon.toml")
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    plurals = table["english_plurals"]
    return Lexicon(
        nouns={
            word: _noun(word, entry, kind, plurals)
            for kind, section in table["nouns"].items()
            for word, entry in section.items()
        },
        adjectives={word: _adjective(word, entry) for word, entry in table["adjectives"].items()},
        verbs={word: _verb(word, entry) for word, entry in table["verbs"].items()},
        names=tuple(
            Word(name, name, feminine=gender == "f")
            for gender, names in table["names"].items()
            for name in names
        ),
        words={
            section: {word: _word(word, entry) for word, entry in table[section].items()}
            for section in SECTIONS
        },
        aspirated=tuple(table["aspirated"]),
    )


def _word(word: str, entry: str) -> Word:
    for gender in (" f", " m"):
        if entry.endswith(gender):
            return Word(word, entry.removesuffix(gender), feminine=gender == " f")
    return Word(word, entry)


def _noun(word: str, entry: str, kind: str, plurals: dict[str, str]) -> Noun:
    singular, gender, *irregular = entry.split()
    regular = "" if kind in UNCOUNTED else english.plural(word)
    return Noun(
        english=word,
        plural_english=plurals.get(word, regular),
        french=singular,
        plural_french=irregular[0] if irregular else french.plural(singular),
        gender=gender,
        kind=kind,
    )


def _adjective(word: str, entry: dict[str, Any]) -> Adjective:
    forms = french.adjective_forms(entry["fr"])
    return Adjective(
        english=word,
        comparative=english.comparative(word, entry.get("er", "")),
        forms=forms,
        before_vowel=entry.get("vowel", forms[0]),
        before=entry.get("before", False),
        use=entry.get("use", ""),
        compared=not entry.get("no", False),
        of=frozenset(entry["of"]),
    )


def _verb(word: str, entry: dict[str, Any]) -> Verb:
    infinitive = entry["fr"]
    regular = french.first_group(infinitive, entry.get("stem", ""))
    *present, participle = entry["forms"].split() if "forms" in entry else regular
    return Verb(
        english=word,
        third=english.third_person(word),
        past=entry.get("past", english.past(word)),
        infinitive=infinitive,
        present=dict(zip(french.PERSONS, present, strict=True)),
        participle=participle,
        with_etre=entry.get("etre", False),
        prep=entry.get("prep", ""),
        takes=tuple(entry.get("takes", ())),
        animals=entry.get("animals", False),
        state=entry.get("state", False),
        mishap=entry.get("mishap", False),
    )
