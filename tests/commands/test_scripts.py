"""Text of other scripts goes through the command line and comes back as it was."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

# Compatibility folding (nmt_nfkc) changes every one of the targets.
WORDS = {
    "zh-Hans": [
        ("the price", "价格"), ("two square metres", "２平方米（㎡）"), ("half", "½"),
        ("hello", "你好，"), ("really?", "真的吗？"), ("number", "№"), ("time 10:30", "１０：３０"),
        ("stop!", "停！"),
    ],
    "ja": [
        ("the cat", "ネコ"), ("half width", "ﾊﾝｶｸ"), ("yes", "「はい。」"), ("company", "㈱東京"),
        ("ten percent", "１０％"), ("tokyo", "東京"), ("wait", "待って…"), ("what?", "何？"),
    ],
    "th": [
        ("work", "ทำงาน"), ("water", "น้ำ"), ("he", "เขา"), ("good", "ดีมากๆ"), ("name", "ชื่อคำ"),
        ("number 5", "เลข ๕"), ("heart", "น้ำใจ"), ("black", "สีดำ"),
    ],
    "fa": [
        ("i want", "می\u200cخواهم"), ("books", "کتاب\u200cها"), ("water", "آب"),
        ("he goes", "می\u200cرود"), ("question?", "سؤال؟"), ("and", "و،"),
        ("house", "خانه\u200cای"), ("number", "شمارهٔ ۵"),
    ],
}  # fmt: skip
STRAYS = [
    "m² ½ № … ，！（？ ﬁ ﬂ Ω \u2126",
    "می\u200cخواهم ทำ น้ำ 한국어 👩‍👩‍👧 🇩🇪 ▁ e\u0301",
    "10\u00a0km \u202f% \u3000字",
]
HAN = "".join(map(chr, range(0x4E00, 0x4F2C)))


def toy_pair(draw: random.Random, language: str) -> tuple[str, str]:
    chosen = draw.choices(WORDS[language], k=draw.randint(2, 4))
    space = "" if language in ("zh-Hans", "ja", "th") else " "
    return " ".join(word for word, _ in chosen), space.join(word for _, word in chosen)


def write_toy(folder: Path, language: str) -> Path:
    draw = random.Random(language)
    for name, count in (("train", 500), ("valid", 40), ("test", 40)):
        pairs = [toy_pair(draw, language) for _ in range(count)]
        for side, code in enumerate(("en", language)):
            text = "".join(pair[side] + "\n" for pair in pairs)
            (folder / f"{name}.{code}").write_text(text, encoding="utf-8", newline="")
    return folder


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("settings", [
    ["text.vocabulary=1000"], ["text.vocabulary=300"],
    ["text.vocabulary=1000", "text.tokenizer=bpe", "text.joint=false"],
], ids=["bytes", "small", "separate"])  # fmt: skip
def test_references_survive(cli: Cli, tmp_path: Path, language: str, settings: list[str]) -> None:
    chosen = [part for setting in [*settings, "model.tie=none"] for part in ("--set", setting)]
    done = cli("train", "--data", write_toy(tmp_path, language), "--pair", f"en-{language}",
               "--dry-run", *chosen)  # fmt: skip
    assert done.code == 0, done.err
    assert "all 40 validation references come back as they were (chrF 100)" in done.out
    first = (tmp_path / f"valid.{language}").read_text(encoding="utf-8").partition("\n")[0]
    assert f"  back    {first}\n" in done.out


def test_folding_is_what_a_recipe_asks_for_and_told(cli: Cli, tmp_path: Path) -> None:
    done = cli("train", "--data", write_toy(tmp_path, "zh-Hans"), "--pair", "en-zh-Hans",
               "--dry-run", "--set", "text.normalization=nmt_nfkc")  # fmt: skip
    assert done.code == 0
    told = re.search(r"(\d+) of 40 validation references come back changed.*chrF (\S+):", done.out)
    assert told is not None
    assert int(told[1]) > 20
    assert float(told[2]) < 90


@pytest.mark.slow
@pytest.mark.parametrize("language", WORDS)
def test_a_trained_model_writes_what_its_text_has(cli: Cli, tmp_path: Path, language: str) -> None:
    run = tmp_path / "run"
    settings = [
        "text.vocabulary=600", "text.joint=false", "model.tie=output", "model.layers=1",
        "model.hidden=64", "model.feed_forward=128", "model.dropout=0.0",
        "training.label_smoothing=0.0", "training.average_decay=0.0", "training.max_steps=400",
        "training.max_epochs=0.0", "training.validate_every=400", "training.learning_rate=0.005",
        "training.warmup=50",
        "training.batch_tokens=600", "training.precision=float32", "decoding.beam=1",
    ]  # fmt: skip
    chosen = [part for setting in settings for part in ("--set", setting)]
    done = cli("train", "--data", write_toy(tmp_path, language), "--pair", f"en-{language}",
               "--run", run, *chosen)  # fmt: skip
    assert done.code == 0, done.err
    done = cli("translate", run, "--input", tmp_path / "test.en")
    assert done.code == 0
    references = (tmp_path / f"test.{language}").read_text(encoding="utf-8").split("\n")
    right = sum(map(str.__eq__, done.out.split("\n")[:-1], references))
    assert right >= 16, done.out
    assert set(done.out) <= set("\n".join(references))


def stray_corpus(folder: Path, lines: dict[str, list[str]]) -> Path:
    for language, text in lines.items():
        planted = [*text[: len(text) // 2], HAN, *STRAYS, *text[len(text) // 2 :]]
        (folder / f"train.{language}").write_text(
            "\n".join(planted) + "\n", encoding="utf-8", newline=""
        )
        valid = [*STRAYS, *text[:20]]
        (folder / f"valid.{language}").write_text(
            "\n".join(valid) + "\n", encoding="utf-8", newline=""
        )
    return folder


def test_stray_lines_take_nothing_away(cli: Cli, tmp_path: Path) -> None:
    """Text with digits and umlauts that are rare beside 300 Han characters in one line."""
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvw", k=5)) for _ in range(400)]
    text = [" ".join(draw.choices(words, k=12)) for _ in range(1500)]
    for number, sign in enumerate("1490586ÜÄÖ!?()" * 6):
        text[number] += f" {sign}"
    corpus = stray_corpus(tmp_path, {"en": text, "de": text})
    done = cli("train", "--data", corpus, "--pair", "en-de", "--dry-run",
               "--set", "text.vocabulary=1000")  # fmt: skip
    assert done.code == 0, done.err
    assert done.out.count("0.00 % unknown") == 2
    assert "all 23 validation references come back as they were" in done.out
    for side in ("source", "target"):
        (told,) = re.findall(rf"{side}: (\d+) characters too rare for a piece, (.*)", done.out)
        assert int(told[0]) > 100  # of the Han characters, which occur once on each side
        assert not re.findall(r"[1490586ÜÄÖ!?()a-w] \(", told[1].partition(": ")[2])


def test_a_small_vocabulary_names_what_it_loses(cli: Cli, tmp_path: Path) -> None:
    text = [f"{number} one two three four" for number in range(300)]
    corpus = stray_corpus(tmp_path, {"en": text, "de": text})
    done = cli("train", "--data", corpus, "--pair", "en-de", "--dry-run",
               "--set", "text.vocabulary=100")  # fmt: skip
    assert done.code == 0, done.err
    for side in ("source", "target"):
        told = rf"{side}: \d+ characters unknown, and lost \(\d+ times .* more"
        assert re.search(told, done.out)
    assert re.search(r"3 of 23 validation references come back changed", done.out)


def test_training_says_so_where_references_do_not_survive(cli: Cli, tmp_path: Path) -> None:
    text = [f"{number} one two three four" for number in range(300)]
    corpus = stray_corpus(tmp_path, {"en": text, "de": text})
    done = cli("train", "demo-lstm", "--data", corpus, "--pair", "en-de", "--run", tmp_path / "r",
               "--set", "text.tokenizer=unigram", "--set", "text.vocabulary=100",
               "--set", "training.max_steps=1", "--set", "model.hidden=8",
               "--set", "model.embedding=8")  # fmt: skip
    assert done.code == 0, done.err
    assert "3 of 23 validation references come back changed" in done.err


def multi30k() -> Path:
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("SEQ2SEQ_TEST_DATA", beside)) / "multi30k"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


@pytest.mark.parametrize("tokenizer", ["unigram", "bpe"])
def test_stray_lines_in_multi30k(cli: Cli, tmp_path: Path, tokenizer: str) -> None:
    origin = multi30k()
    lines = {
        language: (origin / f"train.{language}").read_text(encoding="utf-8").split("\n")[:8000]
        for language in ("en", "de")
    }
    corpus = stray_corpus(tmp_path, lines)
    done = cli("train", "--data", corpus, "--pair", "en-de", "--dry-run",
               "--set", f"text.tokenizer={tokenizer}")  # fmt: skip
    assert done.code == 0, done.err
    assert done.out.count("0.00 % unknown") == 2
    assert "all 23 validation references come back as they were" in done.out
    told = re.findall(r"(?:source|target): \d+ characters too rare for a piece, (.*)", done.out)
    assert len(told) == 2
    assert not re.search(r"[1490586ÜÄÖ!?()] \(", "".join(text.split(": ")[1] for text in told))
