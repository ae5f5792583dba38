"""Which model is kept, and when training has found nothing better."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.training.state import TrainingState

SIGNATURE = "tok:zh"
Cli = Callable[..., Any]


def best(**changes: Any) -> TrainingState:
    values = {"best_score": 12.34, "best_bleu": 12.34, "best_loss": 2.0}
    return TrainingState(**{"best_signature": SIGNATURE, **values, **changes})


@pytest.mark.parametrize(
    ("state", "bleu", "loss", "better"),
    [
        (TrainingState(), 0.0, 9.0, True),
        (best(), 12.35, 9.0, True),
        (best(), 12.33, 1.0, False),
        (best(), 12.34, 1.9, True),
        (best(), 12.344, 2.1, False),  # the same as printed
        (best(), 12.336, 1.9, True),
        (best(), 12.34, 2.0, False),
        (best(best_loss=None), 12.34, 2.1, True),  # of an older version: it is not known
        (best(best_signature="tok:char"), 99.0, 2.1, False),  # counted in another way
        (best(best_signature="tok:char"), 1.0, 1.9, True),
        (best(best_bleu=None, best_score=-2.0), None, 1.9, True),
        (best(best_bleu=None, best_score=-2.0, best_loss=None), None, 2.1, False),
        (best(), None, 1.9, True),
    ],
)
def test_the_better_model(state: TrainingState, bleu: float, loss: float, better: bool) -> None:
    assert state.is_better(bleu, loss, SIGNATURE) == better


CHARACTERS = "零一二三四五六七八九"
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers by name, and in Chinese, where each is a clause without spaces."""
    folder = tmp_path_factory.mktemp("chinese")
    draw = random.Random(1)
    for name, count in (("train", 400), ("valid", 20), ("test", 20)):
        rows = [[draw.randrange(10) for _ in range(draw.randint(3, 8))] for _ in range(count)]
        english = [" ".join(NAMES[digit] for digit in row) for row in rows]
        target = ["".join(CHARACTERS[digit] for digit in row) for row in rows]
        (folder / f"{name}.en").write_text("\n".join(english) + "\n", encoding="utf-8")
        (folder / f"{name}.zh").write_text("\n".join(target) + "\n", encoding="utf-8")
    return folder


SMALL = [
    "model.hidden=32", "model.layers=1", "model.heads=2", "model.feed_forward=32",
    "model.dropout=0", "text.vocabulary=60", "training.batch_tokens=300", "training.warmup=20",
    "training.learning_rate=0.01", "training.max_steps=120", "training.validate_every=10",
    "training.validation_sentences=20", "training.patience=2", "training.save_every=1000",
]  # fmt: skip


def test_chinese_is_scored_as_chinese(cli: Cli, chinese: Path, tmp_path: Path) -> None:
    """By 13a, BLEU would be 0.0 at each validation: the first model kept, and patience lost."""
    run = tmp_path / "run"
    changes = [part for change in SMALL for part in ("--set", change)]
    done = cli("train", "default-transformer", "--data", chinese, "--pair", "en-zh", "--run", run,
               "--device", "cpu", *changes)  # fmt: skip
    assert done.code == 0, done.err
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    validations = [record for record in log if record["event"] == "validation"]
    assert all("tok:zh" in record["signature"] for record in validations)
    kept = max(validations, key=lambda record: (round(record["bleu"], 2), -record["loss"]))
    state = TrainingState.from_json(max((run / "checkpoints").glob("*/state.json")).read_bytes())
    assert (state.best_step, state.best_bleu) == (kept["step"], kept["bleu"])
    assert state.best_step > 10 and kept["bleu"] > 5
    arguments = ["--source", chinese / "test.en", "--reference", chinese / "test.zh"]
    for command in (["evaluate", run], ["compare", run, chinese / "test.zh"]):
        done = cli(*command, *arguments, "--device", "cpu")
        assert done.code == 0 and "tok:zh" in done.out
    done = cli("evaluate", "--hypothesis", chinese / "test.zh", "--reference", chinese / "test.zh")
    assert "tok:zh" in done.out  # which the files' names say
    other = tmp_path / "reference"
    other.write_text((chinese / "test.zh").read_text())
    arguments = ["--hypothesis", other, "--reference", other]  # which no name says
    done = cli("evaluate", *arguments)
    assert "tok:13a" in done.out and "no spaces between words" in done.err
    done = cli("evaluate", *arguments, "--pair", "en-zh")
    assert "tok:zh" in done.out and "no spaces" not in done.err


def test_ties_of_bleu(tiny_recipe: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    """Where BLEU says nothing, the model of the lowest loss is kept, and patience waits for it."""
    from seq2seq.metrics.statistics import Score
    from seq2seq.training import validation
    from seq2seq.training.events import Stopped, Validated
    from seq2seq.training.run import train

    nothing = {"BLEU": Score("BLEU", 0.0, "tok:13a")}
    monkeypatch.setattr(validation, "score", lambda *arguments, **options: nothing)
    recipe = tiny_recipe(
        training__max_steps=12, training__validate_every=2, training__patience=2,
        training__learning_rate=0.01,
    )  # fmt: skip
    events = list(train(recipe, tmp_path / "run", device="cpu"))
    validated = [event for event in events if isinstance(event, Validated)]
    losses = [event.loss for event in validated]
    assert [event.step for event in validated] == [2, 4, 6, 8, 10, 12]
    assert losses == sorted(losses, reverse=True)  # it learns
    assert all(event.best for event in validated)
    (stopped,) = (event for event in events if isinstance(event, Stopped))
    assert stopped.reason == "finished"
