"""The 2014 paper's model at its full size: one step, within the memory of a small machine."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

STEP = """
import json
import numpy as np
import torch
from seq2seq.config.loading import check_recipe, recipe_values
from seq2seq.data.batches import gather_batch
from seq2seq.runtime.devices import peak_memory
from seq2seq.models.build import build_model
from seq2seq.runtime.allocation import keep_between_steps
from seq2seq.training.optimizer import build_optimizer
from seq2seq.training.step import train_step

keep_between_steps()
torch.manual_seed(1)
recipe = check_recipe(recipe_values("sutskever2014-wmt14-en-fr"), {}, where="the paper's")
sizes = recipe.text.sizes
model = build_model(recipe.model, recipe.text.source_order, *sizes)
draw = np.random.default_rng(1)
sides = [draw.integers(4, size, 128 * 25) for size in sizes]
tokens = np.concatenate(sides).reshape(2, 128, 25).swapaxes(0, 1).ravel().astype(np.uint32)
batch = gather_batch(tokens, np.arange(257) * 25, np.arange(128))
optimizer = build_optimizer(model, recipe.training)
done = train_step(model, optimizer, [batch], recipe.training, 0.7, "float32")
print(json.dumps([sizes, done.labels, done.loss / done.labels, peak_memory()]))
"""


@pytest.mark.slow  # 4 trillion operations
def test_a_step_of_the_whole_model_fits_in_12_gib() -> None:
    done = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True)
    sizes, labels, loss, peak = json.loads(done.stdout)
    assert (sizes, labels) == ([160_000, 80_000], 128 * 26)
    assert math.log(80_000) - 0.1 < loss < math.log(80_000) + 0.1  # it knows nothing yet
    print(f"peak memory {peak / 2**30:.2f} GiB")
    assert peak < 12 * 2**30
