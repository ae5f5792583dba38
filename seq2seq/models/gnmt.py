"""The deep model of Wu et al. 2016, "Google's Neural Machine Translation System".

The encoder's first layer is bidirectional, the others read forward only. From the third layer on,
on both sides, a layer's input is added to its output (equation 6). The decoder's bottom layer asks
for the context, by the score `model.attention` (the paper's is "additive"), and every layer above
reads that context beside its input, so that the upper layers never wait for the attention.

With input feeding the bottom layer also reads the context of the step before, as in the paper.
Without, nothing of the attention enters the bottom layer: it runs whole through its fused kernel,
then all queries look at once, then the layers above run whole, in parallel over time. This is what
NVIDIA's GNMT v2 does.

What is different: the bottom layer asks with its output at the present step, where the paper asks
with that of the step before; and there is no quantization and no parallelism over devices. The
decoder starts from zeros: what it knows of the source, it has through the attention.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seq2seq.config.schema import ModelConfig, SourceOrder
from seq2seq.models.attentive import Attentive, AttentiveMemory, AttentiveState
from seq2seq.nn.alignment import Alignment, Annotations
from seq2seq.nn.bidirectional import Bidirectional
from seq2seq.nn.cells import make_cell
from seq2seq.nn.cells.cell import Signal
from seq2seq.nn.dropout import dropout
from seq2seq.nn.stack import RecurrentStack
from seq2seq.nn.unroll import unroll


class GNMT(Attentive):
    """Deep residual stacks of which the lowest layers meet the source."""

    def __init__(
        self, config: ModelConfig, source_size: int, target_size: int, source_order: SourceOrder
    ) -> None:
        super().__init__(config, source_size, target_size, source_order)
        assert config.layers > 1, "the schema demands a layer above the lowest"
        H, E = config.hidden, config.embedding  # noqa: N806
        self.input_feeding = config.input_feeding
        options = {"initial": config.initial, **config.cell_options}
        below = E + H if config.input_feeding else E
        self.encoder_bottom = Bidirectional(config.cell, E, H, **options)
        self.decoder_bottom = make_cell(config.cell, below, H, **options)
        self.encoder, self.decoder = (
            RecurrentStack(
                config.cell,
                config.layers - 1,
                size,
                H,
                dropout=config.dropout,
                connection="residual",
                connected_from=2,  # the third layer of the side is the second of this stack
                beside=beside,
                **options,
            )
            for size, beside in ((2 * H, 0), (H, H))
        )
        self.alignment = Alignment(config.attention, H, H, config.initial)

    def read(self, embedded: Tensor, lengths: Tensor | None) -> tuple[Tensor, AttentiveState]:
        """Return annotations ([S, B, H]) and zeros for every layer of the decoder."""
        batch = embedded.shape[1]
        both = self.encoder_bottom(Signal(self._drop(embedded)), lengths).output  # [S, B, 2H]
        start = self.encoder.initial_states(batch, embedded)
        annotations, _ = self.encoder(both, start, lengths)
        bottom = self.decoder_bottom.initial_state(batch, embedded)
        layers = (bottom, *self.decoder.initial_states(batch, embedded))
        fed = annotations.new_zeros(annotations.shape[1:]) if self.input_feeding else None
        return annotations, AttentiveState(layers, fed)

    def advance(
        self, embedded: Tensor, state: AttentiveState, source: Annotations
    ) -> tuple[Tensor, Tensor, AttentiveState]:
        """Step with the bottom layer, look with its output, step with the layers above."""
        below = embedded if state.fed is None else torch.cat([embedded, state.fed], dim=-1)
        signal, bottom = self.decoder_bottom(Signal(self._drop(below)), state.layers[0])
        context, weights = self.alignment.ask(signal.output, source)
        top, above = self.decoder.step(signal.output, state.layers[1:], context)
        fed = context if self.input_feeding else None
        return top, weights, AttentiveState((bottom, *above), fed)

    def decode(self, embedded: Tensor, memory: AttentiveMemory) -> tuple[Tensor, Tensor]:
        """Take all steps at once where nothing is fed back, else one after another."""
        if self.input_feeding:
            return super().decode(embedded, memory)
        bottom, *above = memory.start.layers
        asked, _ = unroll(self.decoder_bottom, Signal(self._drop(embedded)), bottom)  # [T, B, H]
        context, weights = self.alignment(asked.output.transpose(0, 1), memory.source)
        top, _ = self.decoder(asked.output, tuple(above), beside=context.transpose(0, 1))
        return top, weights.transpose(0, 1)

    def readout(self, outputs: Tensor) -> Tensor:
        """Return the top layer's outputs; nothing stands between them and the projection."""
        return outputs

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self.training)
