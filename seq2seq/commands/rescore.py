"""`seq2seq rescore`: n-best lists of any system, ranked anew by a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seq2seq.commands.options import (
    AsJson,
    Debug,
    Device,
    Lowercase,
    Quiet,
    References,
    Threads,
    TokenizeFor,
)
from seq2seq.commands.paths import check_no_input, no_run_file
from seq2seq.errors import UsageError

EXAMPLES = """Examples:\n
\b
  seq2seq translate runs/a --nbest 100 --beam 100 --format moses < test.en > lists
  seq2seq rescore runs/b --source test.en --nbest lists > best.fr
  seq2seq rescore runs/b --source dev.en --nbest dev.lists --reference dev.fr --tune
"""
Output = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="the lists in their new order, in the same format",
        callback=no_run_file,
    ),
]


def rescore(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="run directory; several are an ensemble")
    ],
    source: Annotated[Path, typer.Option(metavar="FILE", help="the sentences of the lists")],
    nbest: Annotated[
        Path, typer.Option(metavar="FILE", help="line ||| text ||| features ||| score")
    ],
    weight: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="of the model; the list's own score has the rest"),
    ] = 0.5,
    tune: Annotated[
        bool, typer.Option("--tune", help="find the weight with the best BLEU on the references")
    ] = False,
    reference: References = None,
    output: Output = None,
    tokenize: TokenizeFor = None,
    lowercase: Lowercase = False,
    as_json: AsJson = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Choose from n-best lists by (1 - weight) x their own score + weight x log P of a model.

    Prints the best translation of each line; with references, what the choice is worth instead:
    BLEU of the list's own first translations, of those chosen, and of the best in each list.
    """
    if reference is None and (tune or as_json):
        raise UsageError("a choice is judged by references", "add --reference FILE")
    from seq2seq.decoding.nbest import read_nbest, reranked
    from seq2seq.decoding.output import open_output
    from seq2seq.decoding.scorer import Scorer
    from seq2seq.decoding.translator import Translator
    from seq2seq.evaluation.rescoring import Lists
    from seq2seq.evaluation.testsets import from_files, read_texts
    from seq2seq.models.bundle import read_recipe
    from seq2seq.report.rescoring import show_rescored

    check_no_input(output, [source, nbest, *(reference or []), *runs])
    language = read_recipe(runs[0]).data.languages[1]
    test_set = from_files(reference, source, language) if reference else None
    sources = (test_set and test_set.source) or read_texts(source)[0]
    lists = read_nbest(nbest, len(sources))
    with open_output(output) as write:
        scorer = Scorer(Translator.load(runs, device=device))
        scores = scorer.lists(scorer.pairs_of(sources, lists))
        if test_set is not None:
            counted = Lists(lists, test_set, tokenize, lowercase)
            weight = counted.tuned(scores) if tune else weight
            show_rescored(counted.rescored(scores, weight), as_json=as_json)
        ranked = reranked(lists, scores, weight)
        if output is not None:
            write("".join(one.line + "\n" for own in ranked for one in own).encode())
        elif test_set is None:
            write("".join(own[0].text + "\n" for own in ranked).encode())
