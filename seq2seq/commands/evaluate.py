"""`seq2seq evaluate`: BLEU, chrF and TER of a model or of a file of translations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    notes,
)
from seq2seq.errors import UsageError
from seq2seq.terminal import put

if TYPE_CHECKING:
    from seq2seq.evaluation.testsets import TestSet

EXAMPLES = """Examples:\n
\b
  seq2seq evaluate runs/demo --source test.en --reference test.fr
  seq2seq evaluate runs/demo --testset wmt14/full --pair en-fr --json
  seq2seq translate runs/demo < test.en | seq2seq evaluate --hypothesis - --reference test.fr
"""


def evaluate(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN", help="several runs are an ensemble")
    ] = None,
    hypothesis: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="score this file instead of a model; - is standard input"
        ),
    ] = None,
    source: Annotated[
        Path | None, typer.Option(metavar="FILE", help="sentences for the model to translate")
    ] = None,
    reference: References = None,
    testset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="a test set of sacrebleu's, such as wmt14/full"),
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            metavar="SRC-TGT", help="languages of --testset or --hypothesis, such as en-fr"
        ),
    ] = None,
    tokenize: TokenizeFor = None,
    lowercase: Lowercase = False,
    as_json: AsJson = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Print BLEU, chrF and TER with signatures, of a model or of a file of translations."""
    _check_usage(runs, hypothesis, source, reference, testset, pair)
    from seq2seq.evaluation.system import evaluate_files, evaluate_model
    from seq2seq.report.console import score_document, score_table

    test_set = _test_set(source, reference, testset, pair)
    if hypothesis:
        result = evaluate_files(hypothesis, test_set, tokenize=tokenize, lowercase=lowercase)
    else:
        from seq2seq.decoding.translator import Translator

        translator = Translator.load(runs or [], device=device)
        translator.check_translates()
        test_set = replace(test_set, language=translator.languages[1])
        result = evaluate_model(translator, test_set, tokenize=tokenize, lowercase=lowercase)
    for remark in result.remarks:
        notes(quiet, "warning: ")(remark)
    if as_json:
        put(score_document(result) + "\n")
    else:
        score_table(result)


def _test_set(
    source: Path | None, reference: list[Path] | None, testset: str | None, pair: str | None
) -> TestSet:
    from seq2seq.evaluation.testsets import from_files, sacrebleu_set

    if testset and pair:
        return sacrebleu_set(testset, pair)
    return from_files(reference or [], source, _target_language(pair) if pair else "")


def _target_language(pair: str) -> str:
    from seq2seq.config.languages import split_pair

    try:
        return split_pair(pair)[1]
    except ValueError as error:
        raise UsageError(f"--pair {error}", "such as --pair en-zh or --pair en:zh-Hans") from error


def _check_usage(
    runs: list[Path] | None,
    hypothesis: Path | None,
    source: Path | None,
    reference: list[Path] | None,
    testset: str | None,
    pair: str | None,
) -> None:
    """Raise a UsageError for a command line that says too little or two things at once."""
    if bool(runs) == bool(hypothesis):
        said = "both run directories and --hypothesis" if runs else "neither a run nor --hypothesis"
        raise UsageError(f"there is {said}", "score a model (RUN...) or a file (--hypothesis)")
    if bool(reference) == bool(testset):
        said = "both --reference and --testset" if testset else "neither --reference nor --testset"
        raise UsageError(f"there is {said}", "give what to score against in one of the two ways")
    if testset and not pair:
        raise UsageError("--testset needs --pair", "such as --pair en-fr")
    if pair and runs and not testset:
        raise UsageError("--pair belongs to --testset or --hypothesis", "a model knows its own")
    if testset and source:
        raise UsageError("--testset brings its own source", "leave --source out")
    if runs and runs[0].is_file():
        raise UsageError(f"{runs[0]} is a file, not a run", f"score it: --hypothesis {runs[0]}")
    if runs and not testset and not source:
        raise UsageError("a model needs something to translate", "add --source FILE")
    if hypothesis and source:
        raise UsageError("--source is not read with --hypothesis", "leave it out")
