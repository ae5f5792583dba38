"""What a recipe says of recurrent layers, as `nn.stack` and `nn.bidirectional` take it."""

from __future__ import annotations

from typing import Any

from seq2seq.config.schema import ModelConfig


def stack_options(config: ModelConfig) -> dict[str, Any]:
    """Return the options that all stacks of a model share."""
    return {
        "dropout": config.dropout,
        "initial": config.initial,
        "connection": config.connection,
        "connected_from": config.connected_from,
        **config.cell_options,
    }
