"""Where the work is done: a device by name, and the memory that was taken for it."""

from __future__ import annotations

import resource
import sys

import torch

from seq2seq.errors import ResourceError, UsageError


def choose_device(name: str) -> str:
    """Return a device that is there: `auto` is a GPU where there is one, else the CPU.

    Raises:
        UsageError: the name is none of auto, cpu, cuda, cuda:N.
        ResourceError: the device is not there.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return name
    kind, _, number = name.partition(":")
    if kind != "cuda" or (name != "cuda" and not number.isdecimal()):
        raise UsageError(f"there is no device {name!r}", "use auto, cpu, cuda or cuda:N")
    if int(number or 0) >= torch.cuda.device_count() or not torch.cuda.is_available():
        raise ResourceError(
            f"device {name} is not there", "use --device cpu, or leave --device out"
        )
    return name


def peak_memory() -> int:
    """Return the most bytes that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # which alone counts bytes
