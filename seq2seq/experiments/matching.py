"""Models of equal size, whatever they are made of: the width follows from a number of weights."""

from __future__ import annotations

from bisect import bisect_left

from seq2seq.config.schema import ModelConfig
from seq2seq.errors import RecipeError
from seq2seq.models.build import outline
from seq2seq.nn.cells.cell import Cell

ENDS = {"source_embedding", "target_embedding", "output"}  # what depends on the vocabularies
WIDEST = 8192
NEAR = 0.02  # how far off a match may be


def inner_weights(config: ModelConfig) -> int:
    """Return how many weights a model has between its embeddings and its projection.

    Connections that a cell never uses (clockwork) are no weights.
    """
    model = outline(config.model_copy(update={"tie": "none"}), "forward", 8, 8)
    count = sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if name.partition(".")[0] not in ENDS
    )
    return count - sum(module.unused for module in model.modules() if isinstance(module, Cell))


def matched_width(config: ModelConfig, wanted: int) -> int:
    """Return the width with which a model comes nearest to `wanted` inner weights.

    Raises:
        RecipeError: no width comes within 2 %.
    """
    step = config.heads if config.architecture.startswith("transformer") else 1

    def count(width: int) -> int:
        return inner_weights(config.model_copy(update={"hidden": width}))

    widths = range(step, WIDEST + 1, step)
    place = bisect_left(widths, wanted, key=count)
    near = widths[max(place - 1, 0) : place + 1]
    best = min(near, key=lambda width: abs(count(width) - wanted))
    if abs(count(best) - wanted) > NEAR * wanted:
        raise RecipeError(
            f"no width gives {wanted:,} weights: {best} gives {count(best):,}",
            "ask for another number",
        )
    return best
