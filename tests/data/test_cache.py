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


def test_a_bound_of_the_cache_through_the_command_line(cli, corpus, tmp_path, monkeypatch):
    """It is told with its size; what was not used for longest goes; what is in use stays."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("SEQ2SEQ_CACHE", str(cache))
    look = ("train", "--data", corpus, "--pair", "en-de", "--set", "text.vocabulary=50",
            "--dry-run")  # fmt: skip
    first = cli(*look)
    assert f"prepared text is kept in {cache}: 0." in first.err
    assert "MB of at most 20 GB (SEQ2SEQ_CACHE_GB); it can be deleted at any time" in first.err
    before = set(cache.glob("*/*"))
    (cache / "mine.txt").write_text("left alone")
    month, day_ahead = time.time() - 30 * 24 * 3600, time.time() + 2 * 24 * 3600
    for name, age in (("old", month), ("ahead", day_ahead)):  # as before a clock was set back
        (cache / "corpora" / name).mkdir()
        (cache / "corpora" / name / "tokens").write_bytes(b"0" * 1000)
        os.utime(cache / "corpora" / name, (age, age))
    monkeypatch.setenv("SEQ2SEQ_CACHE_GB", "0")
    second = cli(*look)
    assert second.code == 0 and "of old entries were removed" in second.err
    assert set(cache.glob("*/*")) == before and (cache / "mine.txt").exists()
    for path in before:
        os.utime(path, (month, month))
    other = cli(*look, "--set", "text.vocabulary=40")
    assert other.code == 0
    left = before & set(cache.glob("*/*"))  # how train and test overlap is the same for both
    assert "of old entries were removed" in other.err
    assert {path.parent.name for path in left} <= {"overlaps"}
    monkeypatch.setenv("SEQ2SEQ_CACHE_GB", "much")
    wrong = cli(*look)
    assert wrong.code == 2
    assert "error: SEQ2SEQ_CACHE_GB is 'much', not a number of gigabytes; such as" in wrong.err


def test_half_built_folders_go_although_the_clock_was_set_back(cli, corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQ2SEQ_CACHE", str(tmp_path))
    dead = tmp_path / "corpora" / ".tmp-half-999999999"
    dead.mkdir(parents=True)
    os.utime(dead, (4e9, 4e9))  # in 2096
    done = cli("train", "--data", corpus, "--pair", "en-de", "--set", "text.vocabulary=50",
               "--dry-run")  # fmt: skip
    assert done.code == 0 and not dead.exists()
