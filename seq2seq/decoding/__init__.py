"""From a trained model and raw text to translations: search, batches, lines in and lines out."""
