"""How good the model is now.

This is told by loss and perplexity of the references, and by BLEU of greedy translations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from seq2seq.config.schema import Recipe
from seq2seq.data.prepare import Prepared
from seq2seq.decoding.translator import Translator
from seq2seq.metrics.corpus import score
from seq2seq.metrics.languages import tokenizer_of
from seq2seq.training.events import Validated
from seq2seq.training.step import batch_loss

SAMPLES = 3  # translations that are shown


def validation_loss(model: Any, batches: Sequence[Any], precision: str) -> float:
    """Return nats a target piece (EOS included), without label smoothing."""
    total, labels = 0.0, 0
    with torch.inference_mode():
        for batch in batches:
            total += float(batch_loss(model, batch, 0.0, precision).negative_log_likelihood)
            labels += int((batch.labels != 0).sum())
    return total / max(labels, 1)


def validate(
    model: Any,
    prepared: Prepared,
    batches: Sequence[Any],
    recipe: Recipe,
    step: int,
    precision: str,
) -> Validated:
    """Return loss, perplexity, and BLEU over the first `training.validation_sentences` sentences.

    The model is in evaluation mode meanwhile, and no random number is drawn: validating more often
    or less changes nothing in training.
    """
    model.eval()
    loss = validation_loss(model, batches, precision)
    count = min(recipe.training.validation_sentences, len(prepared.valid_sources))
    bleu, signature, samples = None, "", []
    if count:
        sources, references = prepared.valid_sources[:count], prepared.valid_references[:count]
        device = model.output.weight.device
        greedy = recipe.decoding.model_copy(update={"beam": 1})
        tokenizers = (prepared.source, prepared.target)
        translator = Translator(model, *tokenizers, greedy, str(device), precision)
        translations = translator.translate(sources, note=lambda place, message: None)
        tokenize = tokenizer_of(recipe.data.languages[1])
        result = score(translations, [references], tokenize=tokenize, metrics=("BLEU",))["BLEU"]
        bleu, signature = result.value, result.signature
        samples = list(zip(sources, references, translations, strict=True))[:SAMPLES]
    model.train()
    perplexity = math.exp(min(loss, 700.0))
    return Validated(step, loss, perplexity, bleu, signature, best=False, samples=samples)
