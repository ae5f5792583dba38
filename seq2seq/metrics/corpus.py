"""BLEU, chrF and TER of a whole corpus, computed by sacrebleu, each with sacrebleu's own signature.

sacrebleu's Python interface does not compare lengths: one hypothesis against two references scores
100. So lengths are checked here, before any score.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from seq2seq.metrics.languages import DEFAULT_TOKENIZER, SPLIT_AT_SPACES, has_no_spaces
from seq2seq.metrics.statistics import METRICS, MetricName, Score, statistics

MARKS = {  # of other tools, that a score takes for text; and what takes them away
    "@@": (re.compile(r"@@(?= |$)"), "sed 's/@@ //g' joins subwords"),
    "\u2581": (re.compile("\u2581"), "join the sentencepiece pieces"),
    "\uffed": (re.compile("\uffed"), "join the tokens"),
    "##": (re.compile(r"(?<= )##(?=\w)"), "join the word pieces"),
    "&apos;": (
        re.compile("&(?:apos|quot|amp|lt|gt|#124|#91|#93);"),
        "Moses' deescape-special-chars.perl undoes these",
    ),
    "@-@": (re.compile(r"(?<= )@[-,.]@(?= )"), "Moses' detokenizer.perl undoes these"),
    "<unk>": (re.compile("<unk>|\u2047"), "the model did not know these words"),
    "</s>": (re.compile("</?s>|<pad>"), "leave the model's own symbols out"),
}
MARKED_SHARE = 0.005  # of the lines, from which on marks are told
TOKENIZED_LINES = 100  # so many lines that end in " ." are tokenized text, as sacrebleu judges


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenize: str = DEFAULT_TOKENIZER,
    lowercase: bool = False,
    metrics: Sequence[MetricName] = METRICS,
    test_set: str | None = None,
    pair: str | None = None,
) -> dict[str, Score]:
    """Score translations against one list of references per reference set.

    `tokenize` is sacrebleu's name of BLEU's tokenizer, or moses-de for Moses' German one.
    `lowercase` holds for BLEU and chrF; TER ignores case always, as sacrebleu's does by default.
    `test_set` and `pair` go into signatures.

    Raises:
        DataError: there is nothing to score, or the numbers of segments differ.
        UsageError: no such tokenizer.
        ResourceError: the tokenizer needs a download or a package that is not there.
    """
    counted = statistics(
        hypotheses,
        references,
        tokenize=tokenize,
        lowercase=lowercase,
        metrics=metrics,
        test_set=test_set,
        pair=pair,
    )
    return {name: one.score() for name, one in counted.items()}


def remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, tokenize: str = ""
) -> list[str]:
    """Return what looks wrong about texts that can be scored all the same, as sentences."""
    return [
        *translation_remarks(hypotheses, references, tokenize=tokenize),
        *reference_remarks(references),
    ]


def reference_remarks(references: Sequence[Sequence[str]]) -> list[str]:
    """Return what looks wrong about references."""
    counts = [sum(not text.strip() for text in texts) for texts in references]
    return [
        f"{empty} of {len(texts)} references are empty (set {number})"
        for number, (empty, texts) in enumerate(zip(counts, references, strict=True), start=1)
        if empty
    ]


def translation_remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, tokenize: str = ""
) -> list[str]:
    """Return what looks wrong about translations."""
    found = [*_mark_remarks(hypotheses, references), *_space_remarks(references, tokenize)]
    empty = sum(not text.strip() for text in hypotheses)
    if empty == len(hypotheses):
        found.append("all translations are empty")
    elif empty:
        found.append(f"{empty} of {len(hypotheses)} translations are empty")
    for number, texts in enumerate(references, start=1):
        if empty < len(hypotheses) and list(hypotheses) == list(texts):
            found.append(f"the translations are identical to the references (set {number})")
    if tokenize == DEFAULT_TOKENIZER:
        tokenized = sum(text.rstrip().endswith(" .") for text in hypotheses)
        if tokenized >= TOKENIZED_LINES:
            found.append(
                f"{tokenized} translations end in a period that stands alone: scores are for "
                "detokenized text, and --tokenize none takes tokens as they are"
            )
    return found


def _mark_remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> list[str]:
    """Return which marks of other tools stand in translations or references, and how often."""
    named = [("translations", hypotheses), *(("references", texts) for texts in references)]
    found = []
    for mark, (pattern, way_out) in MARKS.items():
        for name, texts in named:
            count = sum(pattern.search(text) is not None for text in texts)
            if count > MARKED_SHARE * len(texts):
                found.append(
                    f"{mark} or the like stands in {count} of {len(texts)} {name}, and is scored "
                    f"as if it were text: {way_out}"
                )
    return found


def _space_remarks(references: Sequence[Sequence[str]], tokenize: str) -> list[str]:
    if tokenize not in SPLIT_AT_SPACES or not any(map(has_no_spaces, references)):
        return []
    return [
        "the references have no spaces between words, and are scored as if they had: give "
        "--tokenize zh for Chinese, ja-mecab for Japanese, char for others"
    ]
