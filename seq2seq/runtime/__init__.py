"""What a machine has: its devices, what its processor can do, and its memory."""
