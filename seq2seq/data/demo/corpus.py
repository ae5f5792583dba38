"""The demo corpus: distinct sentence pairs, evenly spread over the phenomena, in three parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from seq2seq.data.demo import asking, describing, placing
from seq2seq.data.demo.clauses import Sentence
from seq2seq.data.demo.draw import Draw

PATTERNS: dict[str, Callable[[Draw], Sentence]] = {
    "gender": describing.gender,
    "number": describing.number,
    "adjective position": describing.adjective_position,
    "comparison": describing.comparison,
    "possession": describing.possession,
    "numerals": describing.numbers,
    "elision": describing.elision,
    "contraction": placing.contraction,
    "articles": placing.articles,
    "adverb position": placing.adverb_position,
    "prepositions": placing.prepositions,
    "place": placing.place,
    "existence": placing.existence,
    "idiom": placing.idiom,
    "negation": asking.negation,
    "question": asking.asked,
    "object pronoun": asking.object_pronoun,
    "past": asking.past,
    "infinitive": asking.infinitive,
    "relative clause": asking.relative,
}
PHENOMENA = tuple(PATTERNS)


@dataclass(frozen=True, slots=True)
class Example:
    """One pair: `source` English, `target` French, and the phenomenon it was made for."""

    source: str
    target: str
    phenomenon: str


@dataclass(frozen=True)
class DemoCorpus:
    """Three parts without a common sentence, on either side."""

    train: list[Example]
    valid: list[Example]
    test: list[Example]


def examples(seed: int) -> Iterator[Example]:
    """Yield pairs without end, the phenomena in turn, no sentence of either language twice."""
    draw = Draw(seed)
    seen: set[str] = set()
    for phenomenon, pattern in cycle(PATTERNS.items()):
        source, target = pattern(draw).written()
        while source in seen or target in seen:
            source, target = pattern(draw).written()
        seen |= {source, target}
        yield Example(source, target, phenomenon)


def demo_corpus(
    seed: int = 1, train: int = 40_000, valid: int = 300, test: int = 600
) -> DemoCorpus:
    """Make the corpus of `seed`, with as many pairs as asked for.

    The test set does not depend on the other two sizes.
    """
    stream = examples(seed)
    tested, validated = list(islice(stream, test)), list(islice(stream, valid))
    return DemoCorpus(train=list(islice(stream, train)), valid=validated, test=tested)
