"""English word forms: plurals, verb endings, the article before a word."""

from __future__ import annotations

VOWELS = "aeiou"
# These begin with a letter for a vowel, and with the sound of a consonant.
CONSONANT_SOUNDS = ("uni", "use", "eu", "one")
SIBILANTS = ("s", "x", "z", "ch", "sh")


def plural(noun: str) -> str:
    """Return the regular plural of `noun`: cats, boxes, stories."""
    if noun.endswith("y") and noun[-2] not in VOWELS:
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(SIBILANTS) else "s")


def third_person(verb: str) -> str:
    """Return the third person singular of `verb`, which may carry a particle: looks at, goes."""
    head, space, particle = verb.partition(" ")
    if head == "have":
        return "has"
    return (head + "es" if head == "go" else plural(head)) + space + particle


def past(verb: str) -> str:
    """Return the regular past tense of `verb`, which may carry a particle: looked at, cried."""
    head, space, particle = verb.partition(" ")
    if head.endswith("y") and head[-2] not in VOWELS:
        head = head[:-1] + "i"
    return head + ("d" if head.endswith("e") else "ed") + space + particle


def with_article(words: str) -> str:
    """Put the indefinite article before `words`."""
    first = words.lower()
    vowel = first[0] in VOWELS and not first.startswith(CONSONANT_SOUNDS)
    return ("an " if vowel else "a ") + words


def comparative(adjective: str, irregular: str) -> str:
    """Return the comparative of `adjective`: `irregular` where there is one, else more ..."""
    return irregular or f"more {adjective}"
