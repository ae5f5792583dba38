"""The recurrent model's three ways through time are one."""

from __future__ import annotations

from typing import Any

import torch

from seq2seq.nn.stack import RecurrentStack


def make_stack() -> RecurrentStack:
    torch.manual_seed(3)
    return RecurrentStack("lstm", 3, 5, 8, dropout=0.0, initial=0.5)


def test_masked_is_fused_where_no_row_is_padded() -> None:
    stack = make_stack()
    below, lengths = torch.randn(6, 4, 5), torch.full((4,), 6)
    start = stack.initial_states(4, below)
    fused, fused_states = stack(below, start)
    masked, masked_states = stack(below, start, lengths)
    torch.testing.assert_close(fused, masked, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(fused_states, masked_states, rtol=1e-5, atol=1e-5)


def test_masked_is_fused_on_each_row_alone() -> None:
    stack = make_stack()
    below, lengths = torch.randn(6, 4, 5), torch.tensor([3, 6, 1, 5])
    _, masked = stack(below, stack.initial_states(4, below), lengths)
    for row, length in enumerate(lengths.tolist()):
        own = below[:length, row : row + 1]
        _, fused = stack(own, stack.initial_states(1, own))
        for one, other in zip(masked, fused, strict=True):
            for all_rows, single in zip(one, other, strict=True):
                torch.testing.assert_close(all_rows[row], single[0], rtol=1e-5, atol=1e-5)


def test_gradients_agree_too() -> None:
    stack = make_stack()
    below, lengths = torch.randn(6, 4, 5), torch.full((4,), 6)
    found = []
    for path in (None, lengths):
        stack.zero_grad()
        output, _ = stack(below, stack.initial_states(4, below), path)
        output.square().sum().backward()
        found.append([parameter.grad.clone() for parameter in stack.parameters()])  # type: ignore[union-attr]
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-5)


def test_step_is_whole() -> None:
    stack = make_stack()
    below = torch.randn(6, 4, 5)
    state = stack.initial_states(4, below)
    whole, final = stack(below, state)
    outputs = []
    for now in below.unbind(0):
        output, state = stack.step(now, state)
        outputs.append(output)
    torch.testing.assert_close(torch.stack(outputs), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(state, final, rtol=1e-5, atol=1e-5)


def test_the_memory_is_the_final_state_of_every_layer(another: Any, sentences: Any) -> None:
    model = another("recurrent-all forward")
    memory = model.encode(sentences.source, sentences.lengths)
    assert len(memory.layers) == 3 and model.one_length_batches
    assert model.start(memory) is memory
