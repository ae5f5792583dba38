"""Laws of every translation model, whatever its architecture."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from seq2seq.models.ensemble import Ensemble
from seq2seq.models.language import LanguageModel
from seq2seq.models.narrow import Narrow


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def whole(model: Any, sentences: Any) -> Tensor:
    """Return logits [B, T, V] of teacher forcing."""
    with torch.no_grad():
        return model.project(model(*sentences))


def stepwise(model: Any, sentences: Any) -> Tensor:
    """Return the same logits, one step at a time."""
    with torch.no_grad():
        memory = model.encode(sentences.source, sentences.lengths)
        state, logits = model.start(memory), []
        for column in sentences.target.unbind(1):
            now, state = model.step(column, state, memory)
            logits.append(now)
    return torch.stack(logits, dim=1)


def test_stepwise_is_whole(model: Any, sentences: Any) -> None:
    logits = whole(model, sentences)
    assert logits.std() > 0.05  # they say something
    close(stepwise(model, sentences), logits)


@pytest.mark.usefixtures("bfloat16")
def test_narrow_matrices_are_what_autocast_makes_of_them(model: Any, sentences: Any) -> None:
    narrow: Any = Narrow(model, "cpu")
    with torch.autocast("cpu", torch.bfloat16):
        expected = stepwise(model, sentences)
    found, exact = stepwise(narrow, sentences), stepwise(model, sentences)
    # the last digit, here and there, and a projection that may be rounded to bytes
    assert (found - expected).abs().mean() < 0.02 * exact.std()
    assert 1e-4 < (found - exact).abs().mean() < 0.1 * exact.std()
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    looked = narrow.align(sentences.source, sentences.lengths, sentences.target)
    if looked is not None:
        assert looked.dtype == torch.float32
        torch.testing.assert_close(
            looked, model.align(sentences.source, sentences.lengths, sentences.target),
            rtol=0.1, atol=0.05,
        )  # fmt: skip


def test_padding_changes_nothing(model: Any, sentences: Any) -> None:
    together = whole(model, sentences)
    for row in range(len(sentences.lengths)):
        close(whole(model, sentences.alone(row))[0], together[row])


def test_what_stands_in_the_padding_changes_nothing(model: Any, sentences: Any) -> None:
    behind = torch.arange(sentences.source.shape[1]) >= sentences.lengths[:, None]
    noisy = sentences._replace(source=sentences.source.masked_fill(behind, 7))
    close(whole(model, noisy), whole(model, sentences))


def test_the_future_changes_nothing(model: Any, sentences: Any) -> None:
    changed = sentences.target.clone()
    changed[:, 4:] = 5
    before, after = whole(model, sentences), whole(model, sentences._replace(target=changed))
    close(after[:, :4], before[:, :4])
    assert not torch.allclose(after[:, 4:], before[:, 4:], atol=1e-3)


def test_every_source_word_counts(model: Any, sentences: Any) -> None:
    alone = sentences.alone(2)
    before = whole(model, alone)[0, 0]
    for place in range(8):
        source = alone.source.clone()
        source[0, place] = 4 + (source[0, place] - 3) % 16
        after = whole(model, alone._replace(source=source))[0, 0]
        assert torch.equal(after, before) == isinstance(model, LanguageModel)


def test_hypotheses_lie_side_by_side(model: Any, sentences: Any) -> None:
    """K rows a sentence, over a memory of one row each, are K runs of one row."""
    beam, count = 3, len(sentences.lengths)
    torch.manual_seed(9)
    prefixes = torch.randint(4, 20, (count, beam, 4))
    with torch.no_grad():
        memory = model.encode(sentences.source, sentences.lengths)
        wide = torch.arange(count).repeat_interleave(beam)
        state = model.start(memory).select(wide)
        for column in prefixes.view(-1, 4).unbind(1):
            logits, state = model.step(column, state, memory)
    found = logits.view(count, beam, -1)
    for rank in range(beam):
        single = stepwise(model, sentences._replace(target=prefixes[:, rank]))
        close(found[:, rank], single[:, -1])


def test_rows_can_be_selected(model: Any, sentences: Any) -> None:
    """After any reordering, states go on as those of the rows they came from."""
    index = torch.tensor([2, 0, 2, 4])
    with torch.no_grad():
        memory = model.encode(sentences.source, sentences.lengths)
        state = model.start(memory)
        for column in sentences.target.unbind(1)[:3]:
            _, state = model.step(column, state, memory)
        expected, _ = model.step(sentences.target[:, 3], state, memory)
        found, _ = model.step(sentences.target[index, 3], state.select(index), memory.select(index))
    close(found, expected[index])


def test_all_finished_leaves_nothing_to_select(model: Any, sentences: Any) -> None:
    none = torch.tensor([], dtype=torch.int64)
    memory = model.encode(sentences.source, sentences.lengths)
    model.start(memory).select(none)
    memory.select(none)


def test_an_ensemble_of_one_is_the_model(model: Any, sentences: Any) -> None:
    logits = stepwise(model, sentences)
    close(stepwise(Ensemble([model]), sentences), logits.log_softmax(-1))


def test_an_ensemble_averages_probabilities(another: Any, sentences: Any) -> None:
    members = [another(name, seed) for seed, name in enumerate(
        ("recurrent reverse", "transformer-pre forward", "luong forward"))]  # fmt: skip
    together = Ensemble(members)
    assert together.one_length_batches
    assert not Ensemble([members[1]]).one_length_batches
    mean = sum(stepwise(member, sentences).softmax(-1) for member in members) / 3
    logits = stepwise(together, sentences)
    close(logits.exp(), mean)
    assert math.isclose(float(logits.exp().sum(-1).mean()), 1.0, rel_tol=1e-5)
    together.of_logs = True
    logs = sum(stepwise(member, sentences).log_softmax(-1) for member in members) / 3
    close(stepwise(together, sentences), logs)
    index = torch.tensor([1, 0])
    memory = together.encode(sentences.source, sentences.lengths)
    state = together.start(memory)
    first, _ = together.step(sentences.target[:, 0], state, memory)
    found, _ = together.step(sentences.target[index, 0], state.select(index), memory.select(index))
    close(found, first[index])


def test_dropout_only_falls_in_training(model: Any, sentences: Any) -> None:
    for part in model.modules():
        if hasattr(part, "dropout"):
            part.dropout = 0.5
    close(whole(model, sentences), whole(model, sentences))
    model.train()
    torch.manual_seed(1)
    first = whole(model, sentences)
    assert not torch.allclose(first, whole(model, sentences), atol=1e-3)
    torch.manual_seed(1)
    assert torch.equal(whole(model, sentences), first)


@pytest.mark.parametrize("name", [
    "recurrent reverse", "bahdanau reverse", "luong reverse", "gnmt-concat-output reverse",
    "transformer-post-all reverse",
])  # fmt: skip
def test_reading_backwards_is_reading_the_reversed(another: Any, sentences: Any, name: str) -> None:
    from seq2seq.nn.order import reverse_source

    backwards = another(name)
    forwards = another(name.replace("reverse", "forward"))
    turned = reverse_source(sentences.source, sentences.lengths)
    assert not torch.equal(turned, sentences.source)
    close(whole(forwards, sentences._replace(source=turned)), whole(backwards, sentences))


@pytest.mark.parametrize("order", ["forward", "reverse"])
def test_a_layer_that_is_left_out_changes_nothing(another: Any, sentences: Any, order: str) -> None:
    """LayerDrop: without its layers a Transformer is embeddings and norms; in use it is whole."""
    model = another(f"transformer-pre {order}")
    usual = whole(model, sentences)
    model.layer_dropout = 1.0
    close(whole(model, sentences), usual)
    model.train()
    with torch.no_grad():
        bare = model.decoder_norm(model._embed(model.target_embedding, sentences.target))
        close(model(*sentences), bare)
    model.layer_dropout = 0.5
    torch.manual_seed(2)
    kinds = {model.project(model(*sentences)).sum().item() for _ in range(20)}
    assert len(kinds) > 3
