"""What a search may not write next: small rules, each asked before every step.

A rule marks pieces in a table of what is banned. The probabilities of the others stay as the model
gave them, so that the log-probability of a translation is always the model's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from seq2seq.text.tokenizer import PAD


class Processor(Protocol):
    """A rule about the next piece."""

    def __call__(self, banned: Tensor, tokens: Tensor, sentences: Tensor) -> None:
        """Mark in `banned` ([B, W, V]) what may not follow `tokens` ([B, W, t], without BOS).

        `sentences` ([B]) are the rows of the caller's batch.
        """
        ...


class NoRepeatedNgram:
    """No run of `size` pieces stands twice in a translation; the end is always allowed.

    From Paulus, Xiong and Socher 2018, section 2.5.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, banned: Tensor, tokens: Tensor, sentences: Tensor) -> None:
        """Ban whatever once followed the last `size` - 1 pieces."""
        if tokens.shape[2] < self.size:
            return
        runs = tokens.unfold(2, self.size, 1)  # [B, W, t - size + 1, size]
        last = tokens[:, :, tokens.shape[2] - self.size + 1 :]  # [B, W, size - 1]
        again = (runs[..., :-1] == last.unsqueeze(2)).all(-1)
        followers = runs[..., -1].masked_fill(~again, PAD)  # PAD is never written anyway
        banned.scatter_(2, followers, True)


class ForcedPrefix:
    """Each translation begins with given pieces; other rules hold from there on."""

    def __init__(self, prefixes: Sequence[Sequence[int]], device: str) -> None:
        longest = max(map(len, prefixes))
        rows = [[*prefix, *[PAD] * (longest - len(prefix))] for prefix in prefixes]
        self.pieces = torch.tensor(rows, dtype=torch.long, device=device)  # [sentences, P]
        self.lengths = torch.tensor([len(prefix) for prefix in prefixes], device=device)

    def __call__(self, banned: Tensor, tokens: Tensor, sentences: Tensor) -> None:
        """Ban all but the prefix's own next piece where it is not yet written."""
        place = tokens.shape[2]
        if place >= self.pieces.shape[1]:
            return
        forced = self.lengths[sentences] > place  # [B]
        wanted = self.pieces[sentences, place]  # [B]
        banned |= forced[:, None, None]
        rows = forced.nonzero()[:, 0]
        banned[rows, :, wanted[rows]] = False


def banned_pieces(
    processors: Sequence[Processor], tokens: Tensor, sentences: Tensor, size: int
) -> Tensor | None:
    """Return which of `size` pieces are banned for each hypothesis ([B * W, V]); None: none."""
    if not processors:
        return None
    banned = torch.zeros((*tokens.shape[:2], size), dtype=torch.bool, device=tokens.device)
    for processor in processors:
        processor(banned, tokens, sentences)
    return banned.flatten(0, 1)


def make_processors(
    no_repeat_ngram: int, prefixes: Sequence[Sequence[int]], device: str
) -> list[Processor]:
    """Return the rules that are asked for; prefixes come last, since they overrule the others."""
    rules: list[Processor] = []
    if no_repeat_ngram:
        rules.append(NoRepeatedNgram(no_repeat_ngram))
    if any(prefixes):
        rules.append(ForcedPrefix(prefixes, device))
    return rules
