"""`seq2seq translate` with text as people have it: nothing is dropped, cut or glued silently."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import pytest

from seq2seq.decoding import translator as module
from seq2seq.decoding.hypothesis import Hypothesis
from seq2seq.training.run import train

SENTENCES = {
    "Chinese": "他看见一只猫。",
    "Chinese, asked": "你们好吗？",
    "Japanese": "これは本です！",
    "Hindi": "यह घर है। ",
    "Arabic": "هل هذا كتاب؟ ",
    "Urdu": "یہ گھر ہے۔ ",
    "Armenian": "Բարեւ ձեզ։ ",
    "Amharic": "ሰላም ነው። ",
    "Tibetan": "བོད་སྐད། ",
    "Burmese": "ဘာသာ စာ။ ",
    "Khmer": "ភាសា ខ្មែរ។ ",
    "Thai": "ฉันมีแมว ",
    "English": "One two three. ",
}
UNKNOWN = "鬱鱻麤龘靐齉爩籲灪龖厵滟爨"  # each once in the corpus, and no other Han in it


def trained(
    tiny_recipe: Callable[..., Any], folder: Path, lines: list[str], **changes: Any
) -> Path:
    """Return a model that reads and writes the lines, of one vocabulary."""
    folder.mkdir()
    for name in ("train", "valid"):
        for language in ("zh", "ja"):
            (folder / f"{name}.{language}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    recipe = tiny_recipe(data={"path": str(folder), "pair": "zh-ja"}, **changes)
    list(train(recipe, folder / "run", device="cpu", command=""))
    return folder / "run"


@pytest.fixture(scope="module")
def scripts_run(
    tiny_recipe: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a model of a sentence in each of many scripts."""
    folder = tmp_path_factory.mktemp("scripts") / "text"
    lines = [sentence.strip() for sentence in SENTENCES.values()] * 8
    return trained(tiny_recipe, folder, lines, text={"vocabulary": 200}, training__max_steps=1)


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every source translated by itself."""

    def search(model: Any, sources: Any, *_: Any, **__: Any) -> list[list[Hypothesis]]:
        return [[Hypothesis(list(source), -1.0, -1.0)] for source in sources]

    monkeypatch.setattr(module, "search", search)


def pipe_with(text: str) -> TextIO:
    """Return the reading end of a pipe that a text was written into."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    return os.fdopen(reading)


def parts_of(line: str) -> list[str]:
    """Return the parts in which a line of jsonl was translated."""
    pieces = json.loads(line)["source_pieces"]
    text = "".join(pieces).replace("\u2581", " ")
    return [part.strip() for part in text.split("</s>")[:-1]]


@pytest.mark.usefixtures("echo")
@pytest.mark.parametrize("script", SENTENCES)
def test_long_lines_are_cut_where_sentences_end(
    cli: Any, scripts_run: Path, tmp_path: Path, script: str
) -> None:
    """199 pieces of Chinese became one English sentence."""
    sentence = SENTENCES[script]
    line = (sentence * 40).strip()
    (tmp_path / "text").write_text(line + "\n", encoding="utf-8")
    call = ("translate", scripts_run, "--input", tmp_path / "text")
    done = cli(*call, "--format", "jsonl", "--quiet")
    parts = parts_of(done.out)
    assert len(parts) > 5
    assert all(part.endswith(sentence.strip()) for part in parts)
    assert sum(part.count(sentence.strip()) for part in parts) == 40
    told = cli(*call)
    assert "line 1: longer than" in told.err and f"in {len(parts)} parts" in told.err
    assert told.out == line + "\n"  # joined as it was, with spaces or without


@pytest.mark.usefixtures("echo")
def test_lines_without_any_end_keep_their_characters(
    cli: Any, scripts_run: Path, tmp_path: Path
) -> None:
    lines = ["他看见一只猫" * 1500, "ฉันมีแมว" * 600, "One two three " * 900, "一" * 3000, "。" * 900]
    (tmp_path / "text").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = cli("translate", scripts_run, "--input", tmp_path / "text")
    for before, after in zip(lines, done.out.splitlines(), strict=True):
        assert "".join(after.split()) == "".join(before.split())
    chinese, _, english, *_ = done.out.splitlines()
    assert " " not in chinese
    assert set(english.split()) == {"One", "two", "three"}


@pytest.mark.parametrize("form", ["text", "jsonl", "moses"])
@pytest.mark.parametrize("piped", [False, True])
def test_unknown_characters_are_told(
    cli: Any,
    tiny_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    piped: bool,
) -> None:
    text = "one two\nthree 😀 four 李明 ▁\none\u200btwo\n"
    (tmp_path / "text").write_text(text, encoding="utf-8")
    call = ["translate", tiny_run, "--format", form]
    if piped:
        monkeypatch.setattr(sys, "stdin", pipe_with(text))
    else:
        call += ["--input", tmp_path / "text"]
    done = cli(*call)
    assert done.code == 0
    told = [line for line in done.err.splitlines() if "has no piece for" in line]
    assert told == [
        "warning: 1 line with text that the model has no piece for and that its translation lacks "
        "(line 2): 😀 李明 ▁"
    ]
    if form == "jsonl":
        assert [json.loads(line)["lost"] for line in done.out.splitlines()] == [
            [], ["😀", "李明", "▁"], [],
        ]  # fmt: skip


def test_characters_spelled_in_bytes_are_told(
    cli: Any, tiny_recipe: Callable[..., Any], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    recipe = tiny_recipe(text={"vocabulary": 600}, training__max_steps=1)
    list(train(recipe, run, device="cpu", command=""))
    (tmp_path / "text").write_text("one 😀 two\n" + "one " * 6000 + "😀\n", encoding="utf-8")
    done = cli("translate", run, "--input", tmp_path / "text")
    assert "2 lines with text that the model has no piece for" in done.err
    assert done.err.endswith("(lines 1, 2): 😀\n")


def test_unknown_characters_are_copied(
    cli: Any, tiny_recipe: Callable[..., Any], tmp_path: Path
) -> None:
    filler = "abcdefghijklmnopqrstuvwxyz"
    lines = [f"{character} {filler}" for character in UNKNOWN] + [filler] * 2
    run = trained(
        tiny_recipe,
        tmp_path / "text",
        lines,
        text={"vocabulary": 40},
        training__max_steps=60,
        training__validate_every=60,
        training__save_every=60,
    )
    (tmp_path / "input").write_text(f"雷 {filler}\n", encoding="utf-8")
    done = cli("translate", run, "--input", tmp_path / "input")
    assert "雷" in done.out, done
    assert "⁇" not in done.out and "no piece" not in done.err


@pytest.mark.parametrize("piped", [False, True])
def test_a_forced_end_is_told(
    cli: Any, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piped: bool
) -> None:
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    text = "\n" + "".join(f"{word} {word} {word} {word} {word}\n" for word in words)
    (tmp_path / "text").write_text(text)
    call = ["translate", tiny_run, "--beam", 1, "--set", "decoding.max_ratio=0.2"]
    if piped:
        monkeypatch.setattr(sys, "stdin", pipe_with(text))
    else:
        call += ["--input", tmp_path / "text"]
    done = cli(*call, "--format", "jsonl")
    lines = [json.loads(line) for line in done.out.splitlines()]
    forced = [number for number, line in enumerate(lines, 1) if line["truncated"]]
    assert len(lines) == 12 and forced and 1 not in forced
    shown = ", ".join(map(str, forced[:5])) + (", ..." if len(forced) > 5 else "")
    assert done.err.count("\n") == 1
    assert f"{len(forced)} of 12 translations ended at the length limit" in done.err
    assert f"(line{'s' if len(forced) > 1 else ''} {shown}): raise decoding.max_ratio" in done.err
    shorter = cli(*call, *(["--input", tmp_path / "text"] if piped else []))
    assert shorter.err == done.err
