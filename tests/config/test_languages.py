"""Language codes as people write them, alone and in pairs, and through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.config.languages import base_language, decided_pair, pair_readings, split_pair


@pytest.mark.parametrize(
    ("pair", "languages"),
    [
        ("en-fr", ("en", "fr")),
        ("english-french", ("english", "french")),
        ("EN-FR", ("EN", "FR")),
        ("en-zh-Hans", ("en", "zh-Hans")),
        ("zh-Hans-en", ("zh-Hans", "en")),
        ("en-zh-hans", ("en", "zh-hans")),
        ("pt_BR-en", ("pt_BR", "en")),
        ("en-pt-BR", ("en", "pt-BR")),
        ("en-US-de-AT", ("en-US", "de-AT")),
        ("sr-Latn-RS-en", ("sr-Latn-RS", "en")),
        ("en-sr-Latn-RS", ("en", "sr-Latn-RS")),
        ("zh-Hans-zh-Hant", ("zh-Hans", "zh-Hant")),
        ("eng_Latn-zho_Hans", ("eng_Latn", "zho_Hans")),
        ("es-419-en", ("es-419", "en")),
        ("ca-valencia-en", ("ca-valencia", "en")),
        ("en:zh-Hans", ("en", "zh-Hans")),
        ("en-pt:br", ("en-pt", "br")),
    ],
)
def test_pairs(pair: str, languages: tuple[str, str]) -> None:
    assert split_pair(pair) == languages


@pytest.mark.parametrize("pair", ["en", "", "en-", "-en", "en-fr-", "a:b:c", "en/../x-fr", "e n-fr",
                                  "en-Hans-x-y", "en-" + "x" * 200, "en:", "日本-en"])  # fmt: skip
def test_no_pairs(pair: str) -> None:
    with pytest.raises(ValueError, match="two languages such as en-fr"):
        split_pair(pair)


def test_two_readings_are_both_named() -> None:
    assert pair_readings("en-pt-br") == [("en", "pt-br"), ("en-pt", "br")]
    with pytest.raises(ValueError, match="write en:pt-br or en-pt:br"):
        split_pair("en-pt-br")


def test_files_decide_between_two_readings(tmp_path: Path) -> None:
    assert decided_pair("en-pt-br", tmp_path) == "en-pt-br"
    for name in ("train.en", "train.pt-br.gz"):
        (tmp_path / name).touch()
    assert decided_pair("en-pt-br", tmp_path) == "en:pt-br"
    assert decided_pair("en-fr", tmp_path) == "en-fr"
    for name in ("train.en-pt", "train.br"):
        (tmp_path / name).touch()
    assert decided_pair("en-pt-br", tmp_path) == "en-pt-br"


def test_base_languages() -> None:
    codes = {"zh-Hans": "zh", "zho_Hans": "zh", "pt_BR": "pt", "EN-US": "en", "pes_Arab": "fa"}
    assert {code: base_language(code) for code in codes} == codes


def text_files(folder: Path, *languages: str) -> Path:
    for language in languages:
        lines = "".join(f"the number {number} {language}\n" for number in range(60))
        for name in ("train", "valid"):
            (folder / f"{name}.{language}").write_text(lines)
    return folder


@pytest.mark.parametrize(
    ("pair", "languages"),
    [
        ("en-zh-Hans", ("en", "zh-Hans")),
        ("en:zh-Hans", ("en", "zh-Hans")),
        ("pt_BR-zho_Hans", ("pt_BR", "zho_Hans")),
        ("sr-Latn-RS-en-US", ("sr-Latn-RS", "en-US")),
        ("en-pt-br", ("en", "pt-br")),
    ],
)
@pytest.mark.parametrize("tokenizer", ["unigram", "words"])
def test_files_are_found_by_their_codes(
    cli: Callable[..., Any], tmp_path: Path, pair: str, languages: tuple[str, str], tokenizer: str
) -> None:
    done = cli(
        "train", "--data", text_files(tmp_path, *languages), "--pair", pair, "--dry-run",
        "--set", f"text.tokenizer={tokenizer}", "--set", "model.tie=none",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "60 kept of 60" in done.out
    assert f"the number 0 {languages[0]}" in done.out
    assert f"the number 0 {languages[1]}" in done.out


def test_what_cannot_be_decided_is_refused_in_one_line(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    text_files(tmp_path, "en", "pt-br", "en-pt", "br")
    done = cli("train", "--data", tmp_path, "--pair", "en-pt-br", "--dry-run")
    assert done.code == 4
    assert done.err.count("\n") == 1
    assert "'en-pt-br' can be read in 2 ways, write en:pt-br or en-pt:br" in done.err
    done = cli("train", "--data", tmp_path, "--pair", "en-pt:br", "--dry-run")
    assert done.code == 0


def test_a_run_is_named_without_a_colon(tmp_path: Path) -> None:
    from seq2seq.commands.train import _run_name
    from seq2seq.config.loading import load_recipe

    recipe = load_recipe(None, ["data.pair=en:zh-Hans"])
    assert _run_name(None, tmp_path / "text", recipe) == "text-en-zh-Hans"
