"""What cannot fit is refused, by the least of all limits, before it is taken."""

from __future__ import annotations

import os
import resource
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seq2seq.errors import ResourceError
from seq2seq.runtime import memory
from seq2seq.runtime.memory import available_memory, require_memory

MEBI = 1 << 20
TWO = "31 25 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
ONE = (
    "33 32 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Path]:
    """Lay out /proc and /sys of a machine with 1000 MiB available."""

    def make(groups: str = "", mounts: str = "", **files: tuple[str, str, str]) -> Path:
        proc, root = tmp_path / "proc/self", tmp_path / "sys/fs/cgroup"
        proc.mkdir(parents=True)
        (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  1024000 kB\n")
        (proc / "cgroup").write_text(groups)
        (proc / "mountinfo").write_text(mounts)
        for name, (limit, usage, stat) in files.items():
            folder = root / name.replace("__", "/").strip("/")
            folder.mkdir(parents=True, exist_ok=True)
            first = name.startswith("memory")
            (folder / ("memory.limit_in_bytes" if first else "memory.max")).write_text(limit)
            (folder / ("memory.usage_in_bytes" if first else "memory.current")).write_text(usage)
            (folder / "memory.stat").write_text(stat)
        return tmp_path

    return make


def mebi(count: int) -> str:
    return f"{count * MEBI}\n"


def test_the_machine_itself(machine: Callable[..., Path], tmp_path: Path) -> None:
    assert available_memory(root=machine()) == 1000 * MEBI
    assert available_memory(root=tmp_path / "nowhere") is None
    require_memory(1 << 60, "x", "y", root=tmp_path / "nowhere")  # where nothing is known


def test_groups_of_version_2(machine: Callable[..., Path]) -> None:
    """The innermost group has no limit here, the one above it has; cached files do not count."""
    kept = f"anon 5\ninactive_file {10 * MEBI}\nactive_file {20 * MEBI}\nshmem 7\n"
    root = machine(
        "0::/batch/job\n", TWO,
        batch__job=("max\n", mebi(300), ""), batch=(mebi(512), mebi(312), kept),
    )  # fmt: skip
    assert available_memory(root=root) == 230 * MEBI


def test_groups_of_version_1(machine: Callable[..., Path]) -> None:
    kept = f"total_inactive_file {50 * MEBI}\ntotal_active_file 0\ninactive_file 99\n"
    root = machine(
        "9:name=systemd:/\n4:cpuset,memory:/a/b\n0::/\n", ONE,
        memory=("9223372036854771712\n", mebi(900), ""),
        memory__a=(mebi(400), mebi(250), kept), memory__a__b=(mebi(500), mebi(200), ""),
    )  # fmt: skip
    assert available_memory(root=root) == 200 * MEBI


def test_a_container_sees_its_own_group_at_the_root(machine: Callable[..., Path]) -> None:
    """By its own name space, or mounted from above under a name that is not seen inside."""
    mounts = "31 25 0:27 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    root = machine("0::/docker/abc\n", mounts, __=(mebi(100), mebi(40), ""))
    assert available_memory(root=root) == 60 * MEBI
    (root / "proc/self/cgroup").write_text("0::/\n")
    assert available_memory(root=root) == 60 * MEBI


def test_more_used_than_allowed_leaves_nothing(machine: Callable[..., Path]) -> None:
    root = machine("0::/\n", TWO, __=(mebi(100), mebi(140), ""))
    assert available_memory(root=root) == 0


def test_the_limit_of_addresses(
    machine: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = machine()
    (root / "proc/self/status").write_text("Name: x\nVmSize:\t  102400 kB\n")
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (300 * MEBI, 300 * MEBI))
    assert available_memory(root=root) == 200 * MEBI


def test_both_numbers_are_told(machine: Callable[..., Path]) -> None:
    root = machine()
    require_memory(1000 * MEBI, "this", "that", root=root)
    with pytest.raises(ResourceError) as caught:
        require_memory(1000 * MEBI + 1, "this", "buy some", root=root)
    assert str(caught.value) == (
        "not enough memory: this would take 1,000 MiB, and 1,000 MiB is available; buy some"
    )
    with pytest.raises(ResourceError, match=r"2\.5 GiB"):
        require_memory(2560 * MEBI, "this", "that", root=root)


def test_sizes_that_cannot_fit(cli: Any, corpus: Path, tmp_path: Path) -> None:
    """Refused by a run before its text is prepared, and by --dry-run, which shows the sizes too."""
    large = ("--set", "model.hidden=16384", "--set", "model.layers=64")
    for last in (("--run", tmp_path / "run"), ("--dry-run",)):
        done = cli("train", "--data", corpus, "--pair", "en-de", *large, *last)
        assert done.code == 5
        error = done.err.splitlines()[-1]
        assert error.startswith("error: not enough memory: training ") and "GiB is av" in error
        assert "lower model.hidden" in error
        assert ("all without biases" in done.out) == (last == ("--dry-run",))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20  # KiB; it takes terabytes


@pytest.mark.parametrize("command", ["translate", "evaluate", "score"])
def test_weights_that_cannot_fit(
    cli: Any, corpus: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda *_: 20_000)
    source, target = corpus / "test.en", corpus / "test.de"
    done = cli(command, tiny_run, *{
        "translate": ("--input", source),
        "evaluate": ("--source", source, "--reference", target),
        "score": ("--source", source, "--target", target),
    }[command])  # fmt: skip
    assert (done.code, done.out) == (5, "")
    assert "error: not enough memory: loading " in done.err and "model.safetensors" in done.err


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A real control group of 512 MiB, where this machine lets one be made."""
    if os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        parent, limit = Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"
    else:
        parent, limit = Path("/sys/fs/cgroup"), "memory.max"
    group = parent / f"seq2seq-{uuid.uuid4().hex}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error.strerror}")
    try:
        (group / limit).write_text(str(512 * MEBI))
        yield group
    except OSError as error:
        pytest.skip(f"no limit can be set here: {error.strerror}")
    finally:
        group.rmdir()


def test_a_group_of_512_mib(
    start: Any, corpus: Path, tmp_path: Path, small_group: Path
) -> None:
    """What does not fit into it is refused, where the kernel would kill without a word."""
    process = start(
        "train", "--data", corpus, "--pair", "en-de", "--run", tmp_path / "run",
        "--set", "model.hidden=1024", "--quiet",
    )  # fmt: skip
    (small_group / "cgroup.procs").write_text(str(process.pid))
    _, err = process.communicate()
    assert process.returncode == 5
    assert err.startswith(b"error: not enough memory: training ") and b"MiB is available" in err
