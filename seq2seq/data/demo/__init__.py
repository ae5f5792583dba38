"""The corpus that comes with the toolkit: English and French from a grammar of its own.

The grammar builds each sentence in both languages at once (`phrases`, `clauses`). Its patterns
stand for what makes French hard to translate word by word (`describing`, `asking`, `placing`), and
`corpus` deals them out. The words are in `lexicon.toml`.
"""

from __future__ import annotations

from seq2seq.data.demo.corpus import PHENOMENA, DemoCorpus, Example, demo_corpus, examples
from seq2seq.data.demo.dictionary import dictionary, word_for_word
from seq2seq.data.demo.lexicon import lexicon

__all__ = [
    "PHENOMENA",
    "DemoCorpus",
    "Example",
    "demo_corpus",
    "dictionary",
    "examples",
    "lemma_count",
    "word_for_word",
]


def lemma_count() -> int:
    """Count the lemmas of the lexicon: dictionary words, function words not included."""
    return lexicon().size()
