"""Long texts in parts at the ends of sentences, in any script, and back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.text.splitting import join, sentences, split


def characters(texts: Sequence[str]) -> list[list[str]]:
    """Return a piece for each character but spaces."""
    return [[character for character in text if not character.isspace()] for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "他说了。|然后走了！|为什么？|好",
        "他说：“我来了。”|然后走了。",
        "「はい。」と言った。|「いいえ。」|彼は。",
        "ｶﾀｶﾅ｡|です｡",
        "안녕하세요. |저는 학생입니다. |네",
        "यह है। |वह था॥ |और",
        "هل هذا؟ |نعم. |لا",
        "میں ہوں۔ |تم ہو۔ |وہ",
        "Բարեւ։ |Ինչպես",
        "ሰላም። |እንዴት፧ |ጥሩ",
        "བོད། |སྐད། |ཡིག",
        "မြန်မာ။ |ဘာသာ။ |စာ",
        "ខ្មែរ។ |ភាសា៕ |អក្សរ",
        "ฉันมา |เธอไป ๆ นะ 100 บาท |เขาอยู่",
        "He came at 3.5 p.m. with Mr. Smith. |“Why?” |She left… |No. 5 is here.",
        "Am 3. Mai kam er z.B. mit Dr. Braun. |Gut!",
        "one two. |three four! |five",  # nothing of it is capitalised
        "See https://example.org/a.b?c=d. |Then go.",
        "Hello.World",
    ],
)
def test_sentences_end_as_their_script_has_it(text: str) -> None:
    assert sentences(text.replace("|", "")) == [part.strip() for part in text.split("|")]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["你好。", "再见！", "好"], "你好。再见！好"),
        (["你好!", "再见."], "你好!再见."),  # as models of folded text write it
        (["「はい。」", "「いいえ。」"], "「はい。」「いいえ。」"),
        (["他用iPhone。", "他"], "他用iPhone。他"),
        (["他用 iPhone.", "他"], "他用 iPhone. 他"),
        (["Yes.", "No."], "Yes. No."),
        (["네.", "아니요."], "네. 아니요."),
        (["ฉันมา", "เธอไป"], "ฉันมา เธอไป"),
        (["नमस्ते।", "हाँ।"], "नमस्ते। हाँ।"),
        (["", "a", "", "b", ""], "a b"),
        ([], ""),
    ],
)
def test_parts_are_joined_as_their_script_has_it(parts: list[str], text: str) -> None:
    assert join(parts) == text


@given(
    text=st.text(alphabet="ab .,。、！“”一二か\u0e01\u0301\u200d?", max_size=120),
    usual=st.integers(1, 20),
    longest=st.integers(1, 20),
)
def test_nothing_is_lost_and_nothing_too_long(text: str, usual: int, longest: int) -> None:
    parts = split(text, characters, usual, longest)
    assert "".join("".join(parts).split()) == "".join(text.split())
    for part in parts:
        marks = sum(character in "\u0301\u200d" for character in part)
        assert len(characters([part])[0]) <= longest or marks  # which stay with what they belong to


def test_words_are_whole() -> None:
    text = "wonderful things happen every day to people who look around carefully " * 20
    parts = split(text, characters, 30, 30)
    assert " ".join(parts).split() == text.split()
    assert max(len(part.replace(" ", "")) for part in parts) <= 30
