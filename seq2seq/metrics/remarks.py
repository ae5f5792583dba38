"""What looks wrong about texts that can be scored all the same: marks of other tools, lost spaces.

A score of such texts says more about their form than about the translations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from seq2seq.metrics.languages import DEFAULT_TOKENIZER, SPLIT_AT_SPACES, has_no_spaces

MARKS = {  # of other tools, that a score takes for text; and what takes them away
    "@@": (re.compile(r"@@(?= |$)"), "sed 's/@@ //g' joins subwords"),
    "\u2581": (re.compile("\u2581"), "join the sentencepiece pieces"),
    "\uffed": (re.compile("\uffed"), "join the tokens"),
    "##": (re.compile(r"(?<= )##(?=\w)"), "join the word pieces"),
    "&apos;": (
        re.compile("&(?:apos|quot|amp|lt|gt|nbsp|#[0-9]+|#[xX][0-9a-fA-F]+);"),
        "Moses' deescape-special-chars.perl undoes these",
    ),
    "%20": (re.compile("%20"), "decode the percent signs"),
    "</w>": (re.compile("</w>"), "join the subwords"),
    "@-@": (re.compile(r"(?<= )@[-,.]@(?= )"), "Moses' detokenizer.perl undoes these"),
    "<unk>": (re.compile("<unk>|\u2047"), "the model did not know these words"),
    "|||": (re.compile(r" \|\|\| "), "take the column of the text alone"),
    "a tab": (re.compile("\t"), "`cut -f` takes one column"),
    "{": (re.compile(r'^\{".*\}\s*$'), "take the text out of these JSON objects"),
    "<seg>": (re.compile("</?(?:seg|hl|doc)(?: [^<>]*)?>"), "take the markup away"),
    "</s>": (re.compile("</?s>|<pad>"), "leave the model's own symbols out"),
}
MARKED_SHARE = 0.005  # of the lines, from which on marks are told
TOKENIZED_LINES = 100  # so many lines that end in " ." are tokenized text, as sacrebleu judges
TOKENIZED = re.compile(r"\w [.,](?= |$)")  # in no language's text; French has a space before ; ! ?
TOKENIZED_SHARE, DETOKENIZED_SHARE = 0.3, 0.05  # of lines; the share of one side, of the other
FEWEST_LINES = 10  # of which shares say something
COPIED_SHARE = 0.5  # of training pairs, from which on it is told
CAPITAL_SHARE = 0.1  # of references, from which on translations should have capitals, too


def remarks(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenize: str = "",
    lowercase: bool = False,
) -> list[str]:
    """Return what looks wrong about texts that can be scored all the same, as sentences."""
    return [
        *translation_remarks(hypotheses, references, tokenize=tokenize, lowercase=lowercase),
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
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    tokenize: str = "",
    lowercase: bool = False,
) -> list[str]:
    """Return what looks wrong about translations."""
    lines = [
        *_mark_remarks(hypotheses, references),
        *_space_remarks(hypotheses, references, tokenize),
    ]
    if tokenize == DEFAULT_TOKENIZER:
        lines += _tokenized_remarks(hypotheses, references)
    if not lowercase:
        lines += _case_remarks(hypotheses, references)
    empty = sum(not text.strip() for text in hypotheses)
    if empty == len(hypotheses):
        lines.append("all translations are empty")
    elif empty:
        lines.append(f"{empty} of {len(hypotheses)} translations are empty")
    for number, texts in enumerate(references, start=1):
        if empty < len(hypotheses) and list(hypotheses) == list(texts):
            lines.append(f"the translations are identical to the references (set {number})")
    return lines


def training_remarks(sources: Sequence[str], targets: Sequence[str]) -> list[str]:
    """Return what looks wrong about the first pairs of a training text, as sentences."""
    lines = [
        f"{mark} or the like stands in {count:,} of the first {len(sources):,} training {name}, "
        f"and is learned as text: {way_out}"
        for name, texts in (("sources", sources), ("targets", targets))
        for mark, count, way_out in _marks_in(texts)
    ]
    same = sum(map(str.__eq__, sources, targets))
    if same > COPIED_SHARE * len(sources) and len(sources) >= FEWEST_LINES:
        lines.append(
            f"{same:,} of the first {len(sources):,} training pairs have one text on both sides: "
            "a model of them copies"
        )
    return lines


def _marks_in(texts: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """Yield marks of other tools, how many texts have them, and what takes them away."""
    for mark, (pattern, way_out) in MARKS.items():
        count = sum(pattern.search(text) is not None for text in texts)
        if count > MARKED_SHARE * len(texts):
            yield mark, count, way_out


def _mark_remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> list[str]:
    """Return which marks of other tools stand in translations or references, and how often."""
    named = [("translations", hypotheses), *(("references", texts) for texts in references)]
    return [
        f"{mark} or the like stands in {count} of {len(texts)} {name}, and is scored as if it were "
        f"text: {way_out}"
        for name, texts in named
        for mark, count, way_out in _marks_in(texts)
    ]


def _space_remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], tokenize: str
) -> list[str]:
    if tokenize not in SPLIT_AT_SPACES:
        return []
    sides = [("references", any(map(has_no_spaces, references)))]
    sides.append(("translations", has_no_spaces(hypotheses)))
    return [
        f"the {name} have no spaces between words, and are scored as if they had: give "
        "--tokenize zh for Chinese, ja-mecab for Japanese, char for others"
        for name in [name for name, unspaced in sides if unspaced][:1]
    ]


def _tokenized_remarks(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> list[str]:
    """Say that one side is tokenized and the other is not, or that many translations are."""
    share = _share(TOKENIZED, hypotheses)
    shares = [_share(TOKENIZED, texts) for texts in references]
    hint = "scores are for detokenized text, and --tokenize none takes tokens as they are"
    if len(hypotheses) < FEWEST_LINES:
        return []
    if share >= TOKENIZED_SHARE and min(shares) <= DETOKENIZED_SHARE:
        return [f"the translations are tokenized, the references are not: {hint}"]
    if share <= DETOKENIZED_SHARE and max(shares) >= TOKENIZED_SHARE:
        return [f"the references are tokenized, the translations are not: {hint}"]
    tokenized = sum(text.rstrip().endswith(" .") for text in hypotheses)
    if tokenized >= TOKENIZED_LINES:
        return [f"{tokenized} translations end in a period that stands alone: {hint}"]
    return []


def _case_remarks(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> list[str]:
    """Say that translations are in small letters alone, and references are not, or the reverse."""
    written = _share_of_capitals(hypotheses)
    wanted = [_share_of_capitals(texts) for texts in references]
    hint = "BLEU and chrF take these for other words (--lowercase)"
    if len(hypotheses) < FEWEST_LINES:
        return []
    if not written and min(wanted) >= CAPITAL_SHARE and any(map(str.islower, hypotheses)):
        return [f"the translations have no capital letters, the references have: {hint}"]
    if not max(wanted) and written >= CAPITAL_SHARE and any(map(str.islower, references[0])):
        return [f"the references have no capital letters, the translations have: {hint}"]
    return []


def _share(pattern: re.Pattern[str], texts: Sequence[str]) -> float:
    return sum(pattern.search(text) is not None for text in texts) / max(len(texts), 1)


def _share_of_capitals(texts: Sequence[str]) -> float:
    return sum(text != text.lower() for text in texts) / max(len(texts), 1)
