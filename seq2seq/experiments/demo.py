"""The demo: the 2014 model on the embedded corpus, beside a word-for-word dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seq2seq.config.schema import Recipe
from seq2seq.data.demo import PHENOMENA, Example, demo_corpus, word_for_word
from seq2seq.decoding.stream import translate_lines
from seq2seq.decoding.translator import Translator
from seq2seq.metrics.corpus import score
from seq2seq.metrics.statistics import Score
from seq2seq.models.bundle import RECIPE
from seq2seq.training.events import Event
from seq2seq.training.run import train


@dataclass(frozen=True)
class Phenomenon:
    """How well one phenomenon of grammar is translated."""

    name: str
    sentences: int
    model: float  # BLEU
    dictionary: float  # BLEU


@dataclass(frozen=True)
class DemoResult:
    """What the demo found on sentences that are not in its training text."""

    model: Score
    dictionary: Score
    phenomena: list[Phenomenon]
    translations: list[tuple[Example, str]]  # one for each phenomenon


def train_demo(recipe: Recipe, run: Path, *, device: str, command: str) -> Iterator[Event]:
    """Train the demo's model, or go on with it, or find it finished."""
    resume = (run / RECIPE).exists()
    return train(recipe, run, resume=resume, device=device, command=command)


def score_demo(run: Path, *, device: str, note: Callable[[str], None]) -> DemoResult:
    """Translate the test sentences with the trained model and the dictionary, and score both."""
    examples = demo_corpus(train=0).test
    translator = Translator.load(run, device=device)
    best, messages = translate_lines(translator, [example.source for example in examples])
    for message in messages:
        note(message)
    translations = [translation.text for translation in best]
    by_word = [word_for_word(each.source) for each in examples]
    phenomena, shown = [], []
    for name in PHENOMENA:
        places = [place for place, each in enumerate(examples) if each.phenomenon == name]
        if not places:
            continue
        own = [
            _bleu([texts[p] for p in places], examples, places) for texts in (translations, by_word)
        ]
        phenomena.append(Phenomenon(name, len(places), own[0].value, own[1].value))
        shown.append((examples[places[0]], translations[places[0]]))
    everywhere = list(range(len(examples)))
    return DemoResult(
        _bleu(translations, examples, everywhere),
        _bleu(by_word, examples, everywhere),
        phenomena,
        shown,
    )


def _bleu(translations: list[str], examples: list[Example], places: list[int]) -> Score:
    references = [examples[place].target for place in places]
    return score(translations, [references], metrics=("BLEU",))["BLEU"]
