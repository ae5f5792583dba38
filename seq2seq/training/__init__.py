"""Training: one visible sequence of named steps, told to the outside as typed events."""
