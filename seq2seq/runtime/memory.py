"""How much memory there is, asked before much of it is taken.

Linux grants more than it has and kills without a word whoever uses it, so what cannot fit is
refused beforehand. What counts is the smallest of the machine's available memory, what the control
groups of this process leave it (of version 1 or 2, those above them too: containers and batch
systems set limits there), and its limit of address space. Swap is not counted: weights that live
there train at the speed of a disk.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import torch

from seq2seq.errors import ResourceError

ROOT = Path("/")
GIBI = 1 << 30
UNLIMITED = 1 << 60  # version 1 says so with the largest number of pages
FILES = {  # of a group: its limit, what it uses, and which of that are files that can be dropped
    "memory": (
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
    "": ("memory.max", "memory.current", ("inactive_file", "active_file")),
}


def require_memory(
    needed: int, what: str, way_out: str, device: str = "cpu", root: Path = ROOT
) -> None:
    """Refuse what takes more bytes than there are on the device.

    Raises:
        ResourceError: naming both numbers.
    """
    available = available_memory(device, root)
    if available is not None and needed > available:
        raise ResourceError(
            f"not enough memory: {what} would take {_gibibytes(needed)}, "
            f"and {_gibibytes(available)} is available",
            way_out,
        )


def available_memory(device: str = "cpu", root: Path = ROOT) -> int | None:
    """Return the bytes that this process may still take, or None where nothing tells.

    `root` is where /proc and /sys are looked for.
    """
    if torch.device(device).type == "cuda":
        free, _ = torch.cuda.mem_get_info(torch.device(device))
        return int(free)
    known = [*_of_machine(root), *_of_groups(root), *_of_addresses(root)]
    return min(known, default=None)


def _of_machine(root: Path) -> Iterator[int]:
    table = _table(root / "proc/meminfo")
    if "MemAvailable:" in table:
        yield table["MemAvailable:"] * 1024


def _of_groups(root: Path) -> Iterator[int]:
    """Yield what each control group around this process leaves, innermost first."""
    mounts = list(_mounts(root))
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, kinds, path = line.split(":", 2) if line.count(":") >= 2 else ("", "none", "/")
        for kind, above, place in mounts:
            if kind not in kinds.split(","):
                continue
            # in a container, what is mounted is the group itself, or one above it
            inner = PurePosixPath(path)
            below = inner.relative_to(above) if inner.is_relative_to(above) else PurePosixPath()
            for part in (below, *below.parents):
                yield from _of_group(root / place.lstrip("/") / part, kind)


def _of_group(folder: Path, kind: str) -> Iterator[int]:
    limit, usage, droppable = FILES[kind]
    with contextlib.suppress(ValueError):  # "max", or no such file
        most, used = int(_text(folder / limit)), int(_text(folder / usage))
        if most < UNLIMITED:
            kept = _table(folder / "memory.stat")
            yield max(0, most - used + sum(kept.get(name, 0) for name in droppable))


def _mounts(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield for each hierarchy that counts memory its kind, the group at its root, and its place.

    A line of mountinfo: id, parent, device, root, place, options ... - type, source, options.
    """
    for line in _text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, *options) = before.split(), after.split() or [""]
        if len(fields) < 5:
            continue
        if kind == "cgroup2":
            yield "", fields[3], fields[4]
        elif kind == "cgroup" and options and "memory" in options[-1].split(","):
            yield "memory", fields[3], fields[4]


def _of_addresses(root: Path) -> Iterator[int]:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        yield max(0, limit - _table(root / "proc/self/status").get("VmSize:", 0) * 1024)


def _table(path: Path) -> dict[str, int]:
    """Return the first number of each line by its name."""
    rows = (line.split() for line in _text(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _gibibytes(count: int) -> str:
    return f"{count / GIBI:,.1f} GiB" if count >= GIBI else f"{count / (1 << 20):,.0f} MiB"
