"""What gates do: names and numbers are the cell's own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from seq2seq.analysis.gates import Read, read_gates
from seq2seq.config.cells import CELLS
from seq2seq.models.bundle import load_bundle
from seq2seq.training.run import train


@pytest.fixture(scope="module")
def lstm(tiny_recipe: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("gates") / "lstm"
    list(train(tiny_recipe("recurrent"), run, device="cpu", command=""))
    return run


def test_an_lstm_by_hand(lstm: Path) -> None:
    first, second = read_gates(lstm, "one two three")
    assert list(first.values) == ["forget", "input", "output", "hidden", "memory"]
    bundle = load_bundle(lstm)
    model: Any = bundle.model
    pieces = bundle.source.encode(["one two three"])[0]
    assert first.pieces[:-1] == bundle.source.pieces(pieces[::-1])  # in the order of reading
    embedded = model.source_embedding(torch.tensor([pieces[-1]]))
    layer = model.encoder.layers[0]
    i, f, _, o = F.linear(embedded, layer.input_weight, layer.bias).sigmoid().chunk(4, -1)
    torch.testing.assert_close(first.values["forget"][:1], f)
    torch.testing.assert_close(first.values["input"][:1], i)
    torch.testing.assert_close(first.values["output"][:1], o)
    final = model.encode(torch.tensor([[*pieces, 3]]), torch.tensor([len(pieces) + 1]))
    torch.testing.assert_close(second.values["memory"][-1], final.layers[1].memory[0])


def test_half_lives() -> None:
    steady = Read(1, ["a"] * 5, {"forget": torch.full((5, 3), 0.9), "output": torch.ones(5, 3)})
    assert steady.half_lives() == {"forget": pytest.approx([math.log(0.5) / math.log(0.9)] * 3)}
    highway = Read(1, ["a"], {"transform 1": torch.full((1, 2), 0.25)})
    assert highway.half_lives()["transform 1"] == pytest.approx(
        [math.log(0.5) / math.log(0.75)] * 2
    )


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_names_its_gates(
    cell: str, tiny_recipe: Callable[..., Any], tmp_path: Path
) -> None:
    model = {"architecture": "recurrent", "cell": cell, "layers": 2, "hidden": 12, "embedding": 8}
    recipe = tiny_recipe("recurrent", model=model, training__max_steps=2)
    list(train(recipe, tmp_path / "run", device="cpu", command=""))
    for read in read_gates(tmp_path / "run", "one two"):
        for name, values in read.values.items():
            assert values.shape == (len(read.pieces), 12), name
            if name not in ("hidden", "memory"):
                assert bool((values > 0).all() and (values < 1).all())


def test_the_command(cli: Callable[..., Any], lstm: Path, tmp_path: Path) -> None:
    picture = tmp_path / "gates.svg"
    done = cli("inspect", "gates", lstm, "--sentence", "one two three", "--output", picture)
    assert done.code == 0, done.err
    assert "layer 2" in done.out and "one unit of ten" in done.out and "<svg" in picture.read_text()
    document = json.loads(cli("inspect", "gates", lstm, "--sentence", "one", "--json").out)
    assert len(document) == 2 and len(document[0]["values"]["forget"][0]) == 16


def test_what_cannot_be_read(cli: Callable[..., Any], lstm: Path, tiny_run: Path) -> None:
    assert cli("inspect", "gates", lstm, "--sentence", " ").code == 3
    done = cli("inspect", "gates", tiny_run, "--sentence", "one")
    assert done.code == 4 and "transformer" in done.err
