"""From corpora to batches: reading, cleaning, encoding once, planning, gathering."""
