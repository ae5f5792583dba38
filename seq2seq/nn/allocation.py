"""Memory: how many scores of words are held at a time, and what becomes of freed blocks.

By itself, glibc gives large freed blocks back to the kernel, and each step faults them in again.
Telling it to keep them made training steps about 40 % faster.
"""

from __future__ import annotations

import ctypes

CHUNK_LOGITS = 4 << 20  # 16 MB in float32

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # from malloc.h
LARGEST = 2**31 - 1  # mallopt takes an int


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next step.

    Nothing happens where the C library is another.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(MMAP_THRESHOLD, 1 << 30)
    mallopt(TRIM_THRESHOLD, LARGEST)
