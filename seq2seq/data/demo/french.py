"""French word forms, and the spelling of words that meet: elision and contraction.

The grammar writes its French in an underlying form, words apart and whole: `de le homme`,
`je aime`. `spell` turns that into what is written: `de l'homme`, `j'aime`.
"""

from __future__ import annotations

from collections.abc import Collection

PERSONS = ("1s", "3s", "1p", "2p", "3p")  # je, il, nous, vous, ils
ELIDED = frozenset({"le", "la", "de", "ne", "je", "me", "que"})
CONTRACTED = {"de le": "du", "de les": "des", "à le": "au", "à les": "aux"}
VOWELS = "aeiouâàéèêëîïôöûùüœæ"


def opens_with_vowel(word: str, aspirated: Collection[str]) -> bool:
    """Tell whether a word before `word` elides; `aspirated` lists the stems that forbid it."""
    word = word.lower()
    if word.startswith(tuple(aspirated)):
        return False
    return word[0] in VOWELS or word[0] == "h" or word == "y"


def spell(text: str, aspirated: Collection[str]) -> str:
    """Elide and contract the underlying form `text`."""
    words = text.split()
    out = ""
    position = 0
    while position < len(words):
        word, *after = words[position : position + 3]
        vowel = [opens_with_vowel(next_word, aspirated) for next_word in after]
        contracted = CONTRACTED.get(f"{word} {after[0]}") if after else None
        if contracted and (after[0] == "les" or not vowel[-1]):
            out += contracted + " "
            position += 1
        elif word in ELIDED and vowel and vowel[0]:
            out += word[:-1] + "'"
        else:
            out += word + " "
        position += 1
    return out.rstrip()


def plural(noun: str) -> str:
    """Return the regular plural of a noun or of a masculine adjective."""
    if noun.endswith(("s", "x", "z")):
        return noun
    if noun.endswith("al"):
        return noun[:-1] + "ux"
    return noun + ("x" if noun.endswith(("eau", "eu")) and noun != "bleu" else "s")


def feminine(adjective: str) -> str:
    """Return the regular feminine of an adjective."""
    if adjective.endswith("e"):
        return adjective
    for ending, replacement in (("eux", "euse"), ("er", "ère"), ("ien", "ienne")):
        if adjective.endswith(ending):
            return adjective.removesuffix(ending) + replacement
    return adjective + "e"


def adjective_forms(listed: str) -> tuple[str, str, str, str]:
    """Fill up `listed` (masculine, feminine, and their plurals, as many as are irregular)."""
    forms = listed.split()
    masculine = forms[0]
    female = forms[1] if len(forms) > 1 else feminine(masculine)
    if len(forms) == 4:
        return masculine, female, forms[2], forms[3]
    return masculine, female, plural(masculine), female + "s"


def first_group(infinitive: str, silent_stem: str = "") -> tuple[str, ...]:
    """Conjugate a verb in -er: its five forms in the order of PERSONS, then the participle.

    `silent_stem` is the stem before a silent ending, where it differs: achèt-, appell-.
    """
    stem = infinitive.removesuffix("er")
    silent = silent_stem or stem
    soft = stem + "e" if stem.endswith("g") else stem
    return (silent + "e", silent + "e", soft + "ons", stem + "ez", silent + "ent", stem + "é")


def agree(participle: str, feminine: bool, plural: bool) -> str:
    """Return `participle` in the gender and number asked for."""
    female = participle + "e" if feminine else participle
    return female + "s" if plural and not female.endswith("s") else female
