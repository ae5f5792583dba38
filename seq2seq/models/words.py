"""The two ends of a recurrent model: words become vectors, and vectors scores of words.

Embeddings ([V, E]) start in U(-embedding_initial, embedding_initial), the projection ([V, H]) in
U(-initial, initial); both may be tied.
"""

from __future__ import annotations

from torch import nn

from seq2seq.config.schema import ModelConfig
from seq2seq.nn.embedding import WordEmbedding


def word_layers(
    config: ModelConfig, source_size: int, target_size: int
) -> tuple[nn.Embedding, nn.Embedding, nn.Linear]:
    """Return the embeddings of source and target, and the projection."""
    source = WordEmbedding(source_size, config.embedding, config)
    nn.init.uniform_(source.weight, -config.embedding_initial, config.embedding_initial)
    target, output = target_layers(config, target_size)
    if config.tie == "all":
        source.weight = target.weight
    return source, target, output


def target_layers(config: ModelConfig, size: int) -> tuple[nn.Embedding, nn.Linear]:
    """Return the embedding of the target and the projection."""
    table = WordEmbedding(size, config.embedding, config)
    output = nn.Linear(config.hidden, size)
    nn.init.uniform_(table.weight, -config.embedding_initial, config.embedding_initial)
    nn.init.uniform_(output.weight, -config.initial, config.initial)
    nn.init.zeros_(output.bias)
    if config.tie != "none":
        output.weight = table.weight
    return table, output
