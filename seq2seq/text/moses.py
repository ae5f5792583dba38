"""Moses tokenization of one language, plain as of 2014, or with marks that bring the text back.

Moses splits `10:30`, `and/or` or `https://example.org` at every sign, and its detokenizer, which
sees tokens alone, parts them by spaces. `ReversibleMoses` keeps links, placeholders, markup and
numbers as one token, and marks those tokens whose spaces the detokenizer would get wrong: `A ￭/￭ B`
is A/B, and `␣,` has a space before it. Most text needs no mark, so that its words are Moses' own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

from seq2seq.config.languages import base_language
from seq2seq.text.lines import encodable, one_line

JOINER = "￭"  # no space here, as in OpenNMT's tokenizer
SPACER = "␣"  # a space here
MARKS = JOINER + SPACER
WRITTEN = str.maketrans({JOINER: "■", SPACER: "_"})  # where text itself has the marks
PLACE = "\ufdd1"  # stands for a protected span; a code point that no text has
ROUNDS = 4  # a mark changes what the detokenizer does with its neighbours, above all with quotes
JUNK = re.compile(r"[\x00-\x1f]")  # sacremoses drops it

# Each alternative begins where no other begins within it, so that long words cost little.
PROTECTED = re.compile(
    r"""
    (?<!\w) (?: https?:// | ftp:// | file:/// | www\. )                    # links
        [^\s<>"«»“”]* [^\s<>"«»“”.,;:!?)\]}'’…]
  | (?<![\w.+%-]) [\w.+%-]+ @ \w [\w-]* (?: \. [\w-]+ )+                 # e-mail addresses
  | < (?! /? (?: unk | pad | s ) > ) /? [A-Za-z] [^<>]* > | <!--         # markup
  | & (?: [A-Za-z]\w{1,30} | \#\d{1,7} | \#[xX][0-9A-Fa-f]{1,6} ) ;      # entities
  | \{\{ [^{}\s]* \}\} | \$? \{ [^{}\s]* \} | \[\[ [^\[\]\s]* \]\]      # placeholders
  | %% | % \( \w{1,99} \) [a-z]
  | % (?: \d{1,9} \$ )? [-+\#0]{0,9} \d{0,9} (?: \.\d{1,9} )? l{0,2} [sdifgxXeuc@] \b
  | @ [-,./:] @                                                          # of tokenized text
  | (?<!\d) \d+ (?: [:/.,'’-] \d+ )+                                    # 10:30, 12/5/20, 1,000
  | (?<![\w/]) (?: ~ | \.{1,2} )? / [\w.-]+ (?: / [\w.-]+ )* /?          # paths
  | (?<!\w) [A-Za-z]: (?: \\ [\w.-]+ )+
  | [\#@] \w+                                                            # names of the web
  | (?<!\w) [^\W_]+ (?: _+ [^\W_]+ )+                                   # names in programs
  | [\ufdd0-\ufdef]+
    """,
    re.VERBOSE,
)


class Moses:
    """Moses tokenization of one language, both ways."""

    def __init__(self, language: str) -> None:
        self.language = base_language(language)

    @cached_property
    def _sides(self) -> tuple[Any, Any]:
        # its tables take a second to load, which models of subwords have no use for
        from sacremoses import MosesDetokenizer, MosesTokenizer

        return MosesTokenizer(self.language), MosesDetokenizer(self.language)

    def split(self, text: str) -> list[str]:
        """Return the words of a text."""
        words: list[str] = self._sides[0].tokenize(
            encodable(text), aggressive_dash_splits=False, escape=False
        )
        return words

    def join(self, words: Sequence[str]) -> str:
        """Return running text, one line, for words."""
        return one_line(self._sides[1].detokenize(list(words), unescape=False))


class ReversibleMoses(Moses):
    """Moses tokenization whose tokens give the text back, but for its kinds of white space."""

    def split(self, text: str) -> list[str]:
        """Return the words of a text, with marks where `join` needs them."""
        text = JUNK.sub(" ", encodable(text)).translate(WRITTEN)
        chunks = text.split()
        tokens = self._tokens(text)
        if "".join(tokens) != "".join(chunks):
            tokens = chunks  # sacremoses changed the text: DOTMULTI, say, is a word of its own
        spaces = _spaces(tokens, chunks)
        decided: list[bool | None] = [None] * len(spaces)
        for _ in range(ROUNDS):
            guessed = _spaces(tokens, self.join(_marked(tokens, decided)).split())
            wrong = [
                number for number, space in enumerate(spaces)
                if len(guessed) != len(spaces) or guessed[number] != space
            ]  # fmt: skip
            if not wrong:
                return _marked(tokens, decided)
            for number in wrong:
                decided[number] = spaces[number]
        return _marked(tokens, list(spaces))

    def join(self, words: Sequence[str]) -> str:
        """Return running text, one line, for words; a mark decides, and else the detokenizer."""
        phrases: list[list[str]] = [[]]
        glued = False  # to the word before
        for word in words:
            bare = unmarked(word)
            before, after = _marks(word)
            if before == SPACER:
                phrases.append([])
            if (glued or before == JOINER) and phrases[-1]:
                phrases[-1][-1] += bare
            else:
                phrases[-1].append(bare)
            glued = after == JOINER
            if after == SPACER:
                phrases.append([])
        join = super().join
        texts = (join(phrase) if len(phrase) > 1 else "".join(phrase) for phrase in phrases)
        return one_line(" ".join(texts))

    def _tokens(self, text: str) -> list[str]:
        """Return Moses' tokens, in which protected spans are whole."""
        spans = PROTECTED.findall(text)
        tokens = super().split(PROTECTED.sub(PLACE, text))
        if not spans:
            return tokens
        each = iter(spans)
        count = sum(token.count(PLACE) for token in tokens)
        if count != len(spans):
            return []
        parts = (re.sub(PLACE, lambda _: next(each), token) for token in tokens)
        return [word for part in parts for word in part.split()]


def unmarked(word: str) -> str:
    """Return a word without the marks on either side."""
    return word.strip(MARKS) or word


def _marks(word: str) -> tuple[str, str]:
    """Return the marks before and after a word, or nothing."""
    if len(word) < 2:
        return "", ""
    return word[0] if word[0] in MARKS else "", word[-1] if word[-1] in MARKS else ""


def _spaces(tokens: Sequence[str], chunks: Sequence[str]) -> list[bool]:
    """Return for each two neighbours whether a space parts them in a text, given as its chunks.

    Empty where the text is another.
    """
    if "".join(tokens) != "".join(chunks):
        return []
    ends, end = set(), 0
    for chunk in chunks:
        end += len(chunk)
        ends.add(end)
    result, end = [], 0
    for token in tokens[:-1]:
        end += len(token)
        result.append(end in ends)
    return result


def _marked(tokens: Sequence[str], spaces: Sequence[bool | None]) -> list[str]:
    """Return tokens with marks where it is decided whether there is a space between neighbours.

    A mark stands on the sign of the two, so that words stay as they are.
    """
    words = list(tokens)
    for place, (left, right) in enumerate(pairwise(tokens)):
        space = spaces[place]
        if space is None:
            continue
        mark = SPACER if space else JOINER
        if left[-1].isalnum() or not right[0].isalnum():
            words[place + 1] = mark + words[place + 1]
        else:
            words[place] += mark
    return words
