"""Characters that are seen, and names for those that are not."""

from __future__ import annotations

import unicodedata

INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))  # categories


def has_text(text: str) -> bool:
    """Return whether there is anything to see: spaces, joiners and other controls are nothing."""
    return any(unicodedata.category(character) not in INVISIBLE for character in text)


def spelled_out(text: str) -> str:
    """Return `text` with invisible characters as their numbers: ZWNJ becomes U+200C."""
    return "".join(
        character
        if character == " " or (character.isprintable() and not unicodedata.combining(character))
        else f"U+{ord(character):04X}"
        for character in text
    )


def script(character: str) -> str:
    """Return the first word of a character's name, which for letters is their script."""
    return unicodedata.name(character, "").partition(" ")[0]
