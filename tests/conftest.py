"""A tiny corpus, tiny recipes, one tiny trained run, and the command line, for all tests."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # a process a core: more threads would only wait
    os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("untimed", deadline=None)  # a busy machine fails no test
settings.load_profile("untimed")

WORDS = {
    "zero": "null", "one": "eins", "two": "zwei", "three": "drei", "four": "vier", "five": "fünf",
    "six": "sechs", "seven": "sieben", "eight": "acht", "nine": "neun", "ten": "zehn",
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "recurrent": {
        "architecture": "recurrent", "layers": 2, "hidden": 16, "embedding": 8, "dropout": 0.1,
    },
    "bahdanau": {
        "architecture": "bahdanau", "layers": 1, "hidden": 16, "embedding": 8, "dropout": 0.1,
    },
    "luong": {
        "architecture": "luong", "layers": 2, "hidden": 16, "embedding": 8, "dropout": 0.1,
    },
    "gnmt": {
        "architecture": "gnmt", "layers": 3, "hidden": 16, "embedding": 8, "dropout": 0.1,
        "attention": "additive", "input_feeding": False,
    },
    "transformer": {
        "architecture": "transformer", "layers": 1, "hidden": 16, "heads": 2, "feed_forward": 32,
        "dropout": 0.1, "tie": "all",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What a command line came to."""

    code: int
    out: str
    err: str


def pair_of_lines(draw: random.Random) -> tuple[str, str]:
    """Return a sentence of number words and its translation, which ends with the first word."""
    words = draw.choices(list(WORDS), k=draw.randint(2, 7))
    return " ".join(words), " ".join(WORDS[word] for word in [*words[1:], words[0]])


def write_pairs(folder: Path, name: str, count: int, seed: int) -> None:
    draw = random.Random(seed)
    pairs = [pair_of_lines(draw) for _ in range(count)]
    for side, language in enumerate(("en", "de")):
        text = "".join(pair[side] + "\n" for pair in pairs)
        (folder / f"{name}.{language}").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the user's own cache out of it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQ2SEQ_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def make_corpus() -> Callable[[Path], Path]:
    """Fill a folder with a few hundred pairs in text files."""

    def make(folder: Path, *, seed: int = 1) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, count in (("train", 300), ("valid", 12), ("test", 20)):
            write_pairs(folder, name, count, seed=seed * 1000 + count)
        return folder

    return make


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, make_corpus: Callable[[Path], Path]) -> Path:
    return make_corpus(tmp_path_factory.mktemp("text") / "numbers")


@pytest.fixture(scope="session")
def tiny_recipe(corpus: Path) -> Callable[..., Any]:
    """Return a recipe that trains in a second, with changes as `section__field=value`."""
    import torch

    from seq2seq.config.schema import Recipe

    torch.set_num_threads(1)

    def make(architecture: str = "transformer", **changes: Any) -> Recipe:
        values: dict[str, Any] = {
            "data": {"path": str(corpus), "pair": "en-de"},
            "text": {"vocabulary": 50},
            "model": dict(MODELS[architecture]),
            "training": {
                "max_steps": 12,
                "batch_tokens": 300,
                "warmup": 10,
                "learning_rate": 0.004,  # with more, what it learns first is to write nothing
                "save_every": 4,
                "validate_every": 6,
                "validation_sentences": 4,
                "log_every": 2,
                "precision": "float32",
            },
            "decoding": {"max_ratio": 1.5, "max_extra": 3},
        }
        if architecture == "recurrent":
            values["text"]["source_order"] = "reverse"
        for key, value in changes.items():
            section, _, field = key.partition("__")
            if field:
                values[section][field] = value
            else:
                values[section] = value
        return Recipe.model_validate(values)

    return make


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_recipe: Callable[..., Any]) -> Path:
    """Return a finished run directory; tests copy it before they write into it."""
    from seq2seq.training.run import train

    run = tmp_path_factory.mktemp("runs") / "tiny"
    for _ in train(tiny_recipe(), run, device="cpu", command="seq2seq train tiny"):
        pass
    return run


@pytest.fixture
def bfloat16() -> None:
    """Skip the test on a processor that cannot train in bfloat16."""
    import torch

    from seq2seq.runtime.processor import has_bfloat16

    if not has_bfloat16(torch.device("cpu")):
        pytest.skip("this processor has no bfloat16, or it is masked")


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run the command line in this process."""
    from seq2seq.commands.app import main

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["seq2seq", *map(str, arguments)])
        stdout = sys.stdout
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        handlers = {number: signal.getsignal(number) for number in numbers}
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        finally:  # main() is made for a process that ends with it
            sys.stdout = stdout
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Done(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[bytes]]:
    """Start the command line in a process of its own, with one thread."""

    def launch(*arguments: object, **environment: str) -> subprocess.Popen[bytes]:
        settings = {
            **os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment
        }  # fmt: skip
        # Where the tests themselves run in the background, SIGINT is ignored, and by children too.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "seq2seq", *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=settings,
            )
        finally:
            signal.signal(signal.SIGINT, handler)

    return launch
