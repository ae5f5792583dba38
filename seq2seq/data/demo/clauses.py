"""Clauses: verb, negation, question and word order, in both languages.

English builds questions and negations with `do`; French wraps the finite verb in `ne ... pas`, puts
pronouns before the verb and asks with `est-ce que`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from seq2seq.data.demo.french import agree
from seq2seq.data.demo.lexicon import Verb, Word, lexicon
from seq2seq.data.demo.phrases import Clitic, Phrase

Tense = Literal["present", "past", "future", "want", "can", "must"]
Negation = Literal["", "not", "never"]

ETRE = {"1s": "suis", "3s": "est", "1p": "sommes", "2p": "êtes", "3p": "sont"}
AVOIR = {"1s": "ai", "3s": "a", "1p": "avons", "2p": "avez", "3p": "ont"}
WAS = {"1s": "étais", "3s": "était", "1p": "étions", "2p": "étiez", "3p": "étaient"}
HAD = {"1s": "avais", "3s": "avait", "1p": "avions", "2p": "aviez", "3p": "avaient"}
MODALS: dict[str, dict[str, str]] = {
    "future": {"1s": "vais", "3s": "va", "1p": "allons", "2p": "allez", "3p": "vont"},
    "want": {"1s": "veux", "3s": "veut", "1p": "voulons", "2p": "voulez", "3p": "veulent"},
    "can": {"1s": "peux", "3s": "peut", "1p": "pouvons", "2p": "pouvez", "3p": "peuvent"},
    "must": {"1s": "dois", "3s": "doit", "1p": "devons", "2p": "devez", "3p": "doivent"},
}
BE = {"1s": "am", "3s": "is", "1p": "are", "2p": "are", "3p": "are"}
BE_PAST = {"1s": "was", "3s": "was", "1p": "were", "2p": "were", "3p": "were"}
NEGATIVES = {"": "", "not": "pas", "never": "jamais"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in two languages; French in the underlying form, not capitalised yet."""

    english: str
    french: str
    mark: str = "."

    def written(self) -> tuple[str, str]:
        """Return both sides as they are written."""
        french = lexicon().spell(self.french)
        return (
            self.english[0].upper() + self.english[1:] + self.mark,
            french[0].upper() + french[1:] + self.mark,
        )


@dataclass(frozen=True, slots=True)
class Clause:
    """A subject and what it does."""

    subject: Phrase
    verb: Verb
    object: Phrase | None = None
    clitic: Clitic | None = None
    tense: Tense = "present"
    negation: Negation = ""
    adverb: Word | None = None
    tail: Phrase | Word | None = None


def joined(*parts: str) -> str:
    """Join the parts that are there."""
    return " ".join(part for part in parts if part)


def statement(clause: Clause) -> Sentence:
    """Build the clause as a statement."""
    return Sentence(_english(clause, asked=False), _french(clause))


def question(clause: Clause, opening: Word | None = None) -> Sentence:
    """Build the clause as a question, after a question word where `opening` is one."""
    asked = joined("est-ce que", _french(clause))
    english = _english(clause, asked=True)
    if opening is None:
        return Sentence(english, asked, "?")
    return Sentence(f"{opening.english} {english}", f"{opening.french} {asked}", "?")


def negated(clause: Clause, word: Negation) -> Clause:
    """Negate `clause` by `word`; English then has `any` for `some`."""
    thing = clause.object
    if thing and thing.english.startswith("some "):
        thing = replace(thing, english="any " + thing.english.removeprefix("some "))
    return replace(clause, object=thing, negation=word)


def being(
    subject: Phrase,
    complement: Word | Phrase,
    *,
    past: bool = False,
    negation: Negation = "",
    adverb: Word | None = None,
    asked: bool = False,
    has: bool = False,
) -> Sentence:
    """Build a sentence with `be`; in French with être, or with avoir if `has` (`avoir faim`)."""
    be = (BE_PAST if past else BE)[subject.person]
    english_middle = joined(negation, adverb.english if adverb else "", complement.english)
    forms = (HAD if past else AVOIR) if has else (WAS if past else ETRE)
    french = joined(
        subject.french,
        *_negated(forms[subject.person], negation),
        adverb.french if adverb else "",
        complement.french,
    )
    if asked:
        asked_english = joined(be, subject.english, english_middle)
        return Sentence(asked_english, joined("est-ce que", french), "?")
    return Sentence(joined(subject.english, be, english_middle), french)


def _negated(finite: str, negation: Negation) -> tuple[str, ...]:
    return ("ne", finite, NEGATIVES[negation]) if negation else (finite,)


def _english(clause: Clause, asked: bool) -> str:
    auxiliary, main = _english_verb(clause, supported=asked or clause.negation == "not")
    negation: str = clause.negation
    if auxiliary == "can" and negation == "not":
        auxiliary, negation = "cannot", ""
    opening = (auxiliary, clause.subject.english) if asked else (clause.subject.english, auxiliary)
    return joined(
        *opening,
        negation,
        clause.adverb.english if clause.adverb else "",
        main,
        clause.clitic.english if clause.clitic else "",
        clause.object.english if clause.object else "",
        clause.tail.english if clause.tail else "",
    )


def _english_verb(clause: Clause, supported: bool) -> tuple[str, str]:
    """Return auxiliary (or "") and main verb; `supported` asks for one with `do`."""
    verb, third = clause.verb, clause.subject.person == "3s"
    match clause.tense:
        case "future":
            return BE[clause.subject.person], f"going to {verb.english}"
        case "can" | "must":
            return clause.tense, verb.english
        case "want":
            base, finite = f"want to {verb.english}", f"wants to {verb.english}"
        case "past" if not supported:
            return "", verb.past
        case _:
            base, finite = verb.english, verb.third
    if supported:
        do = "did" if clause.tense == "past" else "does" if third else "do"
        return do, base
    return "", finite if third else base


def _french(clause: Clause) -> str:
    clitic = ""
    if clause.clitic:
        clitic = clause.clitic.indirect if clause.verb.prep else clause.clitic.direct
    finite, rest = _french_verb(clause)
    if rest and clause.tense != "past":
        rest = joined(clitic, rest)
    else:
        finite = joined(clitic, finite)
    complement = ""
    if clause.object:
        direct = clause.negation and not clause.verb.prep
        complement = (direct and clause.object.negated) or clause.object.french
    return joined(
        clause.subject.french,
        *_negated(finite, clause.negation),
        clause.adverb.french if clause.adverb else "",
        rest,
        clause.verb.prep if complement else "",
        complement,
        clause.tail.french if clause.tail else "",
    )


def _french_verb(clause: Clause) -> tuple[str, str]:
    """Return the finite verb and the participle or infinitive behind it (or "")."""
    verb, subject = clause.verb, clause.subject
    if clause.tense == "present":
        return verb.present[subject.person], ""
    if clause.tense != "past":
        return MODALS[clause.tense][subject.person], verb.infinitive
    if verb.with_etre:
        return ETRE[subject.person], agree(verb.participle, subject.feminine, subject.plural)
    participle = verb.participle
    if clause.clitic and not verb.prep:
        participle = agree(participle, clause.clitic.feminine, clause.clitic.plural)
    return AVOIR[subject.person], participle
