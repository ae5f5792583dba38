"""Fonts that have the characters of a picture: matplotlib's own has no Chinese, Japanese, Korean.

What no installed font can draw is named, with what to install; matplotlib would print a raw warning
for each character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager, get_font
from matplotlib.text import Text

OWN_FORMULA = "$\\mathdefault{"  # of a number at a logarithmic axis
NAMED = 10  # characters without a font that are named
PREFERRED = ("notosanscjk", "notosans", "wqy", "unifont", "arialunicode")  # in file names
PACKAGES = {  # by the first word of a character's Unicode name
    **dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC"), "fonts-noto-cjk"),
    **dict.fromkeys(("FULLWIDTH", "HALFWIDTH", "BOPOMOFO"), "fonts-noto-cjk"),
}
OTHERWISE = "fonts-noto-core"
EMOJI = "fonts-symbola"  # without colours, which matplotlib cannot draw
RARE_HAN, RARE_HAN_FONT = 0x20000, "fonts-hanazono"  # from here on Noto has hardly any


def use_fonts(figure: Figure) -> list[str]:
    """Give the texts of a figure fonts that have their characters.

    Returns:
        A message about characters that no font has, or none.
    """
    texts = texts_of(figure)
    wanted = {character for text in texts for character in text.get_text()}
    missing = {character for character in wanted if _is_drawn(character)} - _usual()
    if not missing:
        return []
    families = _families(frozenset(missing))
    for text in texts:
        if missing & set(text.get_text()):
            text.set_fontfamily([*rcParams["font.family"], *(family for family, _ in families)])
    left = missing.difference(*(characters for _, characters in families))
    return [_advice(left)] if left else []


def take_literally(figure: Figure) -> None:
    """Have dollar signs drawn as they are: between two of them matplotlib sees a formula."""
    for text in texts_of(figure):
        if not text.get_text().startswith(OWN_FORMULA):
            text.set_parse_math(False)


def texts_of(figure: Figure) -> list[Text]:
    """Return the texts of a figure, those that will have no content until it is drawn left out."""
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    return [text for text in texts if text.get_text()]


def _is_drawn(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character)[0] != "C"


def _usual() -> set[str]:
    """Return the characters of the font that pictures have anyway."""
    path = fontManager.findfont(FontProperties(family=rcParams["font.family"]))
    return set(map(chr, get_font(path).get_charmap()))


@lru_cache(maxsize=8)
def _families(missing: frozenset[str]) -> list[tuple[str, set[str]]]:
    """Return installed fonts that together have most of the characters, and what each one adds.

    The folders are read anew, since matplotlib's own list is older than a font just installed.
    """
    families: list[tuple[str, set[str]]] = []
    left = set(missing)
    for path in sorted(findSystemFonts(), key=_rank):
        if not left:
            break
        try:
            font = get_font(path)
            here = left.intersection(map(chr, font.get_charmap()))
            if not here:
                continue
            fontManager.addfont(path)
        except (OSError, RuntimeError, ValueError):  # damaged, or a font of pictures
            continue
        families.append((font.family_name, here))
        left -= here
    return families


def _rank(path: str) -> tuple[int, bool, str]:
    """Order fonts by how well they look in a picture: known families first, upright before bold."""
    name = Path(path).name.lower().replace("-", "").replace("_", "")
    known = [number for number, start in enumerate(PREFERRED) if name.startswith(start)]
    return (known or [len(PREFERRED)])[0], "regular" not in name, path


def _advice(left: Iterable[str]) -> str:
    ordered = sorted(left)
    packages = sorted({_package(character) for character in ordered})
    named = " ".join(ordered[:NAMED]) + (" ..." if len(ordered) > NAMED else "")
    return (
        f"no font on this machine has {named}, drawn as boxes: install one "
        f"(on Debian or Ubuntu: apt-get install {' '.join(packages)})"
    )


def _package(character: str) -> str:
    if unicodedata.category(character).startswith("S"):
        return EMOJI
    if RARE_HAN <= ord(character) < 0x40000:
        return RARE_HAN_FONT
    return PACKAGES.get(unicodedata.name(character, "?").replace("-", " ").split()[0], OTHERWISE)
