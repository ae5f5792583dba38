"""How large a model is, and the memory that its training needs, before any of it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from seq2seq.config.schema import Recipe
from seq2seq.models.build import outline, parameters_by_part
from seq2seq.nn.cells.cell import Cell
from seq2seq.runtime.allocation import CHUNK_LOGITS
from seq2seq.runtime.memory import require_memory
from seq2seq.text.tokenizer import SPECIALS

OPTIMIZER_COPIES = {"sgd": 0, "adam": 2, "adamw": 2}  # numbers kept a weight
ACTIVATIONS = {
    "recurrent": 12,
    "bahdanau": 32,
    "luong": 20,
    "gnmt": 20,
    "transformer": 24,
    "recurrent_language_model": 6,
    "transformer_language_model": 12,
}  # numbers kept a piece, layer and unit of width, about


@dataclass(frozen=True)
class Sizes:
    """The parameters of a model over given vocabularies, by part; biases also apart."""

    source: int
    target: int
    parts: dict[str, int]
    biases: int
    recurrent: int  # weights of recurrent cells, without biases

    @property
    def all(self) -> int:
        """Return the number of parameters, biases included."""
        return sum(self.parts.values())


def nominal_sizes(recipe: Recipe) -> Sizes:
    """Return the sizes that the recipe names, whatever the data turn out to hold; needs no data."""
    return sizes_of(recipe, *recipe.text.sizes)


def sizes_of(recipe: Recipe, source: int, target: int) -> Sizes:
    """Return the sizes of a model over vocabularies of these sizes; nothing is allocated."""
    model = outline(recipe.model, recipe.text.source_order, source, target)
    biases = sum(value.numel() for value in model.parameters() if value.ndim == 1)
    cells = [module for module in model.modules() if isinstance(module, Cell)]
    recurrent = sum(
        weight.numel() for cell in cells for weight in cell.parameters() if weight.ndim > 1
    )
    return Sizes(source, target, parameters_by_part(model), biases, recurrent)


def memory_estimate(recipe: Recipe, sizes: Sizes) -> int:
    """Return the bytes that training needs, about.

    They hold weights, gradients, optimiser, a checkpoint on its way to the disk, the activations of
    one batch, and a chunk of logits. Runs took 1.2 to 1.5 times as much, so that nothing is refused
    that would fit.
    """
    training, model = recipe.training, recipe.model
    saved = 1 + OPTIMIZER_COPIES[training.optimizer] + bool(training.average_decay)
    copies = 2 * saved + 1  # of which the last are the gradients
    positions = 2 * training.batch_tokens
    activations = positions * model.hidden * model.layers * ACTIVATIONS[model.architecture]
    projection = 2 * sizes.target * model.hidden
    return 4 * (sizes.all * copies + activations + projection + 3 * CHUNK_LOGITS)


def require_training_memory(
    recipe: Recipe, device: str, source: int = len(SPECIALS), target: int = len(SPECIALS)
) -> None:
    """Refuse to train what the device has no memory for, with vocabularies of these sizes.

    Before text is prepared, which may take minutes, the smallest ones are asked about.

    Raises:
        ResourceError: naming the memory needed and the memory there is.
    """
    sizes = sizes_of(recipe, source, target)
    require_memory(
        memory_estimate(recipe, sizes),
        f"training {sizes.all:,} weights in batches of {recipe.training.batch_tokens:,} tokens",
        "lower model.hidden, model.layers or training.batch_tokens",
        device,
    )
