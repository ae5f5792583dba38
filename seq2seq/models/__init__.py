"""The contract of a translation model, the architectures, and the bundle.

Each architecture has a file of its own; the bundle is what a run directory holds.
"""
