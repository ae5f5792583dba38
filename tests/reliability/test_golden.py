"""A run that an earlier version made: it translates as it did then, and its training goes on.

`golden/format-1.tar.xz` was made at commit 6edddaa, before recipes had a sum and texts their own
normalisation: number words as in tests/conftest.py, a Transformer of 6,400 weights, 300 steps.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.tar.xz"))


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    return folder


def test_it_translates_as_it_did(cli: Any, golden: Path) -> None:
    done = cli("translate", golden / "run", "--input", golden / "text" / "test.en")
    assert (done.code, done.err) == (0, "")
    assert done.out == (golden / "translations.de").read_text(encoding="utf-8")


def test_its_training_goes_on(cli: Any, golden: Path) -> None:
    arguments = ("--run", golden / "run", "--resume", "--data", golden / "text", "--device", "cpu")
    done = cli("train", *arguments, "--set", "training.max_steps=302")
    assert done.code == 0, done.err
    assert "training from step 300 of 302" in done.err
    assert "damaged" not in done.err
    assert (golden / "run" / "checkpoints" / "step-000000302").is_dir()


def test_there_is_one() -> None:
    assert GOLDEN
