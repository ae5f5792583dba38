"""`seq2seq demo`."""
from __future__ import annotations
EXAMPLES = ""
def demo() -> None:
    """Demo."""
