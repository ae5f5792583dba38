"""The worked example of docs/adding-a-cell.md, taken from the page as it stands."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from seq2seq.config.cells import CELLS
from seq2seq.nn.stack import RecurrentStack

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-cell.md"
MODULE = "seq2seq.nn.cells.minimal"


@pytest.fixture
def minimal() -> Iterator[None]:
    """Add the page's file and the page's line, for a while."""
    file, line = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    name, place = re.findall(r'"(.*?)"', line)
    module = ModuleType(MODULE)
    exec(compile(file, str(PAGE), "exec"), module.__dict__)
    sys.modules[MODULE] = module
    CELLS[name] = place
    yield
    del CELLS[name], sys.modules[MODULE]


@pytest.mark.usefixtures("minimal")
def test_it_keeps_the_laws() -> None:
    torch.manual_seed(1)
    stack = RecurrentStack("minimal", 2, 5, 6, dropout=0.0, initial=0.5).double()
    below = torch.randn(7, 3, 5, dtype=torch.float64, requires_grad=True)
    state = stack.initial_states(3, below)
    whole, _ = stack(below, state)
    for time, now in enumerate(below.unbind(0)):
        output, state = stack.step(now, state)
        torch.testing.assert_close(output, whole[time])
    lengths = torch.tensor([7, 2, 4])
    padded, _ = stack(below, stack.initial_states(3, below), lengths)
    torch.testing.assert_close(padded[:2, 1], whole[:2, 1])
    torch.autograd.gradcheck(lambda x: stack(x, stack.initial_states(3, x))[0], (below[:3],))


@pytest.mark.usefixtures("minimal")
def test_the_command_line_knows_it(cli: Callable[..., Any], corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    small = ["text.vocabulary=50", "model.architecture=recurrent", "model.cell=minimal",
             "model.hidden=16", "model.embedding=8", "model.layers=2", "training.max_steps=4",
             "training.validation_sentences=2"]  # fmt: skip
    changes = [part for one in small for part in ("--set", one)]
    data = ("--data", corpus, "--pair", "en-de")
    recipe = tmp_path / "one.toml"
    recipe.write_text("[training]\nmax_steps = 4\n")
    done = cli("train", recipe, *data, "--run", run, *changes, "--device", "cpu")
    assert done.code == 0, done.err
    assert cli("translate", run, "--input", corpus / "test.en").code == 0
    found = cli("inspect", "gates", run, "--sentence", "one two three")
    assert found.code == 0 and "forget" in found.out
    few = ("--cell", "minimal", "--steps", 8, "--layers", 0, "--width", 4)
    assert "minimal" in cli("inspect", "gradients", *few).out


def test_nothing_of_it_stays() -> None:
    assert "minimal" not in CELLS
