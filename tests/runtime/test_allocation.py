"""What is kept from step to step is asked for without overruling the user."""

from __future__ import annotations

import os

import pytest

from seq2seq.runtime.allocation import SHAPES, keep_between_steps


def test_code_of_more_shapes_is_kept_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, wanted = SHAPES
    monkeypatch.setenv(name, "7")
    keep_between_steps()
    assert os.environ[name] == "7"
    monkeypatch.delenv(name)
    keep_between_steps()
    assert os.environ[name] == wanted
