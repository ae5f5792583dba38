"""What a Transformer's decoder has seen so far: keys and values that all hypotheses share.

Each step of time leaves one slot a hypothesis. Slots are written once and never moved when
hypotheses are reordered: which slots are a hypothesis' own past is kept beside them, as a mask.
So a reordering moves a few numbers, where copying the pasts of all hypotheses would cost more than
the products of a step do. Only where sentences leave or the room is full are slots copied, those
that a living hypothesis sees: of a long beam search, a small part.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

ROOM = 6  # steps of time for which a store grows at once


class Store:
    """Memory for slots, [L, 2, B, A, C, D]: keys and values of L layers, the first `used` filled.

    The others are zero. Whoever has seen all that is written may write on; others copy first.
    """

    def __init__(self, slots: Tensor, used: int) -> None:
        self.slots = slots
        self.used = used


class Past(NamedTuple):
    """The past of K hypotheses of each of B sentences."""

    store: Store
    length: int  # slots
    steps: int
    visible: Tensor  # [B, K, C], 0 on a hypothesis' own slots, else very negative
    order: Tensor | None = None  # [N], rows that the next step goes on with; None: all as they are

    @classmethod
    def empty(cls, layers: int, like: Tensor) -> Past:
        """Return the past before the first step, on the device and in the type of [B, A, S, D]."""
        sentences, heads, _, width = like.shape
        slots = like.new_empty(layers, 2, sentences, heads, 0, width)
        return cls(Store(slots, 0), 0, 0, like.new_empty(sentences, 1, 0))

    def select(self, index: Tensor) -> Past:
        """Return the hypotheses at `index` ([N]); how many a sentence has, the next step tells."""
        return self._replace(order=index if self.order is None else self.order[index])

    def arranged(self, sentences: int, beam: int) -> Past:
        """Return the same, put in order for `beam` hypotheses of each of `sentences`."""
        if self.order is None:
            return self
        before, former = self.visible.shape[:2]
        chosen = self.order.view(sentences, beam)[:, 0] // former  # [B], as they lie in the store
        visible = self.visible.flatten(0, 1)[self.order].unflatten(0, (sentences, beam))
        past = self._replace(visible=visible, order=None)
        same = torch.arange(before, device=chosen.device)
        return past if torch.equal(chosen, same) else past._moved(chosen)

    def _moved(self, chosen: Tensor) -> Past:
        """Return the past in a store of its own, for sentences at `chosen` ([B]) of the old one.

        Slots that no hypothesis sees any more stay behind. There is room for a step more, at least.
        """
        slots, visible = self.store.slots, self.visible
        layers, parts, before, heads, room, width = slots.shape
        seen = (visible == 0.0).any(dim=1)  # [B, C]
        length = int(seen.sum(dim=1).max()) if self.length else 0
        kept = (~seen).byte().argsort(dim=1, stable=True)[:, :length]  # [B, length], still in order
        place = torch.arange(layers * parts, device=slots.device)[:, None] * before + chosen
        head = torch.arange(heads, device=slots.device)[:, None]
        rows = (place[:, :, None, None] * heads + head) * room + kept[:, None]  # [2L, B, A, length]
        content = slots.view(-1, width).index_select(0, rows.flatten())
        beam = visible.shape[1]
        unit = 8 * -(-ROOM * beam // 8)  # few sizes: products of each have code of their own
        grown = unit * -(-(length + beam) // unit)
        moved = slots.new_zeros(layers, parts, len(chosen), heads, grown, width)
        moved[..., :length, :] = content.view(*moved.shape[:4], length, width)
        still = visible.new_full((*visible.shape[:2], grown), torch.finfo(visible.dtype).min / 2)
        still[..., :length] = visible.gather(2, kept[:, None].expand(-1, visible.shape[1], -1))
        return self._replace(store=Store(moved, length), length=length, visible=still)

    @property
    def mask(self) -> Tensor:
        """Return what to add to attention scores, [B, 1, K, C]."""
        return self.visible.unsqueeze(1)

    def longer(self, beam: int) -> Past:
        """Return a past with a slot more for each of `beam` hypotheses, seen by itself alone."""
        past = self
        if self.store.used != self.length or self.store.slots.shape[4] < self.length + beam:
            past = self._moved(torch.arange(len(self.visible), device=self.visible.device))
        length = past.length + beam
        past.store.used = length
        visible = past.visible.clone()
        visible[..., past.length : length].diagonal(dim1=1, dim2=2).zero_()
        return past._replace(length=length, steps=self.steps + 1, visible=visible)

    def add(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Fill a layer's newest slots with [B, A, K, D] each; return all, [B, A, C, D]."""
        slots = self.store.slots[layer]  # [2, B, A, C, D]
        newest = slice(self.length - keys.shape[2], self.length)
        slots[0, :, :, newest] = keys
        slots[1, :, :, newest] = values
        return slots[0], slots[1]
