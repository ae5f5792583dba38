"""What a sentence costs by its length: training in batches, and translation piece after piece.

Models have random weights and read random pieces: speed does not know the difference. A batch of
training holds about the same number of pieces at any length; a translation is of one sentence, as
long as its source, greedily, the model's own steps alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from seq2seq.config.schema import ModelConfig, TrainingConfig
from seq2seq.data.batches import gather_batch
from seq2seq.decoding.batching import pad_sources
from seq2seq.models.build import build_model
from seq2seq.models.narrow import Narrow
from seq2seq.nn.mixed import resolve_precision
from seq2seq.runtime.allocation import keep_between_steps
from seq2seq.runtime.devices import choose_device
from seq2seq.runtime.processor import has_fast_bfloat16
from seq2seq.text.tokenizer import BOS, SPECIALS
from seq2seq.training.optimizer import build_optimizer
from seq2seq.training.step import train_step

LENGTHS = (5, 10, 20, 50, 100, 200)
VOCABULARY = 4000
BATCH = 2048  # target pieces of a training batch
REPEATS = 3  # measured after one that does not count; the fastest counts
WIDTH = 256
USUAL = {
    "LSTM": ModelConfig(architecture="recurrent", layers=2, hidden=WIDTH, embedding=WIDTH),
    "LSTM with attention": ModelConfig(
        architecture="bahdanau", layers=1, hidden=WIDTH, embedding=WIDTH
    ),
    "plain RNN": ModelConfig(
        architecture="recurrent", cell="rnn", layers=2, hidden=WIDTH, embedding=WIDTH
    ),
    "Transformer": ModelConfig(layers=3, hidden=WIDTH, heads=4, feed_forward=4 * WIDTH),
}

Note = Callable[[str], None]


@dataclass(frozen=True)
class Costs:
    """Seconds a sentence, by its length in pieces."""

    name: str
    lengths: tuple[int, ...]
    training: tuple[float, ...]
    translation: tuple[float, ...]

    @staticmethod
    def slope(lengths: Sequence[int], seconds: Sequence[float]) -> float:
        """Return the exponent k of seconds ~ length^k, by least squares of logarithms."""
        return float(np.polyfit(np.log(lengths), np.log(seconds), 1)[0])


def measure(
    models: Mapping[str, ModelConfig], lengths: Sequence[int], device: str, note: Note
) -> list[Costs]:
    """Measure each model at each length, one after another."""
    place = choose_device(device)
    keep_between_steps()
    result = []
    for name, config in models.items():
        torch.manual_seed(1)
        model: Any = build_model(config, "forward", VOCABULARY, VOCABULARY).to(place)
        training, translation = [], []
        for length in lengths:
            training.append(_training(model, length))
            translation.append(_translation(model, length, place))
            note(
                f"{name}, {length} pieces: {2 * length / training[-1]:,.0f} pieces a second in "
                f"training, {1 / translation[-1]:,.1f} sentences a second in translation"
            )
        result.append(Costs(name, tuple(lengths), tuple(training), tuple(translation)))
    return result


def _training(model: Any, length: int) -> float:
    count = max(1, BATCH // (length + 1))
    rng = np.random.default_rng(length)
    tokens = rng.integers(len(SPECIALS), VOCABULARY, 2 * count * length).astype(np.uint16)
    offsets = np.arange(2 * count + 1) * length
    batch = gather_batch(tokens, offsets, np.arange(count))
    config = TrainingConfig(max_steps=1)
    optimizer = build_optimizer(model, config)
    precision = resolve_precision(config.precision, model.output.weight.device)
    model.train()
    return _fastest(
        lambda: train_step(model, optimizer, [batch], config, 1e-9, precision), model
    ) / count  # fmt: skip


@torch.inference_mode()
def _translation(model: Any, length: int, device: str) -> float:
    rng = np.random.default_rng(length)
    pieces = rng.integers(len(SPECIALS), VOCABULARY, length).tolist()
    source, lengths = pad_sources([pieces], device)
    model.eval()
    fast = has_fast_bfloat16(torch.device(device))
    searched: Any = Narrow(model, device) if fast else model  # as `Translator` does

    def translate() -> None:
        memory = searched.encode(source, lengths)
        state, last = searched.start(memory), torch.tensor([BOS], device=device)
        for _ in range(length):
            logits, state = searched.step(last, state, memory)
            last = logits.argmax(1)

    return _fastest(translate, model)


def _fastest(work: Callable[[], object], model: Any) -> float:
    device = model.output.weight.device
    seconds = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])
