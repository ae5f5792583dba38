"""The two ends of a recurrent model: words become vectors, and vectors scores of words."""

from __future__ import annotations

from torch import nn

from seq2seq.config.schema import ModelConfig
from seq2seq.nn.embedding import WordEmbedding


def word_layers(
    config: ModelConfig, source_size: int, target_size: int
) -> tuple[nn.Embedding, nn.Embedding, nn.Linear]:
    """Return the embeddings of source and target ([V, E]) and the projection ([V, H]), tied.

    They start in U(-embedding_initial, embedding_initial) and U(-initial, initial).
    """
    source = WordEmbedding(source_size, config.embedding, config)
    target = WordEmbedding(target_size, config.embedding, config)
    output = nn.Linear(config.hidden, target_size)
    for table in (source, target):
        nn.init.uniform_(table.weight, -config.embedding_initial, config.embedding_initial)
    nn.init.uniform_(output.weight, -config.initial, config.initial)
    nn.init.zeros_(output.bias)
    if config.tie != "none":
        output.weight = target.weight
    if config.tie == "all":
        source.weight = target.weight
    return source, target, output
