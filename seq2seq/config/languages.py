"""Language codes as people write them: en, zh-Hans, pt_BR, zho_Hans, sr-Latn-RS."""

from __future__ import annotations

THREE_LETTERS = {  # ISO 639-3, as of FLORES and NLLB, of languages that have rules of their own
    "arb": "ar", "asm": "as", "ben": "bn", "cat": "ca", "ces": "cs", "dan": "da", "deu": "de",
    "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fin": "fi", "fra": "fr", "gle": "ga",
    "guj": "gu", "hin": "hi", "hun": "hu", "isl": "is", "ita": "it", "jpn": "ja", "kan": "kn",
    "khm": "km", "kor": "ko", "lao": "lo", "lit": "lt", "lvs": "lv", "mal": "ml", "mar": "mr",
    "mya": "my", "nld": "nl", "ory": "or", "pan": "pa", "pes": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es", "swe": "sv", "tam": "ta",
    "tel": "te", "tha": "th", "tur": "tr", "ukr": "uk", "vie": "vi", "yue": "yue", "zho": "zh",
}  # fmt: skip


def base_language(code: str) -> str:
    """Return the language of a code, without script and region, in two letters where it has them.

    zh-Hans and zho_Hans are zh, pt_BR is pt.
    """
    base = code.replace("_", "-").partition("-")[0].lower()
    return THREE_LETTERS.get(base, base)
