"""A model is read once: another process may replace or shorten its files at any moment."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq.errors import ModelError
from seq2seq.files import replace_file
from seq2seq.models import bundle as module
from seq2seq.models import weights
from seq2seq.models.bundle import load_bundle
from seq2seq.models.weights import pack, unpack

QUICK_LOADS = 25


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("checkpoints")
    return Path(shutil.copytree(tiny_run, tmp_path / "run", ignore=ignore))


@contextmanager
def trainer(path: Path, versions: list[bytes], pause: float = 0.005) -> Iterator[None]:
    """Replace a file with one version after the other, as training does, until left."""
    over = threading.Event()

    def work() -> None:
        number = 0
        while not over.wait(pause):
            number += 1
            replace_file(path, versions[number % len(versions)])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_loads_while_a_trainer_replaces_the_weights(run: Path) -> None:
    path = run / "model.safetensors"
    old = path.read_bytes()
    new = pack({name: value * 2 for name, value in unpack(path).items()})
    allowed = [{n: v.sum().item() for n, v in unpack(path).items()}]
    allowed.append({name: value * 2 for name, value in allowed[0].items()})
    with trainer(path, [new, old]):
        for _ in range(QUICK_LOADS):
            model = load_bundle(run).model
            sums = {name: value.sum().item() for name, value in model.named_parameters()}
            assert any(sums == pytest.approx(each, rel=1e-3, abs=1e-3) for each in allowed)


def test_weights_are_opened_once(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name may lead to another file after each system call, even to nothing."""
    path = run / "model.safetensors"
    expected = unpack(path)
    check = weights._entries

    def vanish(*arguments: Any) -> Any:
        path.unlink()
        return check(*arguments)

    monkeypatch.setattr(weights, "_entries", vanish)
    loaded = unpack(path)
    assert all(torch.equal(loaded[name], value) for name, value in expected.items())


@pytest.mark.parametrize("change", [-8, +8])
def test_a_file_that_changes_its_size_while_it_is_read(
    run: Path, monkeypatch: pytest.MonkeyPatch, change: int
) -> None:
    """A mapped file that is shortened kills its reader with SIGBUS."""
    path = run / "model.safetensors"
    check = weights._entries

    def resize(*arguments: Any) -> Any:
        os.truncate(path, path.stat().st_size + change)
        return check(*arguments)

    monkeypatch.setattr(weights, "_entries", resize)
    with pytest.raises(ModelError, match="changed while it was read"):
        unpack(path)


def test_another_model_copied_over_meanwhile(
    run: Path, tmp_path: Path, tiny_recipe: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recipe, tokenizers and weights are of one model: if they do not fit, all are read again."""
    from seq2seq.training.run import train

    other = tmp_path / "other"
    recipe = tiny_recipe("luong", training__max_steps=1, training__validate_every=1)
    for _ in train(recipe, other, device="cpu"):
        pass
    load = module._tokenizers_and_recipe
    times = []

    def interrupted(folder: Path) -> Any:
        loaded = load(folder)
        if not times:
            for name in ("recipe.json", "source.model", "target.model", "model.safetensors"):
                replace_file(run / name, (other / name).read_bytes())
        times.append(folder)
        return loaded

    monkeypatch.setattr(module, "_tokenizers_and_recipe", interrupted)
    assert load_bundle(run).recipe.model.architecture == "luong"
    assert len(times) == 2


def test_a_flipped_digit_in_a_recipe(run: Path, cli: Callable[..., Any], tmp_path: Path) -> None:
    """`"max_ratio": 1.5` as 1.7 is a recipe like any other: only a sum tells."""
    path = run / "recipe.json"
    text = path.read_text()
    assert '"max_ratio": 1.5' in text
    path.write_text(text.replace('"max_ratio": 1.5', '"max_ratio": 1.7'))
    (tmp_path / "in").write_text("one two\n")
    done = cli("translate", run, "--input", tmp_path / "in")
    assert done.code == 4 and done.out == ""
    assert done.err.count("\n") == 1 and "its SHA-256 does not match" in done.err


def test_recipes_of_earlier_versions_have_no_sum(run: Path) -> None:
    document = json.loads((run / "recipe.json").read_bytes())
    del document["sha256"]
    (run / "recipe.json").write_text(json.dumps(document))
    assert load_bundle(run).recipe.seed == 1


@pytest.mark.parametrize("number", [True, 1.0, 0, -1, "1", None, [1]])
def test_a_format_is_a_number(run: Path, number: object) -> None:
    document = json.loads((run / "recipe.json").read_bytes())
    del document["sha256"]
    (run / "recipe.json").write_text(json.dumps({**document, "format": number}))
    with pytest.raises(ModelError, match="names no format"):
        load_bundle(run)


@pytest.mark.parametrize("dtype", ["a" * 5000, ["F32"], {}, None, 1])
def test_a_type_that_is_none(run: Path, cli: Callable[..., Any], dtype: object) -> None:
    """Of a tensor in the header: a list cannot be looked up, and a long name fills the screen."""
    path = run / "model.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    name = next(name for name in header if name != "__metadata__")
    header[name]["dtype"] = dtype
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    done = cli("translate", run, "--input", run / "log.jsonl")
    assert done.code == 4 and done.err.count("\n") == 1 and len(done.err) < 1000
    with pytest.raises(ModelError, match="is no tensor"):  # nothing is known of its shape here
        unpack(path)
