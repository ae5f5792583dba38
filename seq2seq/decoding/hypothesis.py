"""A finished translation in pieces, and the pool of those that beam search has found so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seq2seq.text.tokenizer import PAD


@dataclass(frozen=True)
class Hypothesis:
    """One translation: pieces without BOS and EOS, log P of them and EOS, normalised score."""

    tokens: list[int]
    log_probability: float
    score: float
    truncated: bool = False  # the length limit ended it; the model would have gone on


class Finished(NamedTuple):
    """The K best finished hypotheses of each of B sentences, best first; free places score -inf."""

    tokens: Tensor  # [B, K, T], without BOS and EOS, padded
    lengths: Tensor  # [B, K]
    log_probabilities: Tensor  # [B, K]
    scores: Tensor  # [B, K]
    truncated: Tensor  # [B, K], true where the length limit ended it

    @classmethod
    def empty(cls, sentences: int, beam: int, device: torch.device) -> Finished:
        """Return a pool with nothing in it."""
        nothing = torch.full((sentences, beam), -torch.inf, device=device)
        lengths = torch.zeros((sentences, beam), dtype=torch.long, device=device)
        pieces = lengths.new_zeros(sentences, beam, 0)
        return cls(pieces, lengths, nothing, nothing.clone(), torch.zeros_like(lengths).bool())

    def merged(
        self, tokens: Tensor, log_probabilities: Tensor, scores: Tensor, truncated: Tensor
    ) -> Finished:
        """Return the best of this pool and of hypotheses of length T ([B, N, T], then [B, N])."""
        width = tokens.shape[2]
        mine = functional.pad(self.tokens, (0, width - self.tokens.shape[2]), value=PAD)
        lengths = torch.full_like(scores, width, dtype=torch.long)
        best, place = torch.cat([self.scores, scores], 1).topk(self.scores.shape[1])  # [B, K]
        return Finished(
            torch.cat([mine, tokens], 1).gather(1, place[:, :, None].expand(-1, -1, width)),
            torch.cat([self.lengths, lengths], 1).gather(1, place),
            torch.cat([self.log_probabilities, log_probabilities], 1).gather(1, place),
            best,
            torch.cat([self.truncated, truncated], 1).gather(1, place),
        )

    def select(self, index: Tensor) -> Finished:
        """Return the pools of the sentences at `index`."""
        return Finished(*(part[index] for part in self))

    def hypotheses(self, count: int) -> list[list[Hypothesis]]:
        """Return up to `count` hypotheses of each sentence, best first."""
        columns = (part[:, :count].tolist() for part in self)
        return [
            [
                Hypothesis(tokens[:length], log_probability, score, truncated)
                for tokens, length, log_probability, score, truncated in zip(*sentence, strict=True)
                if score > -torch.inf
            ]
            for sentence in zip(*columns, strict=True)
        ]
