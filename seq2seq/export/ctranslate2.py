"""A Transformer as a model of CTranslate2, an inference engine in C++ with int8 weights.

The folder holds CTranslate2's own files, the tokenizers, and a README that says how to translate
with it. Weights are compared in float32 before they are quantised.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seq2seq.decoding.search import longest_target
from seq2seq.errors import ModelError, ResourceError, UsageError, way_out
from seq2seq.export.instructions import write_instructions
from seq2seq.models.bundle import Bundle, load_bundle
from seq2seq.nn.positions import sinusoids
from seq2seq.text.folder import save_tokenizers
from seq2seq.text.tokenizer import BOS, EOS, SPECIALS, UNK

Quantization = Literal["float32", "int8", "int16", "float16", "bfloat16"]

PROBES, LONGEST_PROBE = 50, 40  # random pairs of pieces that both engines score
ACTIVATIONS = {"relu": "RELU", "gelu": "GELU", "silu": "SWISH"}  # under the engine's names
TOLERANCE = 1e-3  # of the log-probability of a piece
LEAST_POSITIONS = 1024  # of source and target: what the engine takes at most unless told otherwise


@dataclass(frozen=True)
class Exported:
    """What was written, and how far from the original it is in float32, a target piece (nats)."""

    folder: Path
    deviation: float
    probes: int


def export_ctranslate2(run: Path, folder: Path, quantization: Quantization) -> Exported:
    """Write the model of a run to a new folder; it must score pieces as the original does.

    Raises:
        ModelError: the run is damaged, is no Transformer, or does not come out equal.
        UsageError: the folder has something in it.
        ResourceError: CTranslate2 is not installed, or the disk is full.
    """
    engine = _engine()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty", "name a folder that does not exist yet")
    bundle = load_bundle(run)
    recipe = bundle.recipe
    if recipe.model.architecture != "transformer":
        raise ModelError(
            f"{run} is a {recipe.model.architecture} model; CTranslate2 runs Transformers alone",
            "translate with it here",
        )
    if recipe.text.source_order != "forward" or recipe.text.tokenizer == "words":
        raise ModelError(
            f"{run} reverses its source or splits it into words: CTranslate2 has no means for it",
            'only text.source_order = "forward" with sentencepiece can be exported',
        )
    written = {"normalisation": "layer", "positions": "sinusoidal", "gated": False}
    other = [name for name, usual in written.items() if getattr(recipe.model, name) != usual]
    if other:
        raise ModelError(
            f"{run}: model.{other[0]} is {getattr(recipe.model, other[0])!r}, and not exported",
            f"only {written[other[0]]!r} is",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".export-", dir=folder.parent) as beside:
            whole = Path(beside) / "model"
            deviation = _write(engine, bundle, whole, folder.name, quantization)
            os.replace(whole, folder)  # complete, or not at all
    except OSError as error:
        raise ResourceError(
            f"cannot write {folder}: {error.strerror}", way_out(error)
        ) from error
    return Exported(folder, deviation, PROBES)


def _write(
    engine: Any, bundle: Bundle, folder: Path, name: str, quantization: Quantization
) -> float:
    """Write all files; return how far the model is from the original, which must be near."""
    folder.mkdir()
    _save(bundle, folder, None)
    deviation = _deviation(engine, bundle, folder)
    if not deviation <= TOLERANCE:
        raise ModelError(
            f"the exported model differs from the original by {deviation:.2g} nats a piece",
            "translate with the original; this is a fault worth reporting",
        )
    if quantization != "float32":
        _save(bundle, folder, quantization)
    save_tokenizers(folder, bundle.source, bundle.target)
    write_instructions(bundle, folder, name, engine.__version__, _positions(bundle))
    return deviation


def _positions(bundle: Bundle) -> int:
    """Return for how many pieces and their end the model needs positions, on either side."""
    decoding = bundle.recipe.decoding
    longest = longest_target(decoding.max_input, decoding)
    return max(longest, decoding.max_input, LEAST_POSITIONS) + 2


def _engine() -> Any:
    try:
        import ctranslate2
    except ImportError as error:
        raise ResourceError("CTranslate2 is not installed", "pip install ctranslate2") from error
    return ctranslate2


def _save(bundle: Bundle, folder: Path, quantization: Quantization | None) -> None:
    whole = _specification(bundle)
    whole.validate()
    whole.optimize(quantization=quantization)  # shared weights are written once
    whole.save(str(folder))


def _specification(bundle: Bundle) -> Any:
    """Return the weights under CTranslate2's names."""
    from ctranslate2.specs import TransformerSpec
    from ctranslate2.specs.common_spec import Activation

    model: Any = bundle.model
    config = bundle.recipe.model
    whole = TransformerSpec.from_config(
        (len(model.encoder), len(model.decoder)),
        config.heads,
        pre_norm=config.norm == "pre",
        activation=getattr(Activation, ACTIVATIONS[config.activation]),
    )
    places = _array(sinusoids(_positions(bundle), config.hidden, like=model.output.weight))
    for side, table, layers, norm in (
        (whole.encoder, model.source_embedding, model.encoder, model.encoder_norm),
        (whole.decoder, model.target_embedding, model.decoder, model.decoder_norm),
    ):
        embeddings = side.embeddings[0] if isinstance(side.embeddings, list) else side.embeddings
        embeddings.weight = _array(table.weight)
        side.position_encodings.encodings = places
        for its, ours in zip(side.layer, layers, strict=True):
            _layer(its, ours)
        if config.norm == "pre":
            _norm(side.layer_norm, norm)
    whole.decoder.projection.weight = _array(model.output.weight)
    for register, tokenizer in (
        (whole.register_source_vocabulary, bundle.source),
        (whole.register_target_vocabulary, bundle.target),
    ):
        register(tokenizer.pieces(range(tokenizer.size)))
    names = {"unk_token": UNK, "bos_token": BOS, "eos_token": EOS, "decoder_start_token": BOS}
    for name, token in names.items():
        setattr(whole.config, name, SPECIALS[token])
    whole.config.add_source_eos = True
    return whole


def _layer(its: Any, ours: Any) -> None:
    block = ours.attention
    _norm(its.self_attention.layer_norm, block.norm)
    for place, linear in enumerate((block.sublayer.inputs, block.sublayer.output)):
        _linear(its.self_attention.linear[place], linear)
    if hasattr(ours, "source"):
        block = ours.source
        _norm(its.attention.layer_norm, block.norm)
        parts = (block.sublayer.query, block.sublayer.memory, block.sublayer.output)
        for place, linear in enumerate(parts):
            _linear(its.attention.linear[place], linear)
    block = ours.feed_forward
    _norm(its.ffn.layer_norm, block.norm)
    _linear(its.ffn.linear_0, block.sublayer.inner)
    _linear(its.ffn.linear_1, block.sublayer.outer)


def _norm(its: Any, ours: nn.LayerNorm) -> None:
    its.gamma, its.beta = _array(ours.weight), _array(ours.bias)


def _linear(its: Any, ours: nn.Linear) -> None:
    its.weight, its.bias = _array(ours.weight), _array(ours.bias)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.array(tensor.detach().cpu().numpy(), dtype=np.float32)


def _deviation(engine: Any, bundle: Bundle, folder: Path) -> float:
    """Return the largest difference of the log-probability of a piece, over random pairs."""
    pairs = _probes(bundle.source.size, bundle.target.size)
    sides = [
        [tokenizer.pieces(pair[side]) for pair in pairs]
        for side, tokenizer in enumerate((bundle.source, bundle.target))
    ]
    threads = torch.get_num_threads()
    try:
        translator = engine.Translator(str(folder), device="cpu", compute_type="float32")
        theirs = [one.log_probs for one in translator.score_batch(*sides)]
    finally:
        torch.set_num_threads(threads)  # the engine sets that of the whole process
    ours = [_log_probabilities(bundle.model, *pair) for pair in pairs]
    apart = [
        abs(one - other)
        for row, others in zip(ours, theirs, strict=True)
        for one, other in zip(row, others, strict=True)
    ]
    return math.inf if any(map(math.isnan, apart)) else max(apart)


def _probes(source: int, target: int) -> list[tuple[list[int], list[int]]]:
    draw = random.Random(1)

    def pieces(size: int) -> list[int]:
        return [draw.randrange(EOS + 1, size) for _ in range(draw.randint(1, LONGEST_PROBE))]

    return [(pieces(source), pieces(target)) for _ in range(PROBES)]


@torch.inference_mode()
def _log_probabilities(model: Any, source: Sequence[int], target: Sequence[int]) -> list[float]:
    """Return the log-probability of each piece of `target` and of its end."""
    read = torch.tensor([[*source, EOS]])
    hidden = model(read, torch.tensor([read.shape[1]]), torch.tensor([[BOS, *target]]))
    scores = torch.log_softmax(model.project(hidden[0]), dim=-1)  # [T + 1, V]
    rows: list[float] = scores.gather(1, torch.tensor([*target, EOS]).unsqueeze(1))[:, 0].tolist()
    return rows
