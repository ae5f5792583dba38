from __future__ import annotations

import io
from pathlib import Path

import pytest

from seq2seq.report import bar
from seq2seq.report.bar import described, duration, show
from seq2seq.training.events import Event, Noted, Saved, Started, Step, Stopped, Validated

SAMPLE = ("a cat [red]", "un chat", "un chien")
VALIDATED = Validated(20, 1.5, 4.48, 31.234, "nrefs:1|tok:13a", True, samples=[SAMPLE] * 5)
EVENTS: list[Event] = [
    Noted("3 pairs were dropped"),
    Started(0, None),
    Step(10, 100, 0.1, 5.4321, 12345.6, 0.034, 1e-3, 0.9),
    Step(20, 100, 0.2, 4.4321, 12345.6, 0.034, 1e-3, 0.9),
    VALIDATED,
    Saved(20, Path("runs/x/checkpoints/step-000000020")),
    Stopped(20, "finished", 3723.0),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_and_not_each_step() -> None:
    file = io.StringIO()
    stopped = show(iter(EVENTS), file=file)
    assert stopped == EVENTS[-1]
    lines = file.getvalue().splitlines()
    assert lines[0] == "3 pairs were dropped"
    assert lines[1] == "training from step 0"
    assert lines[2].startswith("step 10/100  epoch 0.10  loss 5.432  12,346 tokens/s  padding 3.4%")
    assert lines[3].startswith("validation at step 20: loss 1.500, perplexity 4.48, BLEU 31.23 (")
    assert lines[3].endswith("(nrefs:1|tok:13a), the best so far")
    assert lines[-1] == "stopped at step 20 after 1 h 2 min: finished"
    assert "step 20/100" not in file.getvalue()


def test_every_step_shows_when_time_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar, "LINE_EVERY", 0.0)
    file = io.StringIO()
    show(EVENTS, file=file)
    assert "step 20/100  epoch 0.20  loss 4.432" in file.getvalue()


def test_quiet_draws_nothing_and_consumes_everything() -> None:
    for file in (io.StringIO(), Terminal()):
        assert show(EVENTS, quiet=True, file=file) == EVENTS[-1]
        assert file.getvalue() == ""


def test_a_terminal_sees_a_bar_and_the_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("TERM", "xterm")
    file = Terminal()
    assert show(EVENTS, file=file) == EVENTS[-1]
    assert "un chien" in file.getvalue() and "a cat [red]" in file.getvalue()
    assert "loss 4.432" in file.getvalue()


def test_the_bar_is_taken_away_after_an_error() -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield Started(0, 10)
        raise ValueError("broken")

    file = Terminal()
    with pytest.raises(ValueError, match="broken"):
        show(broken(), file=file)
    assert "\x1b[?25h" in file.getvalue() or "\x1b" not in file.getvalue()


def test_training_that_never_stops_says_nothing_of_it() -> None:
    assert show([], file=io.StringIO()) is None


def test_what_is_said() -> None:
    assert described(Started(40, 100)) == ["training from step 40 of 100"]
    assert described(Saved(1, Path("x"))) == []
    assert described(Step(3, None, 0.1, 1.0, 1.0, 0.0, 1.0, 1.0))[0].startswith("step 3  ")
    plain = described(Validated(5, 1.0, 2.718, None, "", False))
    assert plain == ["validation at step 5: loss 1.000, perplexity 2.72"]
    assert len(described(VALIDATED)) == 1 + 3 * 3


def test_duration() -> None:
    assert [duration(s) for s in (0, 59.4, 59.6, 3599, 3600)] == [
        "0 s",
        "59 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 0 min",
    ]
