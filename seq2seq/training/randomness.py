"""Random numbers keyed by what they are for.

No generator has a state that would have to be saved.
"""

from __future__ import annotations

import hashlib

import torch


def seed_for(seed: int, stream: str, step: int = 0, rank: int = 0) -> int:
    """Return 63 bits that depend on every argument, such as (1, "dropout", 500, 0)."""
    digest = hashlib.sha256(f"{seed}/{stream}/{step}/{rank}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def reseed(seed: int, stream: str, step: int = 0, rank: int = 0) -> None:
    """Set torch's global generators, of the CPU and of every GPU, for one stream and step."""
    torch.manual_seed(seed_for(seed, stream, step, rank))
