"""Sentences of time, place and quantity, and those that French puts in its own way."""

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
from seq2seq.data.demo.draw import THIRD, Draw
from seq2seq.data.demo.lexicon import Word
from seq2seq.data.demo.phrases import POSSESSIVES, Phrase, counted, noun_phrase

NO: Negation = ""
NOT: Negation = "not"
PLAYS: tuple[Tense, ...] = ("present", "present", "want", "can")
GOES: tuple[Tense, ...] = ("present", "present", "past", "future")
PARTS = ("door", "window", "key", "clock", "mirror", "furniture")
WHOLES = (
    *("house", "school", "kitchen", "hospital", "hotel", "church", "bank", "castle", "museum"),
    *("restaurant", "shop", "office", "bakery"),
)
BESIDE = ("on", "under", "behind", "in front of", "near", "next to")
AROUND = BESIDE[2:]
SHARED: tuple[str, ...] = ("sing", "dance", "work", "swim", "travel", "eat")
MOVE = ("leave", "arrive", "travel")
DOES_WELL = ("sing", "dance", "swim", "work", "sleep")
DOES_SLOWLY = ("dance", "swim", "work", "eat", "drink", "read", "write")
DOES_HERE = ("sleep", "work", "live", "stay", "eat", "sing", "dance", "swim")


def contraction(draw: Draw) -> Sentence:
    """The king talks to the children. / Le roi parle aux enfants."""
    verbs = draw.lexicon.verbs
    dice = draw.random.random()
    if dice < 0.22:
        sport = draw.chance(0.6)
        noun = draw.noun(("sport" if sport else "instrument",))
        thing = noun_phrase(noun, plural=noun.gender == "p")
        english = f"play {noun.english if sport else thing.english}"
        french = f"{'à' if sport else 'de'} {thing.french}"
        tail = Word(english.removeprefix("play "), french)
        tense = draw.any(PLAYS)
        return statement(Clause(draw.subject(), verbs["play"], tense=tense, tail=tail))
    if dice < 0.45:
        goes = draw.chance(0.6)
        place = noun_phrase(draw.noun(("building", "site")))
        english, french = ("to", "à") if goes else ("from", "de")
        tail = Word(f"{english} {place.english}", f"{french} {place.french}")
        tense = draw.any(GOES)
        subject = draw.subject(THIRD)
        return statement(Clause(subject, verbs["go" if goes else "come"], tense=tense, tail=tail))
    if dice < 0.65:
        return _part(draw)
    verb = draw.transitive(lambda verb: verb.prep in ("à", "de"))
    noun = draw.noun([kind for kind in verb.takes if kind != "kin"])
    plural = draw.chance(0.5 if not noun.feminine else 0.8)
    return statement(Clause(draw.subject(), verb, noun_phrase(noun, plural=plural)))


def _part(draw: Draw) -> Sentence:
    """Build a sentence on `the window of the castle`."""
    part = draw.noun(PARTS)
    outer = noun_phrase(draw.noun(WHOLES))
    inner = noun_phrase(part)
    thing = replace(
        inner,
        english=f"{inner.english} of {outer.english}",
        french=f"{inner.french} de {outer.french}",
    )
    verb = draw.transitive(lambda verb: part.kind in verb.takes and not verb.prep)
    return statement(Clause(draw.subject(), verb, thing))


def articles(draw: Draw) -> Sentence:
    """He drinks water. / Il boit de l'eau. She hates tea. / Elle déteste le thé."""
    verb = draw.transitive(
        lambda verb: not {"food", "dish", "drink"}.isdisjoint(verb.takes) and not verb.prep
    )
    kinds = [kind for kind in ("food", "dish", "drink", "dish", "drink") if kind in verb.takes]
    noun = draw.noun(kinds)
    if verb.state:
        thing = draw.object_of(replace(verb, takes=(noun.english,)))
    else:
        determiner = "a" if noun.plural_english else draw.any(("", "", "the"))
        thing = noun_phrase(noun, determiner, plural=bool(noun.plural_english))
    clause = Clause(draw.agent(verb), verb, thing)
    if draw.chance(0.35):
        return statement(negated(clause, draw.any(("not", "never"))))
    if draw.chance(0.2) and not verb.state:
        return statement(replace(clause, tense=draw.any(("past", "want", "future"))))
    return statement(clause)


def adverb_position(draw: Draw) -> Sentence:
    """The bird often sings here. / L'oiseau chante souvent ici."""
    endings = draw.lexicon.words["endings"]
    dice = draw.random.random()
    if dice < 0.5:
        clause = replace(draw.clause(state=False), adverb=draw.word("frequency"))
        return question(clause) if draw.chance(0.1) else statement(clause)
    if dice < 0.6:
        subject = draw.subject(THIRD)
        if draw.chance(0.3):
            return being(subject, draw.word("states"), adverb=draw.word("frequency"), has=True)
        verb = draw.lexicon.verbs["come"]
        return statement(Clause(subject, verb, tail=endings["here"], adverb=draw.word("frequency")))
    ending = draw.pick(
        [word for word in endings.values() if word.english not in ("tomorrow", "yesterday")]
    )
    able = {"well": DOES_WELL, "slowly": DOES_SLOWLY, "here": DOES_HERE}.get(ending.english)
    verb = draw.verb(lambda verb: verb.english in able if able else not (verb.state or verb.placed))
    complement = draw.object_of(verb) if verb.takes else None
    clause = Clause(draw.agent(verb), verb, complement, tail=ending)
    return statement(negated(clause, "not") if draw.chance(0.15) else clause)


def located(draw: Draw, choices: tuple[str, ...], kinds: tuple[str, ...]) -> Word:
    """Draw a preposition and its place: `under the bed`."""
    prepositions = draw.lexicon.words["prepositions"]
    preposition = draw.pick([prepositions[word] for word in choices])
    noun = draw.noun(kinds)
    spot = noun_phrase(noun)
    return Word(f"{preposition.english} {spot.english}", f"{preposition.french} {spot.french}")


def inside(draw: Draw) -> Word:
    """Draw where somebody is: in a town, a country or a building, or at a site."""
    dice = draw.random.random()
    if dice < 0.35:
        town = draw.word("towns")
        return Word(f"in {town.english}", f"à {town.french}")
    if dice < 0.65:
        country = draw.word("countries")
        french = "en" if country.feminine else "à le"
        return Word(f"in {country.english}", f"{french} {country.french}")
    if dice < 0.85:
        site = noun_phrase(draw.noun(("site",)))
        return Word(f"at {site.english}", f"à {site.french}")
    building = noun_phrase(draw.noun(("building",)))
    return Word(f"in {building.english}", f"dans {building.french}")


def place(draw: Draw) -> Sentence:
    """Anne works in Japan. / Anne travaille au Japon."""
    dice = draw.random.random()
    if dice < 0.3:
        past, word = draw.chance(0.3), NOT if draw.chance(0.25) else NO
        return being(draw.subject(), inside(draw), past=past, negation=word)
    if dice < 0.7:
        verb = draw.verb(lambda verb: verb.english in ("live", "work", "stay", "sing", "dance"))
        return statement(Clause(draw.subject(), verb, tail=inside(draw)))
    if dice < 0.85:
        tail = draw.word("towns" if draw.chance(0.4) else "countries")
        article = "" if tail.feminine or tail.english in draw.lexicon.words["towns"] else "le"
        tail = Word(f"from {tail.english}", joined("de", article, tail.french))
        return statement(Clause(draw.subject(), draw.lexicon.verbs["come"], tail=tail))
    weather, where = draw.word("weather"), inside(draw)
    adverb = draw.word("frequency") if draw.chance(0.6) else Word("", "")
    return Sentence(
        joined("it is", adverb.english, weather.english, where.english),
        joined("il fait", adverb.french, weather.french, where.french),
    )


def existence(draw: Draw) -> Sentence:
    """There are no cats under the table. / Il n'y a pas de chats sous la table."""
    noun = draw.noun(("animal", "thing", "text", "clothing", "food"), plural=True)
    where = located(draw, BESIDE, ("furniture",)) if draw.chance(0.7) else inside(draw)
    dice = draw.random.random()
    french = "il y a"
    if dice < 0.2:
        thing = noun_phrase(noun, "no", plural=draw.chance(0.5))
        french = "il ne y a pas"
    elif dice < 0.65:
        thing = counted(noun, draw.word("numbers"))
    else:
        thing = noun_phrase(noun, "a", plural=draw.chance(0.4))
        if not thing.plural and draw.chance(0.4):
            return Sentence(
                joined("is there", thing.english, where.english),
                joined("est-ce que il y a", thing.french, where.french),
                "?",
            )
    there = "there are" if thing.plural else "there is"
    return Sentence(
        joined(there, thing.english, where.english), joined(french, thing.french, where.french)
    )


def idiom(draw: Draw) -> Sentence:
    """The boy is afraid of the dog. / Le garçon a peur du chien."""
    dice = draw.random.random()
    subject = draw.subject()
    if dice < 0.3:
        past = draw.chance(0.25)
        asked = not past and draw.chance(0.3)
        return being(subject, draw.word("states"), past=past, asked=asked, has=True)
    if dice < 0.6:
        noun = draw.noun(("animal", "animal", "witch", "teacher", "doctor", "soldier", "king"))
        fear = noun_phrase(noun, plural=draw.chance(0.4))
        complement = Phrase(f"afraid of {fear.english}", f"peur de {fear.french}")
        word = NOT if draw.chance(0.2) else NO
        asked = not word and draw.chance(0.15)
        return being(subject, complement, negation=word, asked=asked, has=True)
    verb = draw.lexicon.verbs["need"]
    noun = draw.noun(("dish", "drink", *verb.takes))
    thing = noun_phrase(
        noun, draw.any(("a", "a", "the", "my", "her")) if noun.plural_english else ""
    )
    if thing.english.startswith(("my ", "her ")) and noun.kind == "person":
        thing = noun_phrase(noun, "a")
    if not noun.plural_english:
        thing = replace(thing, french=thing.negated.removeprefix("de "))
    word = NOT if draw.chance(0.2) and thing.english.split()[0] not in ("a", "an") else NO
    clause = Clause(subject, verb, thing, negation=word)
    return question(clause) if draw.chance(0.15) and not word else statement(clause)


def prepositions(draw: Draw) -> Sentence:
    """Marie dances with her sister. / Marie danse avec sa sœur."""
    if draw.chance(0.25):
        noun = draw.noun(("animal", "thing", "text", "clothing"))
        subject = draw.definite(noun, plural=draw.chance(0.25))
        return being(subject, located(draw, BESIDE, ("furniture",)), past=draw.chance(0.2))
    if draw.chance(0.33):
        where = located(draw, AROUND, ("building", "furniture", "vehicle"))
        return being(draw.subject(THIRD), where, past=draw.chance(0.2))
    words = draw.lexicon.words["prepositions"]
    if draw.chance(0.6):
        word, other, verbs = words["with"], draw.person(), SHARED
    else:
        belonging = draw.noun(("thing", "clothing"))
        word, other, verbs = words["without"], noun_phrase(belonging, draw.any(POSSESSIVES)), MOVE
    verb = draw.verb(lambda verb: verb.english in verbs)
    tail = Word(f"{word.english} {other.english}", f"{word.french} {other.french}")
    return statement(Clause(draw.subject(THIRD), verb, tail=tail))
