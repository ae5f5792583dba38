"""What every translation model offers, so that training and decoding know no architecture by name.

Shapes use the house alphabet of `seq2seq.nn`: B sentences, S source positions, T target positions,
V target vocabulary, H hidden, K hypotheses a sentence. Hypotheses of one sentence lie side by side,
so a state that serves B sentences has B * K rows, while the memory of the source keeps B rows and
is never copied.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from torch import Tensor, nn

Self_ = TypeVar("Self_")


class Selectable(Protocol):
    """A bundle of tensors whose first axis can be picked from."""

    def select(self: Self_, index: Tensor) -> Self_:
        """Return the rows at `index` ([N], int64), in that order.

        Rows may repeat or be left out.
        """
        ...


class TranslationModel(Protocol):
    """A conditional model of target given source.

    The stepwise and the whole form agree (a tested law).
    """

    output: nn.Linear  # the projection to logits, apart, so that the loss never holds all of them
    normalised: bool  # False: what a step returns are logits, to be made log-probabilities

    @property
    def one_length_batches(self) -> bool:
        """True where batches should hold a single source length (recurrent encoders)."""
        ...

    def encode(self, source: Tensor, lengths: Tensor) -> Any:
        """Read the source and return the memory of it.

        `source` is [B, S], right-padded, each row ending in EOS; `lengths` is [B].
        """
        ...

    def start(self, memory: Any) -> Any:
        """Return the decoder's state before the first target token.

        It has B rows: one hypothesis a sentence.
        """
        ...

    def step(self, tokens: Tensor, state: Any, memory: Any) -> tuple[Tensor, Any]:
        """Feed `tokens` ([B * K]) and return logits ([B * K, V]) with the next state.

        K is the state's rows over the memory's rows.
        """
        ...

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return hidden states ([B, T, H]) for teacher-forced `target`.

        `target` is [B, T], and each row starts with BOS.
        """
        ...

    def align(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor | None:
        """Return attention weights ([B, T, S]) of teacher-forced `target`; None without attention.

        They are in the reading order of the source, whatever order the model reads it in. Each row
        sums to 1 over its real positions, its EOS included, and is 0 on padding. Row t belongs to
        the word that is predicted from `target[:, t]`. Call it in evaluation mode.
        """
        ...

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits ([..., V]) of hidden states ([..., H])."""
        ...
