"""Scores of translations, always through sacrebleu and always with its signature; perplexity."""
