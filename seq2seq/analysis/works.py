"""The three pieces of training work on which toolkits are compared with one another.

All read text as 8,000 joint BPE pieces, in batches of about 4,096 target pieces, with Adam, a label
smoothing and a dropout of 0.1, and one table of word vectors for both sides and the projection.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Literal

WorkName = Literal["T", "A", "S"]

_TEXT = {"tokenizer": "bpe", "vocabulary": 8000, "joint": True}
_TRAINING = {
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "label_smoothing": 0.1,
    "batch_tokens": 4096,
    "clip_norm": 1.0,
}
_LSTM = {"cell": "lstm", "hidden": 512, "embedding": 512, "dropout": 0.1, "tie": "all"}
_TRANSFORMER = {
    "architecture": "transformer",
    "layers": 3,
    "hidden": 256,
    "heads": 4,
    "feed_forward": 1024,
    "dropout": 0.1,
    "tie": "all",
}
_ATTENTION = {
    "architecture": "luong",
    "layers": 2,
    "attention": "general",
    "input_feeding": True,
    **_LSTM,
}

WORKS: dict[WorkName, dict[str, Any]] = {
    "T": {"text": _TEXT, "model": _TRANSFORMER, "training": _TRAINING},
    "A": {"text": _TEXT, "model": _ATTENTION, "training": _TRAINING},
    "S": {
        "text": {**_TEXT, "source_order": "reverse"},
        "model": {"architecture": "recurrent", "layers": 4, **_LSTM},
        "training": _TRAINING,
    },
}


def work(name: WorkName) -> dict[str, Any]:
    """Return the values of a recipe that does this work."""
    return deepcopy(WORKS[name])
