"""Sentences built by hand from the grammar, against what a French teacher writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from seq2seq.data.demo.clauses import Clause, Sentence, being, negated, question, statement
from seq2seq.data.demo.dictionary import word_for_word
from seq2seq.data.demo.french import agree, first_group, plural
from seq2seq.data.demo.lexicon import Adjective, Noun, Verb, Word, lexicon
from seq2seq.data.demo.phrases import (
    CLITICS,
    SUBJECTS,
    Phrase,
    both,
    counted,
    generic,
    named,
    noun_phrase,
    owned,
)

WORDS = lexicon()
NAMES = {name.english: named(name) for name in WORDS.names}
ME, HE, SHE, THEY = (SUBJECTS[word] for word in ("I", "he", "she", "they"))
WE, YOU = SUBJECTS["we"], SUBJECTS["you"]
PAUL, ANNE, MARIE = NAMES["Paul"], NAMES["Anne"], NAMES["Marie"]


def noun(word: str) -> Noun:
    return WORDS.nouns[word]


def verb(word: str) -> Verb:
    return WORDS.verbs[word]


def adjective(word: str) -> Adjective:
    return WORDS.adjectives[word]


def word(section: str, english: str) -> Word:
    return WORDS.words[section][english]


def phrase(text: str) -> Phrase:
    """Build the noun phrase of `text`: determiner, adjectives, noun; `the horse*` is a plural."""
    determiner, *middle, last = text.split()
    return noun_phrase(
        noun(last.rstrip("*")),
        "" if determiner == "-" else determiner,
        plural=last.endswith("*"),
        adjectives=[adjective(english) for english in middle],
    )


def says(subject: Phrase, action: str, thing: str = "", **rest: object) -> Clause:
    return replace(Clause(subject, verb(action), phrase(thing) if thing else None), **rest)


def is_(subject: Phrase, english: str, **rest: object) -> Sentence:
    form = adjective(english).form(subject.feminine, subject.plural)
    return being(subject, Word(english, form), **rest)  # type: ignore[arg-type]


def at(english: str, french: str) -> Word:
    return Word(english, french)


def who(head: Phrase) -> Phrase:
    return replace(head, english="who", french="qui")


def that(head: Phrase, inner: Clause) -> Phrase:
    said = statement(inner)
    return replace(
        head,
        english=f"{head.english} that {said.english}",
        french=f"{head.french} que {said.french}",
    )


GOLDEN: dict[str, list[tuple[Callable[[], Sentence], str, str]]] = {
    "gender and number": [
        (lambda: is_(phrase("the house"), "old"), "The house is old.", "La maison est vieille."),
        (
            lambda: is_(phrase("this horse*"), "tired"),
            "These horses are tired.",
            "Ces chevaux sont fatigués.",
        ),
        (
            lambda: is_(phrase("my niece*"), "jealous"),
            "My nieces are jealous.",
            "Mes nièces sont jalouses.",
        ),
        (
            lambda: is_(both(PAUL, ANNE), "happy"),
            "Paul and Anne are happy.",
            "Paul et Anne sont heureux.",
        ),
        (
            lambda: is_(both(MARIE, ANNE), "proud"),
            "Marie and Anne are proud.",
            "Marie et Anne sont fières.",
        ),
        (
            lambda: is_(phrase("his dress*"), "brown", past=True),
            "His dresses were brown.",
            "Ses robes étaient marron.",
        ),
        (
            lambda: statement(says(PAUL, "read", "the newspaper*")),
            "Paul reads the newspapers.",
            "Paul lit les journaux.",
        ),
        (
            lambda: statement(says(SHE, "like", "the jewel*")),
            "She likes the jewels.",
            "Elle aime les bijoux.",
        ),
    ],
    "adjectives": [
        (
            lambda: statement(says(ME, "see", "a little black cat")),
            "I see a little black cat.",
            "Je vois un petit chat noir.",
        ),
        (
            lambda: statement(says(WE, "buy", "a new red car*")),
            "We buy some new red cars.",
            "Nous achetons de nouvelles voitures rouges.",
        ),
        (
            lambda: statement(says(SHE, "draw", "a beautiful bird")),
            "She draws a beautiful bird.",
            "Elle dessine un bel oiseau.",
        ),
        (
            lambda: statement(says(HE, "follow", "the old man")),
            "He follows the old man.",
            "Il suit le vieil homme.",
        ),
        (
            lambda: statement(says(YOU, "choose", "this new computer")),
            "You choose this new computer.",
            "Vous choisissez ce nouvel ordinateur.",
        ),
        (
            lambda: statement(says(HE, "know", "the old hero")),
            "He knows the old hero.",
            "Il connaît le vieux héros.",
        ),
        (
            lambda: statement(
                Clause(
                    ANNE,
                    verb("have"),
                    Phrase(
                        "blue eyes",
                        noun_phrase(
                            noun("eyes"), "the", plural=True, adjectives=[adjective("blue")]
                        ).french,
                    ),
                )
            ),
            "Anne has blue eyes.",
            "Anne a les yeux bleus.",
        ),
    ],
    "elision and aspirated h": [
        (lambda: statement(says(ME, "like", "the hotel")), "I like the hotel.", "J'aime l'hôtel."),
        (
            lambda: statement(says(ME, "lose", "the axe")),
            "I lose the axe.",
            "Je perds la hache.",
        ),
        (
            lambda: statement(says(phrase("the owl"), "see", "the hedgehog")),
            "The owl sees the hedgehog.",
            "Le hibou voit le hérisson.",
        ),
        (
            lambda: statement(says(phrase("this man"), "forget", "her scarf")),
            "This man forgets her scarf.",
            "Cet homme oublie son écharpe.",
        ),
        (
            lambda: statement(says(HE, "read", "this story")),
            "He reads this story.",
            "Il lit cette histoire.",
        ),
        (
            lambda: statement(says(phrase("this hamster"), "eat", "the cabbage*")),
            "This hamster eats the cabbages.",
            "Ce hamster mange les choux.",
        ),
    ],
    "contraction": [
        (
            lambda: statement(says(phrase("the king"), "talk to", "the child*")),
            "The king talks to the children.",
            "Le roi parle aux enfants.",
        ),
        (
            lambda: statement(says(ANNE, "talk about", "the hero")),
            "Anne talks about the hero.",
            "Anne parle du héros.",
        ),
        (
            lambda: statement(says(HE, "answer", "the actor")),
            "He answers the actor.",
            "Il répond à l'acteur.",
        ),
        (
            lambda: statement(says(SHE, "dream of", "the castle*")),
            "She dreams of the castles.",
            "Elle rêve des châteaux.",
        ),
        (
            lambda: statement(says(THEY, "play", tail=at("chess", "à les échecs"))),
            "They play chess.",
            "Ils jouent aux échecs.",
        ),
        (
            lambda: being(
                phrase("the cat"), at("next to the bed", "à côté de " + phrase("the bed").french)
            ),
            "The cat is next to the bed.",
            "Le chat est à côté du lit.",
        ),
    ],
    "articles": [
        (
            lambda: statement(says(HE, "drink", "- water")),
            "He drinks water.",
            "Il boit de l'eau.",
        ),
        (
            lambda: statement(says(SHE, "buy", "- bread")),
            "She buys bread.",
            "Elle achète du pain.",
        ),
        (
            lambda: statement(Clause(PAUL, verb("like"), generic(noun("meat")))),
            "Paul likes meat.",
            "Paul aime la viande.",
        ),
        (
            lambda: statement(negated(says(SHE, "drink", "- wine"), "not")),
            "She does not drink wine.",
            "Elle ne boit pas de vin.",
        ),
    ],
    "negation": [
        (
            lambda: statement(negated(says(phrase("the boy"), "eat", "a apple*"), "not")),
            "The boy does not eat any apples.",
            "Le garçon ne mange pas de pommes.",
        ),
        (
            lambda: statement(negated(says(ANNE, "open", "the door"), "never")),
            "Anne never opens the door.",
            "Anne n'ouvre jamais la porte.",
        ),
        (
            lambda: statement(negated(says(ME, "have", "a umbrella"), "not")),
            "I do not have an umbrella.",
            "Je n'ai pas de parapluie.",
        ),
        (
            lambda: is_(SHE, "sick", negation="not"),
            "She is not sick.",
            "Elle n'est pas malade.",
        ),
        (
            lambda: statement(negated(says(HE, "swim", tense="can"), "not")),
            "He cannot swim.",
            "Il ne peut pas nager.",
        ),
        (
            lambda: statement(negated(says(WE, "arrive", tense="past"), "not")),
            "We did not arrive.",
            "Nous ne sommes pas arrivés.",
        ),
    ],
    "questions": [
        (
            lambda: question(says(phrase("the nurse"), "work")),
            "Does the nurse work?",
            "Est-ce que l'infirmière travaille?",
        ),
        (
            lambda: question(says(ANNE, "eat"), at("what", "que")),
            "What does Anne eat?",
            "Qu'est-ce qu'Anne mange?",
        ),
        (
            lambda: question(says(THEY, "leave", tense="past"), at("why", "pourquoi")),
            "Why did they leave?",
            "Pourquoi est-ce qu'ils sont partis?",
        ),
        (
            lambda: is_(phrase("the shop"), "closed", asked=True),
            "Is the shop closed?",
            "Est-ce que le magasin est fermé?",
        ),
        (
            lambda: question(says(PAUL, "sell", "his plane", tense="future")),
            "Is Paul going to sell his plane?",
            "Est-ce que Paul va vendre son avion?",
        ),
    ],
    "relative clauses": [
        (
            lambda: is_(that(phrase("the book"), says(ANNE, "read")), "long"),
            "The book that Anne reads is long.",
            "Le livre qu'Anne lit est long.",
        ),
        (
            lambda: statement(
                Clause(
                    PAUL, verb("wear"), that(phrase("the shoe*"), says(phrase("his aunt"), "hate"))
                )
            ),
            "Paul wears the shoes that his aunt hates.",
            "Paul porte les chaussures que sa tante déteste.",
        ),
        (
            lambda: statement(says(who(phrase("the girl*")), "obey", "the queen")),
            "Who obey the queen.",
            "Qui obéissent à la reine.",
        ),
    ],
    "numbers": [
        (
            lambda: statement(
                Clause(HE, verb("have"), counted(noun("horse"), word("numbers", "twenty-one")))
            ),
            "He has twenty-one horses.",
            "Il a vingt et un chevaux.",
        ),
        (
            lambda: statement(
                Clause(SHE, verb("eat"), counted(noun("cherry"), word("numbers", "twenty-one")))
            ),
            "She eats twenty-one cherries.",
            "Elle mange vingt et une cerises.",
        ),
        (
            lambda: statement(
                Clause(ME, verb("sell"), counted(noun("pear"), word("numbers", "one")))
            ),
            "I sell one pear.",
            "Je vends une poire.",
        ),
        (
            lambda: being(MARIE, at("ten years old", "dix ans"), has=True),
            "Marie is ten years old.",
            "Marie a dix ans.",
        ),
        (
            lambda: statement(
                Clause(
                    THEY,
                    verb("draw"),
                    counted(noun("egg"), word("numbers", "two"), [adjective("fresh")]),
                )
            ),
            "They draw two fresh eggs.",
            "Ils dessinent deux œufs frais.",
        ),
    ],
    "pronouns": [
        (
            lambda: statement(negated(says(PAUL, "know", clitic=CLITICS["her"]), "not")),
            "Paul does not know her.",
            "Paul ne la connaît pas.",
        ),
        (
            lambda: statement(says(ANNE, "wait for", clitic=CLITICS["him"])),
            "Anne waits for him.",
            "Anne l'attend.",
        ),
        (
            lambda: statement(says(ME, "answer", clitic=CLITICS["them"])),
            "I answer them.",
            "Je leur réponds.",
        ),
        (
            lambda: statement(says(WE, "meet", clitic=CLITICS["her"], tense="past")),
            "We met her.",
            "Nous l'avons rencontrée.",
        ),
        (
            lambda: statement(says(THEY, "talk to", clitic=CLITICS["her"], tense="past")),
            "They talked to her.",
            "Ils lui ont parlé.",
        ),
        (
            lambda: statement(says(SHE, "help", clitic=CLITICS["us"], tense="want")),
            "She wants to help us.",
            "Elle veut nous aider.",
        ),
    ],
    "possession": [
        (
            lambda: is_(owned(noun("dog"), ANNE, plural=True), "little"),
            "Anne's dogs are little.",
            "Les chiens d'Anne sont petits.",
        ),
        (
            lambda: is_(owned(noun("castle"), phrase("the king")), "modern"),
            "The king's castle is modern.",
            "Le château du roi est moderne.",
        ),
        (
            lambda: statement(says(HE, "look for", "her ladder")),
            "He looks for her ladder.",
            "Il cherche son échelle.",
        ),
        (
            lambda: statement(says(phrase("their cousin"), "help", "your son*")),
            "Their cousin helps your sons.",
            "Leur cousin aide vos fils.",
        ),
    ],
    "tenses and adverbs": [
        (
            lambda: statement(says(phrase("the hen*"), "fall", tense="past")),
            "The hens fell.",
            "Les poules sont tombées.",
        ),
        (
            lambda: statement(
                says(SHE, "think of", "the poem", tense="past", tail=word("endings", "yesterday"))
            ),
            "She thought of the poem yesterday.",
            "Elle a pensé au poème hier.",
        ),
        (
            lambda: statement(says(phrase("the wolf*"), "eat", "the meat", tense="must")),
            "The wolves must eat the meat.",
            "Les loups doivent manger la viande.",
        ),
        (
            lambda: statement(says(WE, "eat", "- meat", adverb=word("frequency", "sometimes"))),
            "We sometimes eat meat.",
            "Nous mangeons parfois de la viande.",
        ),
        (
            lambda: being(
                ME, word("states", "hungry"), adverb=word("frequency", "always"), has=True
            ),
            "I am always hungry.",
            "J'ai toujours faim.",
        ),
        (
            lambda: statement(negated(says(HE, "need", "my key"), "not")),
            "He does not need my key.",
            "Il n'a pas besoin de ma clé.",
        ),
    ],
}
CASES = [case for cases in GOLDEN.values() for case in cases]


@pytest.mark.parametrize(("build", "english", "french"), CASES, ids=[case[1] for case in CASES])
def test_hand_checked_sentence(build: Callable[[], Sentence], english: str, french: str) -> None:
    assert build().written() == (english, french)


def test_there_are_enough_hand_checked_sentences() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("singular", "several"),
    [
        *(("cheval", "chevaux"), ("gâteau", "gâteaux"), ("neveu", "neveux"), ("bleu", "bleus")),
        *(("fils", "fils"), ("chat", "chats"), ("hôpital", "hôpitaux")),
    ],
)
def test_french_plural(singular: str, several: str) -> None:
    assert plural(singular) == several


def test_first_group_spelling() -> None:
    assert first_group("manger")[2] == "mangeons"
    assert first_group("acheter", "achèt") == (
        *("achète", "achète", "achetons", "achetez", "achètent", "acheté"),
    )


@pytest.mark.parametrize(
    ("feminine", "several", "form"),
    [(False, False, "pris"), (True, False, "prise"), (False, True, "pris"), (True, True, "prises")],
)
def test_participle_agreement(feminine: bool, several: bool, form: str) -> None:
    assert agree("pris", feminine, several) == form


def test_every_verb_has_all_its_forms() -> None:
    for entry in WORDS.verbs.values():
        assert all(entry.present.values()) and entry.participle, entry


def test_word_for_word_is_what_a_dictionary_gives() -> None:
    sentence = "Does Anne's little dog eat the apples?"
    assert word_for_word(sentence) == "Fait Anne de petit chien mange le pommes?"
