"""Noun phrases and pronouns: the pieces of a sentence, in both languages at once.

French stands in the underlying form of `french.spell`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seq2seq.data.demo.english import with_article
from seq2seq.data.demo.lexicon import Adjective, Noun, Word, lexicon


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase or a subject pronoun.

    `negated` is the French of a direct object of a negated verb (`pas de chat`), where it differs.
    """

    english: str
    french: str
    person: str = "3s"
    feminine: bool = False
    negated: str = ""
    kind: str = ""

    @property
    def plural(self) -> bool:
        """Tell the number."""
        return self.person.endswith("p")


@dataclass(frozen=True, slots=True)
class Clitic:
    """An object pronoun: it stands before the French verb, as `direct` or `indirect`."""

    english: str
    direct: str
    indirect: str
    feminine: bool = False
    plural: bool = False


SUBJECTS = {
    "I": Phrase("I", "je", "1s"),
    "he": Phrase("he", "il", "3s", kind="person"),
    "she": Phrase("she", "elle", "3s", feminine=True, kind="person"),
    "we": Phrase("we", "nous", "1p"),
    "you": Phrase("you", "vous", "2p"),
    "they": Phrase("they", "ils", "3p", kind="person"),
}
CLITICS = {
    "me": Clitic("me", "me", "me"),
    "him": Clitic("him", "le", "lui"),
    "her": Clitic("her", "la", "lui", feminine=True),
    "us": Clitic("us", "nous", "nous"),
    "you": Clitic("you", "vous", "vous"),
    "them": Clitic("them", "les", "leur", plural=True),
}
# Masculine, feminine, plural.
DETERMINERS = {
    "the": ("le", "la", "les"),
    "a": ("un", "une", "des"),
    "this": ("ce", "cette", "ces"),
    "my": ("mon", "ma", "mes"),
    "his": ("son", "sa", "ses"),
    "her": ("son", "sa", "ses"),
    "our": ("notre", "notre", "nos"),
    "your": ("votre", "votre", "vos"),
    "their": ("leur", "leur", "leurs"),
    "no": ("de", "de", "de"),
}
POSSESSIVES = ("my", "his", "her", "our", "your", "their")
BEFORE_VOWEL = {"ce": "cet", "ma": "mon", "sa": "son"}


def noun_phrase(
    noun: Noun,
    determiner: str = "the",
    *,
    plural: bool = False,
    adjectives: Sequence[Adjective] = (),
) -> Phrase:
    """Build determiner, adjectives and noun.

    `determiner` is a key of DETERMINERS, or "" for a bare noun: a quantity (`de la soupe`).
    A plural after "a" is written "some" in English.
    """
    assert not plural or noun.plural_english or noun.kind in ("body", "sport"), noun
    french_core = _french_core(noun, plural, adjectives)
    number = noun.plural_english if plural else noun.english
    english_core = " ".join([*(word.english for word in adjectives), number])
    negated = "de " + french_core if determiner in ("a", "") else ""
    return Phrase(
        english=_english_determined(determiner, plural, english_core),
        french=_french_determined(determiner, noun.feminine, plural, french_core, adjectives),
        person="3p" if plural else "3s",
        feminine=noun.feminine,
        negated=negated,
        kind=noun.kind,
    )


def counted(noun: Noun, number: Word, adjectives: Sequence[Adjective] = ()) -> Phrase:
    """Build a phrase with a number: `twenty-one white horses`."""
    plural = number.english != "one"
    form = number.french + "e" if noun.feminine and number.french.endswith("un") else number.french
    words = [*(word.english for word in adjectives)]
    return Phrase(
        english=" ".join([number.english, *words, noun.plural_english if plural else noun.english]),
        french=f"{form} {_french_core(noun, plural, adjectives)}",
        person="3p" if plural else "3s",
        feminine=noun.feminine,
        kind=noun.kind,
    )


def generic(noun: Noun) -> Phrase:
    """Build what has no plural as one likes or hates it: `cheese`, French `le fromage`."""
    article = DETERMINERS["the"][2 if noun.gender == "p" else noun.feminine]
    return Phrase(noun.english, f"{article} {noun.french}", "3s", noun.feminine, kind=noun.kind)


def named(name: Word) -> Phrase:
    """Build the phrase of a person's name."""
    return Phrase(name.english, name.french, "3s", name.feminine, kind="person")


def both(first: Phrase, second: Phrase) -> Phrase:
    """Join two phrases by `and`; the masculine prevails."""
    return Phrase(
        english=f"{first.english} and {second.english}",
        french=f"{first.french} et {second.french}",
        person="3p",
        feminine=first.feminine and second.feminine,
        kind=first.kind,
    )


def owned(thing: Noun, owner: Phrase, *, plural: bool = False) -> Phrase:
    """Build `Anne's dogs`, `the king's castle`: French turns it round. The owner is singular."""
    article = DETERMINERS["the"][2 if plural else thing.feminine]
    return Phrase(
        english=f"{owner.english}'s {thing.plural_english if plural else thing.english}",
        french=f"{article} {thing.plural_french if plural else thing.french} de {owner.french}",
        person="3p" if plural else "3s",
        feminine=thing.feminine,
        kind=thing.kind,
    )


def _french_core(noun: Noun, plural: bool, adjectives: Sequence[Adjective]) -> str:
    core = noun.plural_french if plural else noun.french
    for adjective in reversed(adjectives):
        form = adjective.form(noun.feminine, plural)
        if not adjective.before:
            core = f"{core} {form}"
            continue
        if not (noun.feminine or plural) and lexicon().opens_with_vowel(core):
            form = adjective.before_vowel
        core = f"{form} {core}"
    return core


def _english_determined(determiner: str, plural: bool, core: str) -> str:
    if determiner == "a":
        return "some " + core if plural else with_article(core)
    if determiner == "this" and plural:
        determiner = "these"
    return f"{determiner} {core}".lstrip()


def _french_determined(
    determiner: str, feminine: bool, plural: bool, core: str, adjectives: Sequence[Adjective]
) -> str:
    if determiner == "":
        return ("de la " if feminine else "de le ") + core
    form = DETERMINERS[determiner][2 if plural else feminine]
    if form == "des" and any(adjective.before for adjective in adjectives):
        form = "de"
    if lexicon().opens_with_vowel(core):
        form = BEFORE_VOWEL.get(form, form)
    return f"{form} {core}"
