"""Which tokenizer BLEU takes for which language, and texts that were given to the wrong one."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from seq2seq.metrics import languages
from seq2seq.metrics.corpus import score
from seq2seq.metrics.languages import has_no_spaces, tokenizer_of, tokenizer_remark
from seq2seq.metrics.remarks import remarks

CHINESE = ["今天天气很好。", "我们去公园散步吧，好吗？", "他昨天买了三本书。"]
THAI = ["วันนี้อากาศดีมาก", "เราไปเดินเล่นที่สวนกันเถอะ", "เมื่อวานเขาซื้อหนังสือสามเล่ม"]


@pytest.mark.parametrize(
    ("code", "tokenizer"),
    [
        ("zh", "zh"), ("zh-Hans", "zh"), ("zho_Hant", "zh"), ("zh_TW", "zh"), ("yue", "zh"),
        ("ZH", "zh"), ("th", "char"), ("tha_Thai", "char"), ("km", "char"), ("lao_Laoo", "char"),
        ("my", "char"), ("bod_Tibt", "char"), ("zh-Latn", "13a"), ("sr-Latn-RS", "13a"),
        ("en", "13a"), ("pt_BR", "13a"), ("fa", "13a"), ("", "13a"),
    ],
)  # fmt: skip
def test_tokenizer_of_a_language(code: str, tokenizer: str) -> None:
    assert tokenizer_of(code) == tokenizer


@pytest.mark.parametrize(("code", "module"), [("ja", "MeCab"), ("ko-KR", "mecab_ko")])
def test_sacrebleus_own_where_they_are_installed(
    monkeypatch: pytest.MonkeyPatch, code: str, module: str
) -> None:
    monkeypatch.setattr(languages, "find_spec", lambda name: find_spec("json"))
    assert tokenizer_of(code) == f"{code[:2]}-mecab"
    monkeypatch.setattr(languages, "find_spec", lambda name: None if name == module else True)
    assert tokenizer_of(code) == "char"
    assert f"sacrebleu[{code[:2]}]" in tokenizer_remark(code, "char")
    assert tokenizer_remark("th", "char") == ""


@pytest.mark.parametrize(
    ("texts", "without"),
    [
        (CHINESE, True),
        (THAI, True),
        (["今日はいい天気ですね。", "GPUを２台買った。"], True),
        (["今天 天气 很 好 。", "他 昨天 买 了 三 本 书 。"], False),  # split into words
        (["오늘은 날씨가 좋다."], False),
        (["a sentence that says 你好 once"], False),
        (["Donaudampfschifffahrtsgesellschaft", "این یک آزمایش است"], False),
        (["12:30", "..."], False),
        ([], False),
    ],
)
def test_text_without_spaces(texts: list[str], without: bool) -> None:
    assert has_no_spaces(texts) == without


@pytest.mark.parametrize("texts", [CHINESE, THAI])
def test_text_without_spaces_is_remarked_on(texts: list[str]) -> None:
    (told,) = [line for line in remarks(texts[::-1], [texts], tokenize="13a") if "spaces" in line]
    assert "--tokenize zh for Chinese" in told
    assert not any("spaces" in line for line in remarks(texts[::-1], [texts], tokenize="char"))


def test_translations_alone_have_no_spaces() -> None:
    split = [" ".join(text) for text in CHINESE]
    (told,) = remarks(CHINESE, [split], tokenize="13a")
    assert told.startswith("the translations have no spaces between words")


def test_what_the_wrong_tokenizer_does() -> None:
    near = [text.replace("。", "").replace("很", "非常") for text in CHINESE]
    by_space, by_character = (
        score(near, [CHINESE], tokenize=name)["BLEU"].value for name in ("13a", "zh")
    )
    assert by_space < 10 < 50 < by_character


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("the new@@ est ca@@ t", "@@"),
        ("▁the ▁new est ▁cat", "▁"),
        ("it is Tom &apos;s cat", "&apos;"),
        ("it&#x27;s a cat", "&apos;"),
        ("it&#44; a cat", "&apos;"),
        ("the%20cat", "%20"),
        ("the</w> cat</w>", "</w>"),
        ("&quot; hello &quot; , he said", "&apos;"),
        ("a well @-@ known cat", "@-@"),
        ("the new ##est cat", "##"),
        ("the ￭s cat", "￭"),
        ("the <unk> cat", "<unk>"),
        ("the ⁇ cat", "<unk>"),
        ("<s> the cat </s>", "</s>"),
    ],
)
def test_marks_of_other_tools(text: str, mark: str) -> None:
    clean = ["the cat sat on the mat"] * 3
    (told,) = remarks([text, *clean[1:]], [clean], tokenize="13a")
    assert told.startswith(f"{mark} or the like stands in 1 of 3 translations")
    (told,) = remarks(clean, [["the cat", text, "the cat"]], tokenize="13a")
    assert told.startswith(f"{mark} or the like stands in 1 of 3 references")


def test_what_is_no_mark() -> None:
    clean = ["mail me @ home", "C## is no language", "R&D; 3 < 4", "user@@host"]
    assert remarks(clean, [clean[::-1]], tokenize="13a") == []
