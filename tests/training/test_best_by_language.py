"""English into languages of other scripts: the best model is kept, by the right tokenizer."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from seq2seq.training.state import TrainingState

Cli = Callable[..., Any]
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
JAPANESE = "ja-mecab" if find_spec("MeCab") and find_spec("ipadic") else "char"
LANGUAGES = {  # words for digits, what joins them, what ends a sentence, and BLEU's tokenizer
    "zh-Hans": ("零 一 二 三 四 五 六 七 八 九", "", "！", "zh"),
    "ja": ("ゼロ いち に さん よん ご ろく なな はち きゅう", "", "。", JAPANESE),
    "th": ("ศูนย์ หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า", "", "", "char"),
    "fa": ("صفر یک دو سه چهار پنج شش هفت نمی\u200cدانم نُه", " ", "؟", "13a"),
}
SMALL = [
    "model.hidden=32", "model.layers=1", "model.heads=2", "model.feed_forward=32",
    "model.dropout=0", "text.vocabulary=110", "training.batch_tokens=300", "training.warmup=20",
    "training.learning_rate=0.01", "training.max_steps=60", "training.validate_every=15",
    "training.validation_sentences=12", "training.save_every=1000",
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_best_is_kept(cli: Cli, tmp_path: Path, language: str) -> None:
    spelled, between, end, tokenizer = LANGUAGES[language]
    words, draw, run = spelled.split(" "), random.Random(1), tmp_path / "run"
    for name, count in (("train", 300), ("valid", 12)):
        rows = [[draw.randrange(10) for _ in range(draw.randint(3, 7))] for _ in range(count)]
        english = [" ".join(NAMES[digit] for digit in row) for row in rows]
        target = [between.join(words[digit] for digit in row) + end for row in rows]
        (tmp_path / f"{name}.en").write_text("\n".join(english) + "\n", encoding="utf-8")
        (tmp_path / f"{name}.{language}").write_text("\n".join(target) + "\n", encoding="utf-8")
    changes = [part for change in SMALL for part in ("--set", change)]
    data = ["--data", tmp_path, "--pair", f"en:{language}", *changes]
    done = cli("train", *data, "--run", run, "--device", "cpu")
    assert done.code == 0, done.err
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    validations = [record for record in log if record["event"] == "validation"]
    assert all(f"tok:{tokenizer}|" in record["signature"] for record in validations)
    kept = max(validations, key=lambda record: (round(record["bleu"], 2), -record["loss"]))
    state = TrainingState.from_json(max((run / "checkpoints").glob("*/state.json")).read_bytes())
    assert (state.best_step, state.best_loss) == (kept["step"], kept["loss"])
    arguments = ["--source", tmp_path / "valid.en", "--reference", tmp_path / f"valid.{language}"]
    done = cli("evaluate", run, *arguments, "--device", "cpu", "--json")
    assert done.code == 0 and f"tok:{tokenizer}|" in done.out
