"""`seq2seq score`: how likely a model finds given translations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seq2seq.commands.options import Debug, Device, Quiet, Threads
from seq2seq.errors import UsageError
from seq2seq.terminal import put, tell

EXAMPLES = """Examples:\n
\b
  seq2seq score runs/mine --source test.en --target test.fr > log-probabilities
  seq2seq translate runs/a --nbest 5 --format jsonl < test.en > lists
  seq2seq score runs/b --translations lists
"""


def score(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="run directory; several are an ensemble")
    ],
    source: Annotated[
        Path | None, typer.Option(metavar="FILE", help="sentences, plain or gzip")
    ] = None,
    target: Annotated[
        Path | None, typer.Option(metavar="FILE", help="their translations, line by line")
    ] = None,
    translations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="instead: what translate --format jsonl wrote"),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Print log P(target | source) in nats, the end of the sentence included, one line a pair.

    Of what translate wrote, every translation of every list is a pair, as the pieces that it was
    made of; of text, the pieces are those that it is cut into anew.
    """
    if (translations is None) == (source is None or target is None):
        raise UsageError(
            "pairs are needed, once", "give --source and --target, or --translations alone"
        )
    from seq2seq.decoding.scorer import Scorer
    from seq2seq.decoding.translator import Translator
    from seq2seq.metrics.perplexity import perplexity

    scorer = Scorer(Translator.load(runs, device=device))
    if translations is not None:
        pairs = scorer.read_translations(translations)
    else:
        assert source is not None and target is not None
        pairs = scorer.read_texts(source, target)
    found = scorer.log_probabilities(pairs)
    put("".join(f"{value:.6f}\n" for value in found))
    if not quiet:
        pieces = sum(len(pair[1]) + 1 for pair in pairs)
        tell(
            f"{len(pairs):,} pairs, {pieces:,} target pieces, perplexity "
            f"{perplexity(-sum(found), pieces):.3f}"
        )
