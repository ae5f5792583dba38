"""The demo's result on standard output."""

from __future__ import annotations

from seq2seq.experiments.demo import DemoResult
from seq2seq.report.console import table
from seq2seq.terminal import put


def show_demo(result: DemoResult) -> None:
    """Print translations, BLEU by phenomenon and overall; the last line is for scripts."""
    write = put
    for example, translation in result.translations:
        verdict = (
            "as the reference" if translation == example.target else f"reference: {example.target}"
        )
        write(f"{example.source}\n  {translation}  ({verdict})\n")
    write("\n")
    rows = [
        [each.name, str(each.sentences), f"{each.model:.1f}", f"{each.dictionary:.1f}"]
        for each in result.phenomena
    ]
    total = sum(each.sentences for each in result.phenomena)
    rows.append(["all", str(total), f"{result.model.value:.1f}", f"{result.dictionary.value:.1f}"])
    table(["phenomenon", "sentences>", "BLEU>", "dictionary>"], rows)
    write(f"\nBLEU signature: {result.model.signature}\n")
    write(f"demo: BLEU {result.model.value:.1f}, dictionary {result.dictionary.value:.1f}\n")
