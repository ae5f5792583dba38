"""What a model has kept of a sentence when it has read it: figure 2 of Sutskever et al. 2014.

Sentences come in families of phrases, each with a meaning by name. A family's separation is the
mean distance between phrases of different meanings over the mean distance between phrases of one
meaning: 1 where the vectors know nothing of the meaning, more where they do. The paper's first
family differs in who does what to whom (so its separation tells how much word order counts), its
second says two things in three ways each, actively and passively (so its separation tells how
little the voice counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seq2seq.analysis.runs import load_reader
from seq2seq.decoding.batching import pad_sources
from seq2seq.errors import DataError
from seq2seq.models.attentive import AttentiveMemory
from seq2seq.models.bundle import Bundle
from seq2seq.models.transformer import TransformerMemory
from seq2seq.text.lines import decode_line, encodable, is_blank, read_lines

NAME = "# "  # begins the line that names the family below

PAPER = """\
# who does it
John first\tJohn respects Mary .
John first\tJohn admires Mary .
John first\tJohn is in love with Mary .
Mary first\tMary respects John .
Mary first\tMary admires John .
Mary first\tMary is in love with John .

# active and passive
I gave\tI gave her a card in the garden .
I gave\tIn the garden , I gave her a card .
I gave\tShe was given a card by me in the garden .
she gave\tShe gave me a card in the garden .
she gave\tIn the garden , she gave me a card .
she gave\tI was given a card by her in the garden .
"""


@dataclass(frozen=True)
class Family:
    """Phrases that are compared with one another, each with the name of its meaning."""

    name: str
    phrases: tuple[tuple[str, str], ...]  # (meaning, text)


@dataclass(frozen=True)
class Seen:
    """A family as a model sees it."""

    family: Family
    width: int  # numbers a vector
    plane: NDArray[np.float64]  # [N, 2], the two principal components
    explained: float  # share of the variance that lies in that plane
    between: float  # mean distance between phrases of different meanings, of the whole vectors
    within: float  # and of one meaning

    @property
    def separation(self) -> float:
        """Return how much farther apart different meanings are than different words for one."""
        return self.between / self.within if self.within else float("inf")


def families(path: Path | None) -> list[Family]:
    """Return the paper's families, or those of a file.

    A line is a meaning, a tab and a phrase; a blank line ends a family, `# NAME` names it.

    Raises:
        DataError: the file is missing, or a family has not two meanings, one of them in two ways.
    """
    if path is None:
        lines = PAPER.split("\n")
    else:
        lines = [decode_line(line)[0] for line in read_lines(path)]
    found: list[Family] = []
    name, phrases = "", []
    for number, line in enumerate([*lines, ""], start=1):
        if line.startswith(NAME):
            name = line.removeprefix(NAME).strip()
        elif not is_blank(line):
            meaning, tab, phrase = line.partition("\t")
            if not tab or is_blank(meaning) or is_blank(phrase):
                raise DataError(
                    f"{path}:{number}: not a meaning, a tab and a phrase", "such as: x\tI see her."
                )
            phrases.append((meaning.strip(), phrase.strip()))
        elif phrases:
            found.append(Family(name or f"family {len(found) + 1}", tuple(phrases)))
            _check(found[-1], path)
            name, phrases = "", []
    if not found:
        raise DataError(f"{path} has no phrases", "give lines of a meaning, a tab and a phrase")
    return found


def _check(family: Family, path: Path | None) -> None:
    meanings = [meaning for meaning, _ in family.phrases]
    if len(set(meanings)) < 2 or len(set(meanings)) == len(meanings):
        raise DataError(
            f"{path}: {family.name}: distances need two meanings, and one of them in two ways",
            "add phrases to it",
        )


def see(run: Path, families: Sequence[Family]) -> list[Seen]:
    """Return what the model of a run keeps of families of phrases.

    Raises:
        ModelError: the run is missing or damaged, or a language model.
    """
    bundle = load_reader(run)
    return [_seen(family, _vectors(bundle, family)) for family in families]


def _vectors(bundle: Bundle, family: Family) -> NDArray[np.float64]:
    """Return the vector of each phrase ([N, D])."""
    encoded = bundle.source.encode([encodable(phrase) for _, phrase in family.phrases])
    model: Any = bundle.model
    rows = []
    with torch.inference_mode():
        for pieces in encoded:
            memory = model.encode(*pad_sources([pieces], "cpu"))
            rows.append(kept_of_source(model, memory).double().numpy())
    return np.stack(rows)


def kept_of_source(model: Any, memory: Any) -> Tensor:
    """Return what the decoder gets of one sentence, as a vector of fixed width.

    Of a recurrent model it is the state that the decoder starts from, all layers. Where that is
    nothing (GNMT starts from zeros) or not there (Transformer), it is the mean over the source of
    what the decoder can look at, a Transformer's in its last layer.
    """
    if isinstance(memory, TransformerMemory):
        return memory.values[-1].mean(dim=2).flatten()  # [A * D]
    layers = model.start(memory).layers
    parts = [part.flatten() for layer in layers for part in layer if part.is_floating_point()]
    state = torch.cat(parts)
    if isinstance(memory, AttentiveMemory) and not state.any():
        return memory.source.values.mean(dim=1).flatten()  # [D]
    return state


def _seen(family: Family, vectors: NDArray[np.float64]) -> Seen:
    centred = vectors - vectors.mean(0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    variances = sizes**2
    distances: dict[bool, list[float]] = {True: [], False: []}
    pairs = zip(family.phrases, vectors, strict=True)
    for (one, first), (other, second) in combinations(pairs, 2):
        distances[one[0] == other[0]].append(float(np.linalg.norm(first - second)))
    return Seen(
        family,
        vectors.shape[1],
        centred @ axes[:2].T,
        float(variances[:2].sum() / max(variances.sum(), np.finfo(float).tiny)),
        float(np.mean(distances[False])),
        float(np.mean(distances[True])),
    )
