"""What a Transformer's decoder has seen so far: keys and values that all hypotheses share.

Each step of time leaves one slot a hypothesis. Slots are written once and never moved when
hypotheses are reordered: which slots are a hypothesis' own past is kept beside them, as a mask.
So a reordering moves a few numbers, where copying the pasts of all hypotheses would cost more than
the products of a step do.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

ROOM = 32  # slots that a new store has at least


class Store:
    """Memory for slots, [L, 2, B, A, C, D]: keys and values of L layers, the first `used` filled.

    Whoever has seen all that is written may write on; others copy first.
    """

    def __init__(self, slots: Tensor, used: int) -> None:
        self.slots = slots
        self.used = used


class Past(NamedTuple):
    """The past of K hypotheses of each of B sentences."""

    store: Store
    length: int  # slots
    steps: int
    visible: Tensor | None  # [B, K, length], 0 on a hypothesis' own slots, else very negative
    order: Tensor | None = None  # [N], rows that the next step goes on with; None: all as they are

    @classmethod
    def empty(cls, layers: int, like: Tensor) -> Past:
        """Return the past before the first step, on the device and in the type of [B, A, S, D]."""
        sentences, heads, _, width = like.shape
        slots = like.new_empty(layers, 2, sentences, heads, 0, width)
        return cls(Store(slots, 0), 0, 0, None)

    def select(self, index: Tensor) -> Past:
        """Return the hypotheses at `index` ([N]); how many a sentence has, the next step tells."""
        return self._replace(order=index if self.order is None else self.order[index])

    def arranged(self, sentences: int, beam: int) -> Past:
        """Return the same, put in order for `beam` hypotheses of each of `sentences`."""
        slots = self.store.slots
        if self.order is None:
            return self
        before = slots.shape[2]
        former = self.rows // before
        order = self.order.view(sentences, beam)
        chosen = order[:, 0] // former  # [B], of the sentences as they lie in the store
        store, visible = self.store, self.visible
        if sentences != before or not torch.equal(
            chosen, torch.arange(before, device=chosen.device)
        ):
            room = min(slots.shape[4], self.length + self.length // 2 + beam)  # not to grow at once
            store = Store(slots[..., :room, :].index_select(2, chosen), self.length)
        if visible is None:
            visible = slots.new_zeros(before, former, self.length)
        visible = visible.flatten(0, 1)[self.order].unflatten(0, (sentences, beam))
        alone = former == beam == 1  # each sees all that its sentence has
        return Past(store, self.length, self.steps, None if alone else visible)

    @property
    def rows(self) -> int:
        """Return the number of hypotheses."""
        if self.visible is None:
            return self.store.slots.shape[2]
        return self.visible.shape[0] * self.visible.shape[1]

    @property
    def mask(self) -> Tensor | None:
        """Return what to add to attention scores, [B, 1, K, length]; None: all is seen."""
        return None if self.visible is None else self.visible.unsqueeze(1)

    def longer(self, beam: int) -> Past:
        """Return a past with a slot more for each of `beam` hypotheses, seen by itself alone."""
        slots, length = self.store.slots, self.length + beam
        store = self.store
        if store.used != self.length or slots.shape[4] < length:
            grown = slots.new_empty(*slots.shape[:4], max(ROOM, 2 * length), slots.shape[5])
            grown[..., : self.length, :] = slots[..., : self.length, :]
            store = Store(grown, self.length)
        store.used = length
        visible = None
        if beam > 1 or self.visible is not None:
            lowest = torch.finfo(slots.dtype).min / 2
            own = slots.new_full((beam, beam), lowest).fill_diagonal_(0.0)
            own = own.expand(slots.shape[2], beam, beam)
            visible = own if self.visible is None else torch.cat([self.visible, own], dim=2)
        return Past(store, length, self.steps + 1, visible)

    def add(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Fill a layer's newest slots with [B, A, K, D] each; return all, [B, A, length, D]."""
        slots = self.store.slots[layer]  # [2, B, A, C, D]
        first = self.length - keys.shape[2]
        slots[0, :, :, first : self.length] = keys
        slots[1, :, :, first : self.length] = values
        return slots[0, :, :, : self.length], slots[1, :, :, : self.length]
