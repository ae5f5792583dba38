"""The register of recurrent cells: a new one is a file in `seq2seq/nn/cells` and a line here."""

from __future__ import annotations

import difflib

CELLS = {
    "rnn": "rnn.RNN",
    "lstm": "lstm.LSTM",
    "peephole": "peephole.Peephole",
    "coupled": "coupled.Coupled",
    "gru": "gru.GRU",
    "gru_reset_before": "gru.GRUResetBefore",
    "depth_gated": "depth_gated.DepthGated",
    "clockwork": "clockwork.Clockwork",
    "grid": "grid.Grid",
    "recurrent_highway": "recurrent_highway.RecurrentHighway",
    "layer_norm_lstm": "layer_norm_lstm.LayerNormLSTM",
}


def known_cell(name: str) -> str:
    """Return `name`; raises ValueError if no cell is called so."""
    if name not in CELLS:
        near = difflib.get_close_matches(name, CELLS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CELLS)}"
        raise ValueError(f"there is no cell {name[:60]!r}, {hint}")
    return name
