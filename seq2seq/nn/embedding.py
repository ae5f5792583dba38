"""Word vectors, with two ways to leave words out while training.

Word dropout zeroes single words of a sentence (Sennrich, Haddow and Birch 2016, "Edinburgh neural
machine translation systems"); embedding dropout zeroes words of the vocabulary, each wherever it
stands in the batch (Gal and Ghahramani 2016, section 4.2). What stays is scaled up in both cases.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seq2seq.config.schema import ModelConfig
from seq2seq.nn.dropout import dropout


class WordEmbedding(nn.Embedding):
    """A table of vectors [V, E]; how it starts is up to the architecture."""

    def __init__(self, size: int, width: int, config: ModelConfig) -> None:
        super().__init__(size, width)
        self.by_word = config.embedding_dropout
        self.by_place = config.word_dropout

    def forward(self, tokens: Tensor) -> Tensor:
        """Return [..., E] for [...]."""
        vectors = F.embedding(tokens, self.weight)
        if not self.training:
            return vectors
        ones = torch.ones((), device=vectors.device, dtype=vectors.dtype)
        if self.by_word:
            kept = dropout(ones.repeat(self.num_embeddings), self.by_word, True)  # [V]
            vectors = vectors * kept[tokens].unsqueeze(-1)
        if self.by_place:
            kept = dropout(ones.expand(tokens.shape).contiguous(), self.by_place, True)
            vectors = vectors * kept.unsqueeze(-1)
        return vectors
