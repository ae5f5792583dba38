from __future__ import annotations

import io
import json

import pytest

from seq2seq.evaluation.system import Evaluation
from seq2seq.metrics.paired import Interval
from seq2seq.metrics.statistics import Score
from seq2seq.report.console import score_document, score_table, table

RESULT = Evaluation(
    {"BLEU": Score("BLEU", 22.436417709, "nrefs:1|tok:none"), "TER": Score("TER", 5.0, "s")},
    7,
    intervals={"BLEU": Interval(22.5, 1.25)},
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_columns_in_a_pipe() -> None:
    file = io.StringIO()
    score_table(RESULT, file)
    assert file.getvalue() == (
        "metric  score     ±  signature\n"
        "BLEU    22.44  1.25  nrefs:1|tok:none\n"
        "TER      5.00        s\n"
    )


def test_standard_output_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b>"], [])
    assert capsys.readouterr().out == "a  b\n"


def test_a_terminal_gets_the_same_facts_and_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = Terminal()
    table(["name", "score>"], [["[bold]x[/bold]", "22.44"]], file)
    assert "[bold]x[/bold]" in file.getvalue() and "22.44" in file.getvalue()


def test_the_document() -> None:
    assert json.loads(score_document(RESULT)) == {
        "BLEU": {
            "score": 22.436417709,
            "signature": "nrefs:1|tok:none",
            "interval": {"mean": 22.5, "half": 1.25},
        },
        "TER": {"score": 5.0, "signature": "s", "interval": None},
        "segments": 7,
    }
