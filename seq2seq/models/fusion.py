"""A translation model and a language model as one: shallow fusion (Gulcehre et al. 2015).

score(y_t) = log p(y_t | x, y_<t) + weight * log p_LM(y_t | y_<t)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from seq2seq.models.contract import TranslationModel
from seq2seq.models.ensemble import Ensemble, Members


class Fusion(nn.Module):
    """A translation model (or an ensemble of such) that also asks a language model."""

    normalised = True  # scores are added as they are, though they are no log-probabilities

    def __init__(
        self, translation: TranslationModel | Ensemble, language: TranslationModel, weight: float
    ) -> None:
        super().__init__()
        self.translation, self.language, self.weight = translation, language, weight

    @property
    def one_length_batches(self) -> bool:
        """As the translation model wants it."""
        return self.translation.one_length_batches

    def encode(self, source: Tensor, lengths: Tensor) -> Members:
        """Let the translation model read the source."""
        return Members(
            (self.translation.encode(source, lengths), self.language.encode(source, lengths))
        )

    def start(self, memory: Members) -> Members:
        """Start both."""
        translation, language = memory.parts
        return Members((self.translation.start(translation), self.language.start(language)))

    def step(self, tokens: Tensor, state: Members, memory: Members) -> tuple[Tensor, Members]:
        """Return the joint score of each piece ([B * K, V]) with both next states."""
        own, after = self.translation.step(tokens, state.parts[0], memory.parts[0])
        other, later = self.language.step(tokens, state.parts[1], memory.parts[1])
        scores = torch.log_softmax(own.float(), dim=-1)
        scores = scores + self.weight * torch.log_softmax(other.float(), dim=-1)
        return scores, Members((after, later))

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Any:
        """Return where the translation model looks."""
        return self.translation.align(source, lengths, target)
