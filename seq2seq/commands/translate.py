"""`seq2seq translate`: one line of translation for each line of text, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seq2seq.commands.options import Debug, Device, Quiet, Threads, notes
from seq2seq.commands.paths import check_no_input, no_run_file
from seq2seq.decoding.formats import FormatName
from seq2seq.errors import UsageError
from seq2seq.terminal import standard_input

EXAMPLES = """Examples:\n
\b
  echo "A dog runs." | seq2seq translate runs/demo
  seq2seq translate runs/demo --input test.en.gz --output test.fr
  seq2seq translate runs/a runs/b --nbest 5 --format jsonl < test.en
"""


STREAM = Path("-")
Input = Annotated[
    Path | None,
    typer.Option("--input", metavar="FILE", help="text, plain or gzip", show_default="stdin"),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="where to write",
        show_default="stdout",
        callback=no_run_file,
    ),
]
LanguageModel = Annotated[
    Path | None, typer.Option(metavar="RUN", help="a language model, whose word counts beside")
]
USUAL_WEIGHT = 0.2
Weight = Annotated[
    float | None,
    typer.Option(
        min=0.0, max=10.0, help="how much it counts; 0: not at all", show_default=str(USUAL_WEIGHT)
    ),
]


def translate(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="run directory; several are an ensemble")
    ],
    input_file: Input = None,
    output_file: Output = None,
    beam: Annotated[
        int | None,
        typer.Option(
            min=1, max=1000, help="hypotheses kept; 1 is greedy", show_default="the recipe's"
        ),
    ] = None,
    nbest: Annotated[
        int, typer.Option(min=1, max=1000, help="translations a line, at most the beam")
    ] = 1,
    form: Annotated[
        FormatName, typer.Option("--format", help="jsonl and moses hold n-best lists and scores")
    ] = "text",
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="decoding.KEY=VALUE", help="change how it is searched"),
    ] = None,
    language_model: LanguageModel = None,
    language_model_weight: Weight = None,
    strict_utf8: Annotated[
        bool, typer.Option("--strict-utf8", help="end with an error at invalid UTF-8")
    ] = False,
    device: Device = "auto",
    quiet: Quiet = False,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Translate lines of text: one line out for each line in, in order."""
    if form == "text" and nbest > 1:
        raise UsageError("an n-best list needs a format that can hold it", "add --format jsonl")
    if language_model is None and language_model_weight is not None:
        raise UsageError("--language-model-weight has no model", "add --language-model RUN")
    changes = _checked([*(assignments or []), *([f"decoding.beam={beam}"] if beam else [])])
    from seq2seq.config.loading import decoding_overrides
    from seq2seq.decoding.output import open_output
    from seq2seq.decoding.stream import chunks_of, translate_stream
    from seq2seq.decoding.translator import Translator

    input_file, output_file = _apart(input_file, output_file, [*runs, language_model])
    source = input_file or standard_input()
    name = str(input_file or "standard input")
    weight = USUAL_WEIGHT if language_model_weight is None else language_model_weight
    with open_output(output_file) as write:
        translator = Translator.load(
            runs,
            device=device,
            language_model=language_model,
            language_model_weight=weight,
        )
        translator.decoding = decoding_overrides(translator.decoding, changes)
        strict, warn = (name if strict_utf8 else None), notes(quiet, "warning: ")
        chunks = chunks_of(source, name)
        translate_stream(
            translator, chunks, write, form=form, nbest=nbest, warn=warn, strict=strict
        )


def _checked(changes: list[str]) -> list[str]:
    """Return the changes to a model's own settings; a mistake in them is told before it is read."""
    from seq2seq.config.loading import decoding_overrides
    from seq2seq.config.schema import DecodingConfig

    decoding_overrides(DecodingConfig(), changes)
    return changes


def _apart(
    given: Path | None, wanted: Path | None, runs: list[Path | None]
) -> tuple[Path | None, Path | None]:
    """Return input and output, None for "-"; a text must not be replaced by its translation."""
    source, target = (None if path == STREAM else path for path in (given, wanted))
    check_no_input(target, [source, *runs])
    return source, target
