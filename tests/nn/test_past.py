"""What a decoder has seen: hypotheses keep their own past through any reordering."""

from __future__ import annotations

import torch
from torch import Tensor

from seq2seq.nn.past import ROOM, Past

HEADS, WIDTH = 2, 3


def begun(sentences: int) -> Past:
    return Past.empty(1, torch.zeros(sentences, HEADS, 5, WIDTH))


def grown(past: Past, sentences: int, marks: Tensor) -> Past:
    """Take one step in which every hypothesis leaves its mark ([B, K])."""
    beam = marks.shape[1]
    past = past.arranged(sentences, beam).longer(beam)
    filled = marks.float()[:, None, :, None].expand(-1, HEADS, -1, WIDTH)
    past.add(0, filled, -filled)
    return past


def seen(past: Past) -> list[list[list[int]]]:
    """Return the marks that each hypothesis can see, in order of time."""
    slots = past.store.slots[0, 0, :, 0, : past.length, 0]  # [B, length]
    visible = past.visible[..., : past.length]
    return [
        [[int(mark) for mark, own in zip(row, mask, strict=True) if own == 0] for mask in masks]
        for row, masks in zip(slots, visible, strict=True)
    ]


def test_a_hypothesis_sees_its_own_past() -> None:
    past = grown(begun(2), 2, torch.tensor([[1], [2]]))
    past = past.select(torch.tensor([0, 0, 1, 1]))
    past = grown(past, 2, torch.tensor([[11, 12], [21, 22]]))
    assert seen(past) == [[[1, 11], [1, 12]], [[2, 21], [2, 22]]]
    past = past.select(torch.tensor([1, 0, 3, 3]))
    past = grown(past, 2, torch.tensor([[13, 14], [23, 24]]))
    assert seen(past) == [[[1, 12, 13], [1, 11, 14]], [[2, 22, 23], [2, 22, 24]]]


def test_reordering_moves_no_slots() -> None:
    past = grown(begun(2).select(torch.tensor([0, 0, 1, 1])), 2, torch.tensor([[1, 2], [3, 4]]))
    later = grown(past.select(torch.tensor([1, 1, 2, 3])), 2, torch.tensor([[5, 6], [7, 8]]))
    assert later.store is past.store
    assert seen(later) == [[[2, 5], [2, 6]], [[3, 7], [4, 8]]]


def test_sentences_leave_and_move() -> None:
    past = grown(begun(3).select(torch.tensor([0, 0, 1, 1, 2, 2])), 3, torch.tensor(
        [[1, 2], [3, 4], [5, 6]]))  # fmt: skip
    left = grown(past.select(torch.tensor([5, 4, 0, 0])), 2, torch.tensor([[7, 8], [9, 10]]))
    assert seen(left) == [[[6, 7], [5, 8]], [[1, 9], [1, 10]]]


def test_selections_follow_one_another() -> None:
    past = grown(begun(1).select(torch.tensor([0, 0])), 1, torch.tensor([[1, 2]]))
    twice = past.select(torch.tensor([1, 0])).select(torch.tensor([0, 0]))
    assert seen(grown(twice, 1, torch.tensor([[3, 4]]))) == [[[2, 3], [2, 4]]]


def test_a_beam_may_become_narrow() -> None:
    past = grown(begun(1).select(torch.tensor([0, 0])), 1, torch.tensor([[1, 2]]))
    alone = grown(past.select(torch.tensor([1])), 1, torch.tensor([[3]]))
    assert seen(alone) == [[[2, 3]]]
    assert seen(grown(alone, 1, torch.tensor([[4]]))) == [[[2, 3, 4]]]


def test_two_futures_of_one_past_do_not_mix() -> None:
    past = grown(begun(1), 1, torch.tensor([[1]]))
    one = grown(past, 1, torch.tensor([[2]]))
    other = grown(past, 1, torch.tensor([[3]]))
    assert (seen(one), seen(other)) == ([[[1, 2]]], [[[1, 3]]])


def test_it_grows_beyond_its_first_room() -> None:
    past = begun(1)
    for mark in range(3 * ROOM):
        past = grown(past, 1, torch.tensor([[mark]]))
    assert seen(past) == [[list(range(3 * ROOM))]]


def test_slots_that_nobody_sees_are_left_behind() -> None:
    past = grown(begun(1).select(torch.tensor([0, 0])), 1, torch.tensor([[0, 1]]))
    marks = list(range(2, 8 * ROOM))
    for mark in marks:
        past = grown(past.select(torch.tensor([0, 0])), 1, torch.tensor([[mark, -mark]]))
    assert seen(past) == [[[0, *marks], [0, *marks[:-1], -marks[-1]]]]
    assert past.length < 1.5 * len(marks)  # of 2 a step
