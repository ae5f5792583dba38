"""Laws of every model that looks at the source: what `align` says, and what a beam shares."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from seq2seq.models.attentive import Attentive
from seq2seq.models.ensemble import Ensemble
from seq2seq.nn.order import reverse_source


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def alignment(model: Any, sentences: Any) -> Tensor:
    with torch.no_grad():
        return model.align(*sentences)


def tensors(part: Any) -> list[Tensor]:
    """Return every tensor of nested tuples, and of the stores in them."""
    if isinstance(part, Tensor):
        return [part]
    inside = part if isinstance(part, tuple) else getattr(part, "__dict__", {}).values()
    return [tensor for inner in inside for tensor in tensors(inner)]


def test_each_row_is_spread_over_the_real_positions(looking: Any, sentences: Any) -> None:
    weights = alignment(looking, sentences)
    assert weights.shape == (5, 7, 9) and bool((weights >= 0).all())
    close(weights.sum(-1), torch.ones(5, 7))
    behind = torch.arange(9) >= sentences.lengths[:, None]
    assert not weights.masked_select(behind[:, None].expand_as(weights)).any()
    assert weights[2].std() > 0.002  # it looks somewhere


def test_padding_moves_no_weight(looking: Any, sentences: Any) -> None:
    together = alignment(looking, sentences)
    for row, length in enumerate(sentences.lengths.tolist()):
        close(alignment(looking, sentences.alone(row))[0], together[row, :, :length])


@pytest.mark.parametrize("kind", ["bahdanau", "luong", "gnmt", "transformer-pre"])
def test_alignments_are_in_reading_order(another: Any, sentences: Any, kind: str) -> None:
    turned = reverse_source(sentences.source, sentences.lengths)
    found = alignment(another(f"{kind} reverse"), sentences)
    read = alignment(another(f"{kind} forward"), sentences._replace(source=turned))
    for row, length in enumerate(sentences.lengths.tolist()):
        words, end = read[row, :, : length - 1], read[row, :, length - 1 :]
        close(found[row], torch.cat([words.flip(-1), end], dim=-1))
    assert not torch.allclose(found, read, atol=1e-3)


def test_a_step_looks_as_the_whole_does(looking: Any, sentences: Any) -> None:
    if not isinstance(looking, Attentive):
        return  # the Transformer's steps return no weights
    with torch.no_grad():
        memory = looking.encode(sentences.source, sentences.lengths)
        embedded = looking.target_embedding(sentences.target.t())
        whole_outputs, whole_weights = looking.decode(embedded, memory)
        outputs, weights = Attentive.decode(looking, embedded, memory)
    close(weights, whole_weights)
    close(outputs, whole_outputs)


def test_hypotheses_share_one_memory(looking: Any, sentences: Any) -> None:
    """States hold nothing of the source; the memory stays as it was."""
    beam, count = 4, len(sentences.lengths)
    wide = torch.arange(count).repeat_interleave(beam)
    with torch.no_grad():
        memory = looking.encode(sentences.source, sentences.lengths)
        before = [(tensor, tensor.clone()) for tensor in tensors(memory)]
        state = looking.start(memory).select(wide)
        for column in sentences.target[:, :3].unbind(1):
            _, state = looking.step(column[wide], state, memory)
    for tensor, copy in before:
        assert tensor.shape[0] == count and torch.equal(tensor, copy)
    for tensor in tensors(state):
        assert sentences.source.shape[1] not in tensor.shape


def test_the_transformer_shows_its_last_layer_but_one(another: Any, sentences: Any) -> None:
    for kind, layer in (("transformer-pre", 1), ("transformer-pre-output", 0)):
        model = another(f"{kind} forward")
        asked: list[Tensor] = []
        source = model.decoder[layer].source.sublayer
        hook = source.query.register_forward_hook(lambda *call, to=asked: to.append(call[2]))
        found = alignment(model, sentences)
        hook.remove()
        with torch.no_grad():
            memory = model.encode(sentences.source, sentences.lengths)
        query = asked[0].unflatten(-1, (3, 4)).transpose(1, 2)
        scores = query @ memory.keys[layer].transpose(2, 3) / 2 + memory.mask
        close(found, scores.softmax(-1).mean(1))


def test_an_ensemble_shows_the_mean_of_those_that_look(another: Any, sentences: Any) -> None:
    names = ("luong forward", "recurrent forward", "gnmt reverse")
    members = [another(name, seed) for seed, name in enumerate(names)]
    expected = (alignment(members[0], sentences) + alignment(members[2], sentences)) / 2
    close(alignment(Ensemble(members), sentences), expected)
    assert alignment(Ensemble(members[1:2]), sentences) is None
    assert members[1].align(*sentences) is None
