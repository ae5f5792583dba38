"""The baseline: a bilingual dictionary, applied word by word."""

from __future__ import annotations

import re
from functools import cache

from seq2seq.data.demo.lexicon import lexicon

# Function words, and the parts of expressions of several words.
FUNCTION_WORDS = {
    **{"the": "le", "a": "un", "an": "un", "some": "des", "any": "de", "no": "pas"},
    **{"this": "ce", "these": "ces", "that": "que", "there": "il", "it": "il"},
    **{"my": "mon", "his": "son", "her": "son", "our": "notre", "your": "votre", "their": "leur"},
    **{"i": "je", "you": "vous", "he": "il", "she": "elle", "we": "nous", "they": "ils"},
    **{"me": "me", "him": "le", "us": "nous", "them": "les", "who": "qui", "what": "que"},
    **{"where": "où", "when": "quand", "why": "pourquoi", "how": "comment", "many": "beaucoup"},
    **{"am": "suis", "is": "est", "are": "sont", "was": "était", "were": "étaient"},
    **{"do": "fait", "does": "fait", "did": "fait", "not": "pas", "never": "jamais"},
    **{"going": "va", "want": "veut", "wants": "veut", "can": "peut", "must": "doit"},
    **{"cannot": "peut pas", "to": "à", "at": "à", "for": "pour", "of": "de", "about": "de"},
    **{"from": "de", "in": "dans", "front": "devant", "next": "prochain", "near": "près de"},
    **{"and": "et", "as": "aussi", "than": "que", "more": "plus", "less": "moins", "'s": "de"},
    **{"afraid": "effrayé", "years": "ans", "o'clock": "heures", "hundred": "cent"},
}
WORDS = re.compile(r"'s\b|o'clock|\w+(?:-\w+)*|[^\w\s]")


@cache
def dictionary() -> dict[str, str]:
    """Return the most usual French form of every English word form of the corpus, in lower case.

    Nouns keep their number; an adjective gives its masculine, a verb its third person singular, in
    the past its participle.
    """
    words = lexicon()
    table = {}
    for section in words.words.values():
        table.update({word.english: word.french for word in section.values()})
    for adjective in words.adjectives.values():
        table[adjective.english] = table[adjective.comparative] = adjective.forms[0]
    for verb in words.verbs.values():
        head, present = verb.english.split()[0], verb.present["3s"]
        table |= {head: present, verb.third.split()[0]: present}
        table |= dict.fromkeys(verb.past.split()[:1], verb.participle)
    for noun in words.nouns.values():
        table |= {noun.english: noun.french}
        table |= dict.fromkeys(noun.plural_english.split(), noun.plural_french)
    table |= {name.english: name.french for name in words.names}
    # The single words of an expression stand among the function words.
    single = {english.lower(): french for english, french in table.items() if " " not in english}
    return single | FUNCTION_WORDS


def word_for_word(sentence: str) -> str:
    """Translate each word by itself; unknown words and punctuation stay as they are."""
    words = dictionary()
    text = ""
    for token in WORDS.findall(sentence):
        french = words.get(token.lower(), token)
        text += french if token in ".?," else f" {french}"
    text = text.lstrip()
    return text[:1].upper() + text[1:]
