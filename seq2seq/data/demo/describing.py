"""Sentences about what something is like: agreement, adjectives, comparison, possession."""

from __future__ import annotations

from dataclasses import replace

from seq2seq.data.demo.clauses import Clause, Sentence, being, statement
from seq2seq.data.demo.draw import THIRD, Draw
from seq2seq.data.demo.lexicon import Adjective, Noun, Word
from seq2seq.data.demo.phrases import (
    POSSESSIVES,
    SUBJECTS,
    Phrase,
    both,
    counted,
    noun_phrase,
    owned,
)

PERSON = Noun("person", "", "", "", "m", "person")  # stands for names and pronouns
DESCRIBED = (
    *("person", "person", "kin", "animal", "thing", "thing", "furniture", "clothing", "text"),
    *("opening", "vehicle", "food", "dish", "drink", "building", "building", "site"),
)
OWNED = ("animal", "thing", "furniture", "clothing", "vehicle", "text")


def predicate(draw: Draw, noun: Noun, subject: Phrase) -> Word:
    """Draw what `subject`, whose noun is `noun`, is: an adjective, at times with a degree."""
    adjective = draw.adjective(noun, lambda word: word.use != "noun")
    assert adjective is not None, noun
    form = adjective.form(subject.feminine, subject.plural)
    gradable = adjective.compared or adjective.before
    if not (gradable and draw.chance(0.5)):
        return Word(adjective.english, form)
    degree = draw.word("degrees")
    return Word(f"{degree.english} {adjective.english}", f"{degree.french} {form}")


def attributes(draw: Draw, noun: Noun, most: int = 1) -> tuple[Adjective, ...]:
    """Draw up to `most` (1 or 2) adjectives, those that precede the French noun first."""

    def placed(before: bool) -> list[Adjective]:
        found = draw.adjective(noun, lambda word: word.use != "is" and word.before == before)
        return [found] if found else []

    if most > 1:
        return (*placed(True), *placed(False))
    before = draw.chance(0.5)
    return tuple(placed(before) or placed(not before))


def gender(draw: Draw) -> Sentence:
    """The house is very old. / La maison est très vieille."""
    if draw.chance(0.25):
        subject = draw.name() if draw.chance(0.7) else SUBJECTS[draw.any(THIRD[:2])]
        return being(subject, predicate(draw, PERSON, subject), past=draw.chance(0.2))
    noun = draw.noun(DESCRIBED)
    subject = draw.definite(noun)
    return being(subject, predicate(draw, noun, subject), past=draw.chance(0.2))


def number(draw: Draw) -> Sentence:
    """These horses are tired. / Ces chevaux sont fatigués."""
    if draw.chance(0.2):
        subject = both(draw.name(), draw.name())
        if subject.english.split()[0] != subject.english.split()[-1]:
            return being(subject, predicate(draw, PERSON, subject), past=draw.chance(0.2))
    noun = draw.noun(DESCRIBED, plural=True)
    subject = draw.definite(noun, plural=True)
    if noun.kind in ("person", "animal") and draw.chance(0.4):
        verb = draw.transitive(lambda verb: verb.animals or noun.kind == "person")
        return statement(Clause(subject, verb, draw.object_of(verb)))
    return being(subject, predicate(draw, noun, subject), past=draw.chance(0.2))


def adjective_position(draw: Draw) -> Sentence:
    """I see a little black cat. / Je vois un petit chat noir."""
    if draw.chance(0.18):
        noun = draw.noun(("body",))
        adjective = draw.adjective(noun, lambda word: True)
        assert adjective is not None
        core = noun_phrase(noun, "", adjectives=(adjective,)).english
        french = noun_phrase(noun, "the", plural=True, adjectives=(adjective,)).french
        have = draw.lexicon.verbs["have"]
        return statement(Clause(draw.subject(), have, Phrase(core, french)))
    verb = draw.transitive(lambda verb: not verb.prep)
    noun = draw.noun(verb.takes)
    if noun.kind in ("kin", "dish", "drink"):
        return adjective_position(draw)
    indefinite = not verb.state or verb.english == "have"
    most = 2 if draw.chance(0.35) else 1
    thing = noun_phrase(
        noun,
        draw.any(("a", "a", "the") if indefinite else ("the", "this")),
        plural=noun.plural_english != "" and draw.chance(0.25),
        adjectives=attributes(draw, noun, most),
    )
    subject = draw.lightly() if most > 1 else draw.agent(verb)
    return statement(Clause(subject, verb, thing))


def comparison(draw: Draw) -> Sentence:
    """The lion is stronger than the dog. / Le lion est plus fort que le chien."""
    noun = draw.noun(
        ("person", "person", "kin", "animal", "thing", "clothing", "vehicle", "building")
    )
    subject, other = draw.definite(noun, draw.chance(0.2) and noun.plural_english != ""), None
    if noun.kind in ("person", "kin"):
        if draw.chance(0.6):
            noun, subject = PERSON, draw.subject(THIRD)
        other = draw.name() if draw.chance(0.5) else draw.person()
    while other is None or other.english.split()[-1] == subject.english.split()[-1]:
        other = draw.definite(draw.noun((noun.kind,)))
    adjective = draw.adjective(noun, lambda word: word.use != "noun" and word.compared)
    assert adjective is not None, noun
    english, french = adjective.comparative, "plus"
    if draw.chance(0.3):
        english, french = f"as {adjective.english}", "aussi"
    elif english.startswith("more ") and draw.chance(0.5):
        english, french = f"less {adjective.english}", "moins"
    than = "as" if french == "aussi" else "than"
    form = adjective.form(subject.feminine, subject.plural)
    complement = Word(f"{english} {than} {other.english}", f"{french} {form} que {other.french}")
    return being(
        subject, complement, negation="not" if french != "moins" and draw.chance(0.2) else ""
    )


def possession(draw: Draw) -> Sentence:
    """Anne's brother looks for his key. / Le frère d'Anne cherche sa clé."""
    noun = draw.noun((*OWNED, "kin", "kin"))
    plural = bool(noun.plural_english) and draw.chance(0.25)
    if draw.chance(0.5):
        owner = draw.name() if draw.chance(0.6) else noun_phrase(draw.noun(("person",)))
        thing = owned(noun, owner, plural=plural)
    else:
        thing = noun_phrase(noun, draw.any(POSSESSIVES), plural=plural)
    if draw.chance(0.45):
        return being(thing, predicate(draw, noun, thing))
    verb = draw.transitive(lambda verb: noun.kind in verb.takes)
    return statement(Clause(draw.lightly(), verb, thing, tense=draw.tense(verb)))


def numbers(draw: Draw) -> Sentence:
    """The farmer has twenty-one horses. / Le fermier a vingt et un chevaux."""
    amount = draw.word("numbers")
    dice = draw.random.random()
    if dice < 0.25 and amount.english != "one":
        age = Word(f"{amount.english} years old", f"{amount.french} ans")
        return being(draw.subject(), age, has=True)
    hours = tuple(draw.lexicon.words["numbers"].values())[:11]
    if dice < 0.4:
        verb = draw.verb(lambda verb: verb.english in ("arrive", "leave", "eat", "work", "come"))
        hour = draw.pick(hours)
        form = "une heure" if hour.english == "one" else f"{hour.french} heures"
        time = Word(f"at {hour.english} o'clock", f"à {form}")
        train = noun_phrase(draw.noun(("train", "plane", "boat")))
        subject = train if verb.english in ("arrive", "leave") else draw.subject()
        return statement(Clause(subject, verb, tail=time))
    verb = draw.transitive(
        lambda verb: (
            not (verb.prep or verb.state or verb.english == "drink") or verb.english == "have"
        )
    )
    noun = draw.noun(verb.takes, plural=True)
    if noun.kind == "kin":
        noun = draw.noun(("person",))
    adjectives = attributes(draw, noun) if draw.chance(0.45) else ()
    subject = draw.lightly() if adjectives else draw.agent(verb)
    thing = counted(noun, amount, adjectives)
    return statement(Clause(subject, verb, thing, tense=draw.tense(verb)))


def elision(draw: Draw) -> Sentence:
    """I like the old tree. / J'aime le vieil arbre. Words in h too, aspirated or not."""
    vowel = draw.lexicon.opens_with_vowel
    clause = draw.clause()
    if draw.chance(0.4):
        verb = draw.transitive(lambda verb: vowel(verb.present["1s"]) and verb.english != "need")
        return statement(Clause(SUBJECTS["I"], verb, draw.object_of(verb), tense=draw.tense(verb)))
    if clause.object is None or clause.verb.prep:
        verb = draw.transitive(lambda verb: not verb.prep and verb.english != "have")
        clause = replace(clause, subject=draw.agent(verb), verb=verb)
    nouns = [
        noun.english
        for kind in clause.verb.takes
        for noun in draw.nouns[kind]
        if (vowel(noun.french) or noun.french.startswith("h")) and noun.kind != "kin"
    ]
    if not nouns:
        return elision(draw)
    noun = draw.noun(nouns)
    old = draw.adjective(noun, lambda word: word.before_vowel != word.forms[0])
    adjectives = (old,) if old and draw.chance(0.3) else ()
    determiner = draw.any(("the", "the", "the", "this", "my", "her"))
    if noun.kind in ("person", "animal", "building") and determiner in POSSESSIVES:
        determiner = "the"
    return statement(replace(clause, object=noun_phrase(noun, determiner, adjectives=adjectives)))
