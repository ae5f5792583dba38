"""Where a model looks while it writes: the whole alignment of a sentence and its translation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seq2seq.decoding.alignments import alignments
from seq2seq.decoding.translator import Translator, unheard
from seq2seq.errors import DataError, ModelError
from seq2seq.text.lines import is_blank
from seq2seq.text.tokenizer import EOS


@dataclass(frozen=True)
class Look:
    """A sentence, what was written of it, and the weights [T, S] of each written piece."""

    source: list[str]
    target: list[str]
    weights: NDArray[np.float64]


def look(run: Path, sentence: str, target: str | None) -> Look:
    """Return where the model of a run looks: while it translates, or at a given translation.

    Raises:
        ModelError: the run is missing or damaged, or its model has no attention.
        DataError: there is nothing to look at.
    """
    if is_blank(sentence):
        raise DataError("there is nothing to translate", "give a sentence with --sentence")
    translator = Translator.load(run)
    if not translator.source.encode([sentence])[0]:  # controls, joiners
        raise DataError("there is nothing to translate", "give a sentence with --sentence")
    if target is None:
        target = translator.translate([sentence], unheard)[0]
    pieces = translator.source.encode([sentence])[0], translator.target.encode([target])[0]
    if not pieces[1]:
        raise DataError("nothing was written", "give a translation with --target")
    found = alignments(translator.model, [pieces], 1, translator.device)
    if found is None:
        raise ModelError(f"{run}: this model has no attention", "give a run of one that has")
    return Look(
        translator.source.pieces([*pieces[0], EOS]),
        translator.target.pieces(pieces[1]),
        found[0].double().numpy(),
    )
