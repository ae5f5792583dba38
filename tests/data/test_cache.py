"""Cache folders: built once, never used half-built, rebuilt where damaged."""

from __future__ import annotations

import os
import time

import pytest

from seq2seq.data.cache import STALE, cached
from seq2seq.errors import DataError, ModelError, ResourceError


def build(folder):
    (folder / "x").write_text("whole")


def read(folder):
    text = (folder / "x").read_text()
    if text == "damaged":
        raise ValueError(text)
    if text == "hostile":
        raise ModelError(text)
    return text


def forbidden(folder):
    raise AssertionError("built twice")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_built_once(tmp_path):
    place = tmp_path / "deep" / "key"
    assert cached(place, build, read) == "whole"
    assert cached(place, forbidden, read) == "whole"
    assert names(tmp_path / "deep") == ["key"]


@pytest.mark.parametrize("state", ["damaged", "hostile", None])
def test_a_damaged_folder_is_built_anew(tmp_path, state):
    place = tmp_path / "key"
    place.mkdir()
    if state:
        (place / "x").write_text(state)
    else:
        (place / "other").touch()
    assert cached(place, build, read) == "whole"
    assert names(tmp_path) == ["key"]


def test_a_build_that_fails_leaves_nothing(tmp_path):
    def fail(folder):
        build(folder)
        raise DataError("bad text")

    with pytest.raises(DataError):
        cached(tmp_path / "key", fail, read)
    assert names(tmp_path) == []


def test_a_full_disk_says_what_to_set(tmp_path):
    def fail(folder):
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match="No space left on device; .*SEQ2SEQ_CACHE"):
        cached(tmp_path / "key", fail, read)
    assert names(tmp_path) == []


def test_a_place_that_cannot_be_made_says_what_to_set(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match="SEQ2SEQ_CACHE"):
        cached(tmp_path / "file" / "key", build, read)


def test_who_comes_second_takes_the_folder_of_the_first(tmp_path):
    place = tmp_path / "key"

    def slow(folder):
        build(folder)
        cached(place, lambda other: (other / "x").write_text("first") and None, read)
        folder.mkdir(exist_ok=True)  # in one process both builders share a name
        build(folder)

    assert cached(place, slow, read) == "first"
    assert names(tmp_path) == ["key"]


def test_litter_of_dead_builders_is_swept(tmp_path):
    for name, age in ((".tmp-old-1", STALE + 60), (".tmp-new-1", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    cached(tmp_path / "key", build, read)
    assert names(tmp_path) == [".tmp-new-1", "key"]
