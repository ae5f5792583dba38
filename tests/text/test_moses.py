"""Words and their marks give the text back, whatever signs stand in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.text.moses import Moses, ReversibleMoses, unmarked
from seq2seq.text.words import Words, train_words

TEXTS = [
    "See https://example.org/a/b?c=1&d=2, please (or http://a.b/c).",
    "Click {name}, %d times at 10:30. %(count)s of ${all}, {{this}} and %1$s",
    "Write to jane.doe+x@mail.example.org!",
    "a &amp; b &#39; &lt;x&gt; &nbsp;",
    "<b>bold</b> and <br/> <a href=\"x\">text</a>.",
    "@-@ @,@ a @-@ b",
    "a | b [x] {y} (z) and/or Q&A C++ C# f(x) = y[0]",
    "it's 5'10\" tall, the cats' toys, rock 'n' roll, ``x''",
    "“quoted” ‘single’ «quoted» „so“",
    "Hello , world ! a;b a ; b",
    "C:\\Windows\\x ~/.bashrc www.example.com/x foo_bar #tag @user",
    "20°C, 1,000.50 + 2 = 3, 12/05/2020, -- a dash – and — em ...",
    "DOTMULTI THISISPROTECTED001 \ufdd1 \x96",
    "你好，世界！「はい。」と言った。",
    "m² ½ № … ﬁn می\u200cخواهم ทำ 👩‍👩‍👧",
]  # fmt: skip
LANGUAGES = ["en", "fr", "de", "cs", "fi", "zh-Hans"]
SIGNS = "abZ19 éß.,:;!?'\"’“”«»()[]{}<>/\\|@#%&*+-–_=~^`$€°…。，️字\u0301\u200d\ue000"


def spaced(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back(language: str, text: str) -> None:
    moses = ReversibleMoses(language)
    words = moses.split(text)
    assert moses.join(words) == text
    assert all(word.split() == [word] for word in words)


@pytest.fixture(scope="module", params=["en", "fr"])
def moses(request: pytest.FixtureRequest) -> ReversibleMoses:
    return ReversibleMoses(request.param)


@given(text=st.text(st.one_of(st.sampled_from(SIGNS), st.characters(codec="utf-8")), max_size=40))
def test_any_text_comes_back(moses: ReversibleMoses, text: str) -> None:
    """But for white space, and for the two signs that the marks are written with."""
    text = "".join(" " if character < " " else character for character in text)
    words = moses.split(text)
    assert moses.join(words) == spaced(text).replace("￭", "■").replace("␣", "_")
    assert all(word.split() == [word] for word in words)


def test_marks_are_rare_and_words_are_those_of_moses() -> None:
    text = 'He said: "It isn\'t the dog\'s, is it?" (50% of $5.00.)'
    assert ReversibleMoses("en").split(text) == Moses("en").split(text)
    assert ReversibleMoses("en").split("A/B at 10:30") == ["A", "￭/￭", "B", "at", "10:30"]
    assert ReversibleMoses("en").join(["A", "￭/￭", "B"]) == "A/B"
    assert [unmarked(word) for word in ("￭/￭", "␣,", "a", "￭")] == ["/", ",", "a", "￭"]


def test_any_words_are_one_line() -> None:
    join = ReversibleMoses("en").join
    for words in (["￭"], ["␣"], ["￭", "␣"], ["a", "␣", "b"], ["￭a￭", "␣b␣", "￭￭"], ["a￭"], []):
        assert "\n" not in join(words)
    assert join(["￭a", "b￭"]) == "a b"
    assert join(["(￭", "␣b"]) == "( b"


def test_vocabularies_of_older_runs_are_split_as_they_were() -> None:
    text = "at 10:30 and/or"
    new = train_words([text], "en", 20)
    assert new.decode(new.encode([text])) == [text]
    lines = ["<pad>\t0", "<unk>\t0", "<s>\t0", "</s>\t0"] + [
        f"{word}\t1" for word in Moses("en").split(text)
    ]
    old = Words(("\n".join(lines) + "\n").encode(), "en")
    assert old.split(text) == ["at", "10", ":", "30", "and", "/", "or"]
    assert old.decode(old.encode([text])) == ["at 10: 30 and / or"]


def test_unknown_words_are_named_without_marks() -> None:
    words = train_words(["a b"], "en", 20)
    assert words.unknown("a/x b") == ["/", "x"]


def test_links_and_placeholders_survive_the_command_line(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    lines = [f"{TEXTS[number % 2]} {number}" for number in range(40)]
    for name in ("train", "valid"):
        for language in ("en", "de"):
            (tmp_path / f"{name}.{language}").write_text("\n".join(lines) + "\n")
    done = cli(
        "train", "--data", tmp_path, "--pair", "en-de", "--dry-run",
        "--set", "text.tokenizer=words", "--set", "model.tie=none",
    )  # fmt: skip
    assert done.code == 0
    assert "all 40 validation references come back as they were" in done.out
    assert f"  back    {lines[0]}\n" in done.out
