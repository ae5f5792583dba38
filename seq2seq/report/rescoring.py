"""What rescoring n-best lists came to, on standard output and as JSON."""

from __future__ import annotations

import json

from seq2seq.evaluation.rescoring import Rescored
from seq2seq.report.console import table
from seq2seq.terminal import put


def show_rescored(found: Rescored, *, as_json: bool) -> None:
    """Print the result, as a table or as JSON."""
    if as_json:
        put(rescored_document(found) + "\n")
    else:
        rescored_table(found)


def rescored_table(found: Rescored) -> None:
    """Print BLEU of the list's own choice, of the model's, and of the oracle's."""
    rows = [
        ["the list's own first", f"{found.first.value:.2f}"],
        [f"chosen with weight {found.weight:g}", f"{found.chosen.value:.2f}"],
        ["the best of each list (oracle)", f"{found.oracle.value:.2f}"],
    ]
    table(["translations", "BLEU>"], rows)
    put(f"\n{found.first.signature}\n")
    if found.paired is not None:
        put(
            f"chosen - first: {found.paired.difference:+.2f}, p = {found.paired.p_value:.4f} "
            "(paired bootstrap)\n"
        )


def rescored_document(found: Rescored) -> str:
    """Return the same as one JSON document."""
    paired = found.paired
    return json.dumps(
        {
            "weight": found.weight,
            "BLEU": {
                "first": found.first.value,
                "chosen": found.chosen.value,
                "oracle": found.oracle.value,
                "signature": found.first.signature,
            },
            "difference": paired.difference if paired else None,
            "p_value": paired.p_value if paired else None,
        },
        indent=2,
    )
