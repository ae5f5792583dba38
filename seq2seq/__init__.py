"""Neural machine translation, from the 2014 encoder-decoder to the Transformer.

>>> from seq2seq import Translator
>>> Translator.load("runs/mine").translate(["a sentence"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seq2seq.decoding.translator import Translator

__all__ = ["Translator", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import `Translator`, and torch with it, when it is first asked for."""
    if name == "Translator":
        from seq2seq.decoding.translator import Translator

        return Translator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
