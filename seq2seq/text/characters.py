"""Characters that are seen, and names for those that are not."""

from __future__ import annotations

import unicodedata

INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))  # categories


def has_text(text: str) -> bool:
    """Return whether there is anything to see: spaces, joiners and other controls are nothing."""
    return any(unicodedata.category(character) not in INVISIBLE for character in text)


def spelled_out(text: str) -> str:
    """Return `text` with invisible characters as their numbers: ZWNJ becomes U+200C.

    A combining mark does so where it stands alone.
    """
    return "".join(
        character
        if character == " " or (character.isprintable() and not (alone and _combines(character)))
        else f"U+{ord(character):04X}"
        for character, alone in zip(text, [True, *map(str.isspace, text)], strict=False)
    )


def _combines(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def script(character: str) -> str:
    """Return the first word of a character's name, which for letters is their script."""
    return unicodedata.name(character, "").partition(" ")[0]
