"""Sentences about who does what: negation, questions, pronouns, tenses, relative clauses."""

from __future__ import annotations

from dataclasses import replace

from seq2seq.data.demo.clauses import (
    Clause,
    Negation,
    Sentence,
    Tense,
    being,
    joined,
    negated,
    question,
    statement,
)
from seq2seq.data.demo.describing import DESCRIBED, PERSON, predicate
from seq2seq.data.demo.draw import THIRD, Draw
from seq2seq.data.demo.lexicon import Verb, Word
from seq2seq.data.demo.phrases import CLITICS, Phrase, noun_phrase

MODAL_TENSES: tuple[Tense, ...] = ("future", "future", "want", "can", "must")
SAME = {"I": ("me", "us"), "we": ("me", "us"), "you": ("you",)}
WHEN_WHERE_WHY = (Word("when", "quand"), Word("where", "où"), Word("why", "pourquoi"))
WHAT = Word("what", "que")  # with est-ce que: qu'est-ce que
WHO = Phrase("who", "qui")


def negation(draw: Draw) -> Sentence:
    """The boy does not eat any apples. / Le garçon ne mange pas de pommes."""
    word: Negation = "not" if draw.chance(0.65) else "never"
    if draw.chance(0.25):
        subject = draw.subject(THIRD)
        if draw.chance(0.4):
            return being(subject, draw.word("states"), negation=word, has=True)
        noun = draw.noun(DESCRIBED)
        subject = draw.definite(noun)
        return being(subject, predicate(draw, noun, subject), negation=word)
    return statement(negated(draw.clause(), word))


def asked(draw: Draw) -> Sentence:
    """What does Anne eat? / Qu'est-ce qu'Anne mange?"""
    dice = draw.random.random()
    if dice < 0.2:
        noun = draw.noun(DESCRIBED)
        subject = draw.definite(noun)
        if draw.chance(0.4):
            noun, subject = PERSON, draw.subject(THIRD)
            subject = subject if subject.kind == "person" else draw.name()
        return being(subject, predicate(draw, noun, subject), asked=True)
    if dice < 0.45:
        return question(draw.clause())
    if dice < 0.6:
        opening = draw.any(WHEN_WHERE_WHY)
        verb = draw.verb(lambda verb: not (verb.takes or verb.placed))
        return question(Clause(draw.agent(verb), verb), opening)
    if dice < 0.7:
        noun = draw.noun(("person", "kin", "animal", "thing", "clothing", "opening", "food"))
        place = draw.definite(noun, plural=bool(noun.plural_english) and draw.chance(0.25))
        be, etre = ("are", "sont") if place.plural else ("is", "est")
        return Sentence(f"where {be} {place.english}", f"où {etre} {place.french}", "?")
    if dice < 0.8:
        clause = draw.clause()
        return replace(statement(replace(clause, subject=WHO)), mark="?")
    verb = draw.transitive(lambda verb: not verb.prep and not verb.state)
    if dice < 0.9:
        subject = draw.subject()
        whats = {"person", "kin"}.isdisjoint(verb.takes)
        return question(Clause(subject, verb), WHAT) if whats else asked(draw)
    noun = draw.noun(verb.takes)
    if not noun.plural_english or noun.kind == "kin":
        return asked(draw)
    many = Word(f"how many {noun.plural_english}", f"combien de {noun.plural_french}")
    return question(Clause(draw.subject(), verb), many)


def object_pronoun(draw: Draw) -> Sentence:
    """Paul does not know her. / Paul ne la connaît pas."""
    verb = draw.transitive(
        lambda verb: (
            not {"person", "kin"}.isdisjoint(verb.takes)
            and verb.prep in ("", "à")
            and verb.english != "think of"
        )
    )
    subject = draw.agent(verb)
    them = [name for name in CLITICS if name not in SAME.get(subject.english, ())]
    clitic = CLITICS[draw.any(them)]
    dice = draw.random.random()
    clause = Clause(subject, verb, clitic=clitic)
    if dice < 0.2:
        clause = negated(clause, draw.any(("not", "not", "never")))
    elif dice < 0.3:
        return question(clause)
    elif dice < 0.6 and not verb.state:
        clause = replace(clause, tense=draw.any(("future", "want", "can", "must")))
    elif dice < 0.8 and not verb.state and clitic.english in ("him", "her", "them"):
        clause = replace(clause, tense="past")
    elif dice < 0.9 and not verb.state:
        clause = replace(clause, adverb=draw.word("frequency"))
    return statement(clause)


def past(draw: Draw) -> Sentence:
    """Anne arrived yesterday. / Anne est arrivée hier."""

    def happens(verb: Verb) -> bool:
        return bool(verb.past) and not verb.state and not verb.placed

    yesterday = draw.lexicon.words["endings"]["yesterday"] if draw.chance(0.25) else None
    etre = draw.chance(0.2)
    verb = draw.verb(lambda verb: happens(verb) and (verb.with_etre or not etre))
    pronouns = THIRD if verb.with_etre else ("I", "you", "we", *THIRD)
    complement = draw.object_of(verb) if verb.takes else None
    clause = Clause(draw.agent(verb, pronouns), verb, complement, tense="past", tail=yesterday)
    dice = draw.random.random()
    if dice < 0.15:
        clause = negated(clause, draw.any(("not", "never")))
    elif dice < 0.25:
        return question(clause)
    return statement(clause)


def infinitive(draw: Draw) -> Sentence:
    """The dog is going to eat the meat. / Le chien va manger la viande."""
    verb = draw.verb(lambda verb: not (verb.state or verb.placed))
    modal: Tense = draw.any(MODAL_TENSES)
    if verb.mishap:
        modal = "future"
    complement = draw.object_of(verb) if verb.takes else None
    tomorrow = modal == "future" and draw.chance(0.3)
    clause = Clause(
        draw.agent(verb),
        verb,
        complement,
        tense=modal,
        tail=draw.lexicon.words["endings"]["tomorrow"] if tomorrow else None,
    )
    dice = draw.random.random()
    if dice < 0.12 and modal != "must":
        return statement(negated(clause, "not"))
    if dice < 0.24 and modal != "must":
        return question(clause)
    return statement(clause)


def relative(draw: Draw) -> Sentence:
    """The book that Anne reads is old. / Le livre qu'Anne lit est vieux."""
    if draw.chance(0.5):
        return _subject_relative(draw)
    verb = draw.transitive(lambda verb: not verb.prep)
    noun = draw.noun(verb.takes)
    if noun.kind == "kin":
        return relative(draw)
    head = noun_phrase(noun, plural=bool(noun.plural_english) and draw.chance(0.3))
    inner = statement(Clause(draw.lightly(), verb))
    modified = replace(
        head,
        english=f"{head.english} that {inner.english}",
        french=f"{head.french} que {inner.french}",
    )
    if draw.chance(0.5):
        return being(modified, predicate(draw, noun, head))
    outer = draw.transitive(lambda other: noun.kind in other.takes and other is not verb)
    return statement(Clause(draw.lightly(), outer, modified))


def _subject_relative(draw: Draw) -> Sentence:
    noun = draw.noun(("person",))
    head = noun_phrase(noun, plural=draw.chance(0.3))
    verb = draw.verb(lambda verb: not verb.placed)
    who = replace(head, english="who", french="qui")
    inner = statement(Clause(who, verb, draw.object_of(verb) if verb.takes else None))
    modified = replace(
        head,
        english=joined(head.english, inner.english),
        french=joined(head.french, inner.french),
    )
    if draw.chance(0.5):
        return being(modified, predicate(draw, noun, head))
    outer = draw.transitive(lambda other: "person" in other.takes)
    return statement(Clause(draw.lightly(), outer, modified))
