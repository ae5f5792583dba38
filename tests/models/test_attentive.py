"""Two steps of each attention RNN, written out in the symbols of its paper."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from seq2seq.config.schema import ModelConfig
from seq2seq.models.build import build_model
from seq2seq.nn.cells.cell import Signal

WORDS, H, E, S = 20, 6, 4, 5
SOURCE, LENGTHS = torch.tensor([[7, 4, 9, 11, 3], [5, 6, 8, 4, 3]]), torch.tensor([5, 5])
TARGET = torch.tensor([[2, 7], [2, 12]])


def make(architecture: str, layers: int, **options: Any) -> Any:
    torch.manual_seed(1)
    config = ModelConfig(
        architecture=architecture, layers=layers, hidden=H, embedding=E, initial=0.9,  # type: ignore[arg-type]
        embedding_initial=1.0, **options,
    )  # fmt: skip
    return build_model(config, "forward", WORDS, WORDS).eval()


def results(model: Any) -> tuple[Any, Tensor, Tensor, Tensor]:
    """Return the memory, the annotations, the hidden states ([T, B, H]) and the embedded target."""
    with torch.no_grad():
        memory = model.encode(SOURCE, LENGTHS)
        hidden = model(SOURCE, LENGTHS, TARGET).transpose(0, 1)
        return memory, memory.source.values, hidden, model.target_embedding(TARGET.t())


def look(scores: Tensor, annotations: Tensor) -> Tensor:
    """Return contexts ([B, D]) for scores ([B, S])."""
    return (scores.softmax(-1).unsqueeze(-1) * annotations).sum(1)


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_bahdanau() -> None:
    model = make("bahdanau", 1)
    memory, h, hidden, y = results(model)
    cell, score = model.decoder.layers[0], model.alignment.score
    s = torch.tanh(F.linear(h[:, 0, H:], model.first.weight))
    close(memory.start.layers[0].hidden, s)
    state = memory.start.layers[0]
    for t in range(2):
        inner = torch.tanh(
            F.linear(s, score.query.weight).unsqueeze(1) + F.linear(h, score.key.weight)
        )
        c = look(F.linear(inner, score.score.weight).squeeze(-1), h)
        signal, state = cell(Signal(torch.cat([y[t], c], -1)), state)
        s = signal.output
        deep = F.linear(torch.cat([s, y[t], c], -1), model.deep.weight, model.deep.bias)
        close(hidden[t], deep.view(2, 2, H).amax(1))


@torch.no_grad()
def test_luong_feeds_its_attentional_vector_back() -> None:
    model = make("luong", 2, attention="general")
    memory, h, hidden, y = results(model)
    states, fed = memory.start.layers, torch.zeros(2, H)
    for t in range(2):
        top, states = model.decoder.step(torch.cat([y[t], fed], -1), states)
        scores = torch.einsum("bi,ij,bsj->bs", top, model.alignment.score.key.weight, h)
        fed = torch.tanh(F.linear(torch.cat([look(scores, h), top], -1), model.combine.weight))
        close(hidden[t], fed)


@torch.no_grad()
def test_luong_starts_where_the_encoder_ended() -> None:
    model = make("luong", 2, attention="dot", input_feeding=False)
    memory, _, _, _ = results(model)
    embedded = model.source_embedding(SOURCE.t())
    annotations, states = model.encoder(embedded, model.encoder.initial_states(2, embedded))
    close(memory.source.values, annotations.transpose(0, 1))
    for found, expected in zip(memory.start.layers, states, strict=True):
        close(found.hidden, expected.hidden)
        close(found.memory, expected.memory)
    assert memory.start.fed is None


@torch.no_grad()
def gnmt_hidden(model: Any, feeding: bool) -> tuple[Tensor, list[Tensor]]:
    """Return the hidden states of the model, and those of its three layers written out."""
    memory, h, hidden, y = results(model)
    bottom, second, third = memory.start.layers
    a, found = torch.zeros(2, H), []
    for t in range(2):
        below = torch.cat([y[t], a], -1) if feeding else y[t]
        x1, bottom = model.decoder_bottom(Signal(below), bottom)
        a = look(torch.einsum("bi,bsi->bs", x1.output, h), h)
        x2, second = model.decoder.layers[0](Signal(torch.cat([x1.output, a], -1)), second)
        x3, third = model.decoder.layers[1](Signal(torch.cat([x2.output, a], -1)), third)
        found.append(x3.output + x2.output)
    return hidden, found


def test_gnmt() -> None:
    for feeding in (True, False):
        model = make("gnmt", 3, attention="dot", input_feeding=feeding)
        for one, other in zip(*gnmt_hidden(model, feeding), strict=True):
            close(one, other)


@torch.no_grad()
def test_the_encoder_of_gnmt() -> None:
    model = make("gnmt", 3)
    x = model.encoder_bottom(Signal(model.source_embedding(SOURCE.t()))).output
    assert x.shape == (S, 2, 2 * H)
    second, third = model.encoder.layers
    x2, _ = second.whole(Signal(x), second.initial_state(2, x))
    x3, _ = third.whole(x2, third.initial_state(2, x))
    _, annotations, _, _ = results(model)
    close(annotations, (x3.output + x2.output).transpose(0, 1))
