"""Scoring a system: its translations of a test set against one or more references."""
