"""The contract of a translation model, one file per architecture, and the bundle that a run directory holds."""
