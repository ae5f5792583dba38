"""Translations while a trainer replaces the model: each is by one of its models, as a whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seq2seq.files import replace_file

SERVER = Path(__file__).with_name("command_server.py")
ROOT = SERVER.parents[2]
PAUSE = 0.05  # seconds between two models
TRANSLATIONS, SAMPLE = 250, 10
SECONDS = 20  # of processor time for one translation


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, tiny_recipe: Any, corpus: Path) -> list[Path]:
    """Return two runs of one recipe, of 6 and of 12 steps, whose models translate differently."""
    from seq2seq.training.run import train

    folder = tmp_path_factory.mktemp("models")
    runs = []
    for steps in (6, 12):
        run = folder / f"after-{steps}"
        recipe = tiny_recipe(training__max_steps=steps, training__validate_every=steps)
        for _ in train(recipe, run, device="cpu"):
            pass
        shutil.rmtree(run / "checkpoints")
        runs.append(run)
    return runs


@contextmanager
def trainer(path: Path, versions: list[bytes]) -> Iterator[Counter[str]]:
    """Replace a file again and again, as training does, until left; count how often."""
    over, count = threading.Event(), Counter[str]()

    def work() -> None:
        while not over.wait(PAUSE):
            replace_file(path, versions[count["replaced"] % len(versions)])
            count["replaced"] += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield count
    finally:
        over.set()
        thread.join()


@contextmanager
def forks() -> Iterator[Callable[[dict[str, Any]], Any]]:
    """Yield a function that runs a command line in a fork of a warmed process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SERVER)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        requests, answers = process.stdin, process.stdout
        assert requests is not None and answers is not None

        def ask(request: dict[str, Any]) -> Any:
            requests.write(json.dumps(request).encode() + b"\n")
            requests.flush()
            return json.loads(answers.readline())

        yield ask
        requests.close()


def translations(models: list[Path], corpus: Path, folder: Path, count: int) -> Counter[str]:
    """Translate a text `count` times beside a trainer; return how often each model did it."""
    run = Path(shutil.copytree(models[0], folder / "run"))
    versions = [(model / "model.safetensors").read_bytes() for model in models]
    line = ["translate", str(run), "--input", str(corpus / "test.en"), "--device", "cpu"]
    with forks() as ask:
        (first,) = ask({"warm": [line]})
        replace_file(run / "model.safetensors", versions[1])
        second = ask({"arguments": line, "cpu_seconds": SECONDS})
        names = {first["out"]: "before", second["out"]: "after"}
        assert first["code"] == second["code"] == 0 and len(names) == 2
        seen = Counter[str]()
        with trainer(run / "model.safetensors", versions) as replaced:
            for _ in range(count):
                answer = ask({"arguments": line, "cpu_seconds": SECONDS})
                seen[names.get(answer["out"], f"{answer['code']}: {answer['err']}")] += 1
    print(f"{count} translations, {replaced['replaced']} models: {dict(seen)}")
    return seen


def test_a_few_translations(models: list[Path], corpus: Path, tmp_path: Path) -> None:
    assert set(translations(models, corpus, tmp_path, SAMPLE)) <= {"before", "after"}


@pytest.mark.slow
def test_250_translations(models: list[Path], corpus: Path, tmp_path: Path) -> None:
    seen = translations(models, corpus, tmp_path, TRANSLATIONS)
    assert set(seen) == {"before", "after"} and seen.total() == TRANSLATIONS
