"""Models and a tokenizer that are quick, deterministic, and depend on all they should."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
import torch

from seq2seq.config.schema import DecodingConfig
from seq2seq.decoding.translator import Translator

PRIME = 1_000_003


class Keys(NamedTuple):
    """A memory or a state: one number a row, which stands for all that was read so far."""

    key: torch.Tensor

    def select(self, index):
        return Keys(self.key[index])


@dataclass
class PrefixModel:
    """Logits that depend on the whole source and the whole prefix, through a hash of them."""

    size: int = 20
    one_length_batches: bool = False
    normalised: bool = False
    sharpness: float = 3.0
    end_bonus: float = 0.0
    rows: list = field(default_factory=list)  # seen by each step
    memories: list = field(default_factory=list)
    sources: list = field(default_factory=list)

    def encode(self, source, lengths):
        self.sources.append(source.clone())
        assert (source.gather(1, lengths[:, None] - 1) == 3).all(), "every row ends in EOS"
        key = torch.full((len(source),), 17)
        for column in range(source.shape[1]):
            key = torch.where(column < lengths, (key * 31 + source[:, column]) % PRIME, key)
        return Keys(key)

    def start(self, memory):
        return Keys(torch.full_like(memory.key, 5))

    def step(self, tokens, state, memory):
        self.rows.append(len(tokens))
        self.memories.append(len(memory.key))
        beam = len(tokens) // len(memory.key)
        after = (state.key * 37 + tokens + 11) % PRIME
        mixed = (after + memory.key.repeat_interleave(beam) * 101) % PRIME
        return self.logits(mixed), Keys(after)

    def logits(self, key):
        angles = key[:, None].double() * (torch.arange(self.size) + 1.7).double() * 0.61
        logits = (torch.sin(angles) * self.sharpness).float()
        logits[:, 3] += self.end_bonus
        return logits

    def score(self, source, target):
        """Return log P of `target` (without BOS and EOS), by teacher forcing."""
        lengths = torch.tensor([len(source)])
        memory = self.encode(torch.tensor([source]), lengths)
        state, total = self.start(memory), 0.0
        for before, after in zip([2, *target], [*target, 3], strict=True):
            logits, state = self.step(torch.tensor([before]), state, memory)
            total += logits.log_softmax(1)[0, after].item()
        return total


class Letters:
    """A tokenizer of one piece a character, in words; ids from 4 on."""

    suffix = ".vocab"
    digest = "letters"
    alphabet = "abcdefghijklmnop"
    size = len(alphabet) + 4

    def encode(self, texts):
        for text in texts:
            text.encode()  # as sentencepiece does: no lone surrogates
            assert "\0" not in text
        return [[self.id_of(letter) for letter in "".join(text.split())] for text in texts]

    def id_of(self, letter):
        return self.alphabet.index(letter) + 4 if letter in self.alphabet else 1

    def decode(self, rows):
        return ["".join(self.pieces(row)) for row in rows]

    def spelled(self, text):
        return []

    def unknown(self, text):
        return [letter for letter in "".join(text.split()) if letter not in self.alphabet]

    def join(self, pieces):
        return "".join(pieces)

    def pieces(self, ids):
        return [self.alphabet[i - 4] if i >= 4 else {3: "</s>"}.get(i, "<unk>") for i in ids]


class Echo:
    """A model whose likely translation is its source: it hands on the piece at the position."""

    one_length_batches = False
    normalised = False
    size = Letters.size

    def __init__(self):
        self.sources = []

    def encode(self, source, lengths):
        self.sources.append(source.clone())
        return Rows(source)

    def start(self, memory):
        return Rows(memory.value.new_zeros(len(memory.value), 1))

    def step(self, tokens, state, memory):
        beam = len(tokens) // len(memory.value)
        place = state.value.clamp(max=memory.value.shape[1] - 1)
        wanted = memory.value.repeat_interleave(beam, 0).gather(1, place)
        logits = torch.zeros(len(tokens), self.size).scatter(1, wanted, 30.0)
        return logits, Rows(state.value + 1)

    def align(self, source, lengths, target):
        return None


class Rows(NamedTuple):
    value: torch.Tensor

    def select(self, index):
        return Rows(self.value[index])


@pytest.fixture(scope="session")
def prefix_model():
    return PrefixModel


@pytest.fixture(scope="session")
def letters():
    return Letters()


@pytest.fixture(scope="session")
def echo():
    """A translator that returns its input, unknown letters as <unk>, words joined."""

    def make(model=None, tokenizer=None, **settings):
        tokenizer = tokenizer or Letters()
        settings = {"max_input": 8, **settings}
        return Translator(model or Echo(), tokenizer, tokenizer, DecodingConfig(**settings))

    return make
