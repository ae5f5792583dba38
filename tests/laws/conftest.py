"""Small models of every kind, and sentences of mixed lengths."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from seq2seq.config.cells import CELLS
from seq2seq.config.schema import ModelConfig
from seq2seq.models.build import build_model

WORDS = 20
RECURRENT = {
    "architecture": "recurrent", "hidden": 12, "embedding": 12, "initial": 1.0,
    "embedding_initial": 1.0,
}  # fmt: skip
TRANSFORMER = {"architecture": "transformer", "hidden": 12, "heads": 3, "feed_forward": 16}
KINDS: dict[str, dict[str, Any]] = {
    "recurrent": {**RECURRENT, "embedding": 7, "layers": 2},
    "recurrent-output": {**RECURRENT, "layers": 1, "tie": "output"},
    "recurrent-all": {**RECURRENT, "layers": 3, "tie": "all", "cell_options": {"forget_bias": 1.0}},
    "bahdanau": {**RECURRENT, "architecture": "bahdanau", "embedding": 7, "layers": 2},
    "bahdanau-all": {**RECURRENT, "architecture": "bahdanau", "layers": 1, "tie": "all"},
    "luong": {**RECURRENT, "architecture": "luong", "embedding": 7, "layers": 2},
    "luong-dot-all": {
        **RECURRENT, "architecture": "luong", "layers": 1, "tie": "all", "attention": "dot",
        "input_feeding": False,
    },
    "gnmt": {
        **RECURRENT, "architecture": "gnmt", "embedding": 7, "layers": 3, "attention": "additive",
    },
    "gnmt-concat-output": {
        **RECURRENT, "architecture": "gnmt", "layers": 4, "tie": "output", "attention": "concat",
        "input_feeding": False,
    },
    "transformer-pre": {**TRANSFORMER, "layers": 3},
    "transformer-pre-output": {**TRANSFORMER, "layers": 1, "tie": "output"},
    "transformer-post-all": {**TRANSFORMER, "layers": 2, "norm": "post", "tie": "all"},
    "transformer-rotary-rms": {
        **TRANSFORMER, "layers": 2, "positions": "rotary", "normalisation": "rms", "heads": 2,
    },
    "transformer-gated-shallow": {
        **TRANSFORMER, "layers": 3, "decoder_layers": 1, "gated": True, "activation": "silu",
    },
    "transformer-rotary-post": {
        **TRANSFORMER, "layers": 1, "positions": "rotary", "norm": "post", "heads": 6,
    },
}  # fmt: skip
NAMES = [f"{kind} {order}" for kind in KINDS for order in ("forward", "reverse")]
CALM = {"rnn": 0.4, "layer_norm_lstm": 0.4, "grid": 0.7}  # nets of large weights may be chaos
ZOO = {
    "recurrent": list(CELLS),
    "bahdanau": ["rnn", "gru", "clockwork", "depth_gated", "grid"],
    "gnmt": ["depth_gated", "grid"],
}
for architecture, cells in ZOO.items():
    for cell in cells:
        name = f"{architecture}-{cell}"
        KINDS[name] = {
            **RECURRENT, "architecture": architecture, "cell": cell, "layers": 2,
            "initial": CALM.get(cell, 1.0),
        }  # fmt: skip
        NAMES.append(f"{name} forward")
for name in ("recurrent", "transformer"):
    of_kind = RECURRENT if name == "recurrent" else TRANSFORMER
    KINDS[f"language-{name}"] = {
        **of_kind, "architecture": f"{name}_language_model", "layers": 2, "tie": "output",
    }  # fmt: skip
    NAMES.append(f"language-{name} forward")
LOOKING = [name for name in NAMES if not name.startswith(("recurrent", "language"))]


class Sentences(NamedTuple):
    """A padded batch with BOS 2, EOS 3 and PAD 0."""

    source: Tensor
    lengths: Tensor
    target: Tensor

    def alone(self, row: int) -> Sentences:
        """Return one sentence without padding."""
        length = int(self.lengths[row])
        return Sentences(self.source[row : row + 1, :length], self.lengths[row : row + 1],
                         self.target[row : row + 1])  # fmt: skip


def make_model(name: str, seed: int = 1) -> Any:
    kind, order = name.split()
    torch.manual_seed(seed)
    model = build_model(ModelConfig(**{"dropout": 0.0, **KINDS[kind]}), order, WORDS, WORDS)  # type: ignore[arg-type]
    return model.eval()


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest) -> Any:
    return make_model(request.param)


@pytest.fixture(params=LOOKING)
def looking(request: pytest.FixtureRequest) -> Any:
    """Return each model that has attention."""
    return make_model(request.param)


@pytest.fixture
def another() -> Any:
    """Make more models of the kinds."""
    return make_model


@pytest.fixture
def sentences() -> Sentences:
    torch.manual_seed(5)
    lengths = torch.tensor([6, 2, 9, 1, 6])
    source = torch.randint(4, WORDS, (5, 9))
    for row, length in enumerate(lengths.tolist()):
        source[row, length - 1] = 3
        source[row, length:] = 0
    target = torch.randint(4, WORDS, (5, 7))
    target[:, 0] = 2
    return Sentences(source, lengths, target)
