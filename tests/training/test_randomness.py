"""Random numbers depend on what they are for, and on nothing else."""

from __future__ import annotations

import itertools

import torch

from seq2seq.training.randomness import reseed, seed_for


def test_every_argument_counts() -> None:
    arguments = itertools.product((1, 2, 11), ("dropout", "initialisation"), (0, 1, 11), (0, 1))
    seeds = [seed_for(*each) for each in arguments]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_never_change_from_version_to_version() -> None:
    assert seed_for(1, "dropout", 500) == 5773350934421071418


def test_reseed() -> None:
    reseed(1, "dropout", 7)
    first = torch.rand(5)
    torch.rand(100)
    reseed(1, "dropout", 7)
    assert torch.equal(torch.rand(5), first)
    reseed(1, "dropout", 8)
    assert not torch.equal(torch.rand(5), first)
