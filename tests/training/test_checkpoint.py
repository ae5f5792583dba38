"""A checkpoint is whole or not there, and what is damaged is never taken."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from seq2seq import files as writing
from seq2seq.errors import ModelError, ResourceError
from seq2seq.training import checkpoint as module
from seq2seq.training.checkpoint import (
    checkpoint_path,
    damage,
    newest_checkpoint,
    prune,
    save_checkpoint,
    sweep,
    whole_checkpoints,
)

FILES = {
    "weights.safetensors": b"weights" * 99,
    "optimizer.safetensors": b"moments",
    "state.json": b"{}",
}
NAMES = [*FILES, "manifest.json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoints"
    for step in (3, 6, 9):
        save_checkpoint(place, step, {**FILES, "state.json": str(step).encode()})
    return place


def steps(folder: Path) -> list[int]:
    return sorted(int(path.name.removeprefix("step-")) for path in folder.iterdir())


def never(message: str) -> None:
    raise AssertionError(message)


def test_what_is_saved(folder: Path) -> None:
    place = folder / "step-000000009"
    assert {path.name for path in place.iterdir()} == set(NAMES)
    assert (place / "weights.safetensors").read_bytes() == FILES["weights.safetensors"]
    manifest = json.loads((place / "manifest.json").read_bytes())
    assert manifest["step"] == 9 and manifest["format"] == 1
    assert set(manifest["files"]) == set(FILES)
    assert damage(place) == ""
    assert newest_checkpoint(folder, never) == place == checkpoint_path(folder, 9)


def test_the_umask_is_obeyed(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        place = save_checkpoint(tmp_path / "c", 1, FILES)
    finally:
        os.umask(before)
    assert (place / "state.json").stat().st_mode & 0o777 == 0o640


def test_no_checkpoints(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "none", never) is None
    assert newest_checkpoint(tmp_path, never) is None


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def linked(path: Path) -> None:
    path.rename(path.parent.parent / "aside")
    path.symlink_to(path.parent.parent / "aside")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("harm", [truncated, emptied, flipped, os.unlink], ids=lambda f: f.__name__)
def test_damage_is_told_and_the_one_before_is_taken(
    folder: Path, name: str, harm: Callable[[Path], None]
) -> None:
    harm(folder / "step-000000009" / name)
    told: list[str] = []
    assert newest_checkpoint(folder, told.append) == folder / "step-000000006"
    (message,) = told
    assert message.startswith("checkpoint step 9 is damaged (")
    if (name, harm) != ("manifest.json", flipped):  # that one tells of another file's sum
        assert name in message
    assert message.endswith("trying the one before")


def test_links_are_damage(folder: Path) -> None:
    linked(folder / "step-000000009" / "state.json")
    assert "state.json" in damage(folder / "step-000000009")


@pytest.mark.parametrize(
    "name", ["../step-000000006/state.json", "/etc/passwd", "a/../../b", "", ".", "con\x00"]
)
def test_a_manifest_names_only_files_beside_it(folder: Path, name: str) -> None:
    place = folder / "step-000000009"
    manifest = json.loads((place / "manifest.json").read_bytes())
    manifest["files"][name] = manifest["files"]["state.json"]
    (place / "manifest.json").write_text(json.dumps(manifest))
    assert damage(place)


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": []}', '{"files": {"state.json": 3}}', "9"])
def test_manifests_that_are_something_else(folder: Path, text: str) -> None:
    (folder / "step-000000009" / "manifest.json").write_text(text)
    assert damage(folder / "step-000000009") == "manifest.json: unreadable"


def test_all_damaged(folder: Path) -> None:
    for step in (3, 6, 9):
        truncated(checkpoint_path(folder, step) / "weights.safetensors")
    told: list[str] = []
    with pytest.raises(ModelError, match="every checkpoint .* is damaged"):
        newest_checkpoint(folder, told.append)
    assert [message.split()[2] for message in told] == ["9", "6", "3"]
    assert not told[-1].endswith("trying the one before")


def test_a_step_saved_again_replaces_the_old_one(folder: Path) -> None:
    flipped(folder / "step-000000009" / "weights.safetensors")
    place = save_checkpoint(folder, 9, FILES)
    assert damage(place) == "" and steps(folder) == [3, 6, 9]


def test_prune_keeps_the_newest(folder: Path) -> None:
    prune(folder, 2, 9, 3)
    assert steps(folder) == [6, 9]
    prune(folder, 2, 9, 3)
    assert steps(folder) == [6, 9]


def test_prune_lets_go_of_what_signals_left(folder: Path) -> None:
    save_checkpoint(folder, 10, FILES)
    prune(folder, 3, 10, 3)
    assert steps(folder) == [6, 9, 10]
    save_checkpoint(folder, 12, FILES)
    prune(folder, 3, 12, 3)
    assert steps(folder) == [6, 9, 12]


def test_whole_checkpoints_are_the_newest_that_verify(folder: Path) -> None:
    flipped(folder / "step-000000006" / "weights.safetensors")
    places = [checkpoint_path(folder, step) for step in (9, 3)]
    assert whole_checkpoints(folder, 9) == places
    assert whole_checkpoints(folder, 8) == places[1:]


def test_prune_does_not_count_later_ones_that_a_resume_passed_by(folder: Path) -> None:
    prune(folder, 2, 6, 3)
    assert steps(folder) == [3, 6, 9]
    prune(folder, 1, 6, 3)
    assert steps(folder) == [6, 9]


def test_order_is_by_number(tmp_path: Path) -> None:
    for step in (999_999_999, 5, 1_000_000_001):
        save_checkpoint(tmp_path / "c", step, FILES)
    assert newest_checkpoint(tmp_path / "c", never) == checkpoint_path(
        tmp_path / "c", 1_000_000_001
    )


def test_what_a_kill_leaves_is_no_checkpoint_and_is_swept(folder: Path) -> None:
    shutil.copytree(folder / "step-000000009", folder / ".tmp-step-000000012-77")
    shutil.copytree(folder / "step-000000009", folder / ".del-step-000000001-77")
    (folder / "step-x").mkdir()
    (folder / "notes.txt").write_text("mine")
    assert newest_checkpoint(folder, never) == folder / "step-000000009"
    sweep(folder)
    left = {path.name for path in folder.iterdir()}
    assert left == {"step-000000003", "step-000000006", "step-000000009", "step-x", "notes.txt"}
    sweep(folder / "none")


class Recorder:
    """Notes the order of what matters for a crash: forcing to disk, and renaming."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.fsync, self.rename = os.fsync, os.rename
        patch.setattr(os, "fsync", self.note_fsync)
        patch.setattr(os, "rename", self.note_rename)

    def note_fsync(self, descriptor: int) -> None:
        self.seen.append("sync " + os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        self.fsync(descriptor)

    def note_rename(self, old: Path, new: Path) -> None:
        self.seen.append(f"rename {Path(new).name}")
        self.rename(old, new)


def test_the_order_of_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Recorder(monkeypatch).seen
    save_checkpoint(tmp_path / "c", 7, FILES)
    temporary = f".tmp-step-000000007-{os.getpid()}"
    assert seen == [
        *(f"sync {name}" for name in FILES),
        "sync manifest.json",
        f"sync {temporary}",
        "rename step-000000007",
        "sync c",
    ]


@pytest.mark.parametrize("broken", ["write", "manifest", "rename"])
def test_a_full_disk_leaves_the_last_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    write = writing.write_durable

    def fail_late(path: Path, data: bytes) -> None:
        return fail() if path.name == "manifest.json" else write(path, data)

    with monkeypatch.context() as patch:
        if broken == "rename":
            patch.setattr(os, "rename", fail)
        else:
            patch.setattr(module, "write_durable", fail if broken == "write" else fail_late)
        with pytest.raises(ResourceError) as caught:
            save_checkpoint(folder, 12, FILES)
    assert "cannot write checkpoint step 12" in str(caught.value)
    assert "No space left on device" in str(caught.value)
    assert steps(folder) == [3, 6, 9]
    assert newest_checkpoint(folder, never) == folder / "step-000000009"


@pytest.mark.parametrize("number", [True, 1.0, 0, -1, "1", None, 2])
def test_a_manifest_names_its_format(folder: Path, number: object) -> None:
    manifest = folder / "step-000000009" / "manifest.json"
    document = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({**document, "format": number}))
    assert damage(manifest.parent) == f"manifest.json: format {number}"
