"""The picture of an alignment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from seq2seq.analysis.attention import look


def test_rows_are_spread_over_the_source(tiny_run: Path) -> None:
    found = look(tiny_run, "one two three", "zwei drei eins")
    assert found.weights.shape == (len(found.target), len(found.source))
    np.testing.assert_allclose(found.weights.sum(1), 1.0, rtol=1e-5)
    assert found.source[-1] == "</s>" and "".join(found.target).replace("▁", " ").strip()


def test_the_command(cli: Callable[..., Any], tiny_run: Path, tmp_path: Path) -> None:
    picture = tmp_path / "look.pdf"
    done = cli("inspect", "attention", tiny_run, "--sentence", "one two", "--output", picture)
    assert done.code == 0, done.err
    assert "looked at" in done.out and picture.read_bytes().startswith(b"%PDF")
    wanted = ("--sentence", "one two", "--target", "zwei eins", "--json")
    document = json.loads(cli("inspect", "attention", tiny_run, *wanted).out)
    assert len(document["weights"]) == len(document["target"])
    nowhere = tmp_path / "nowhere" / "look.png"
    done = cli("inspect", "attention", tiny_run, "--sentence", "one", "--output", nowhere)
    assert done.code == 5 and f"cannot write into {nowhere.parent}" in done.err


def test_what_has_no_attention(
    cli: Callable[..., Any], tiny_recipe: Callable[..., Any], tiny_run: Path, tmp_path: Path
) -> None:
    from seq2seq.training.run import train

    recipe = tiny_recipe("recurrent", training__max_steps=2)
    list(train(recipe, tmp_path / "run", device="cpu", command=""))
    done = cli("inspect", "attention", tmp_path / "run", "--sentence", "one two")
    assert done.code == 4 and "no attention" in done.err
    assert cli("inspect", "attention", tiny_run, "--sentence", "").code == 3


def test_what_is_too_much_or_too_little_to_see(
    cli: Callable[..., Any], tiny_run: Path, tmp_path: Path
) -> None:
    """A picture of 3,000 pieces once ended in "not enough memory"."""
    picture = tmp_path / "look.png"
    call = ("inspect", "attention", tiny_run, "--output", picture)
    done = cli(*call, "--sentence", "one " * 500, "--target", "eins " * 500)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "pixels, more than 100,000,000; show less" in done.err and not picture.exists()
    done = cli(*call, "--sentence", "\u200b\u2060")
    assert done.code == 3 and "there is nothing to translate" in done.err
