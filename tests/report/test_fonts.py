"""Pictures with text of any script: a font that has it, or one line that says what to install."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from seq2seq.report import fonts

HAN = "一二三四五"
LOOK = ("inspect", "attention", "--sentence", HAN, "--target", HAN)


@pytest.fixture(scope="module")
def chinese_run(
    tiny_recipe: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a model of Han characters, trained for a step."""
    from seq2seq.training.run import train

    folder = tmp_path_factory.mktemp("chinese")
    lines = "".join(f"{HAN[i % 5]}{HAN[i // 5 % 5]}{HAN[i // 25]}\n" for i in range(125))
    for name in ("train", "valid"):
        for language in ("zh", "en"):
            (folder / f"{name}.{language}").write_text(lines, encoding="utf-8")
    recipe = tiny_recipe(
        data={"path": str(folder), "pair": "zh-en"},
        text={"vocabulary": 20},
        training__max_steps=1,
        training__warmup=1,
    )
    list(train(recipe, folder / "run", device="cpu", command=""))
    return folder / "run"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give the list of the fonts that the system has, instead of this machine's."""
    files: list[str] = []
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: files)
    fonts._families.cache_clear()
    yield files
    fonts._families.cache_clear()


def font_with(characters: str, path: Path) -> str:
    """Write a font whose glyphs are all one square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(point)
    pen.closePath()
    square = pen.glyph()
    glyphs = {ord(character): f"u{ord(character):x}" for character in characters}
    order = [".notdef", *glyphs.values()]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(glyphs)
    builder.setupGlyf(dict.fromkeys(order, square))
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    names = {"familyName": "Squares", "styleName": "Regular", "psName": "Squares-Regular"}
    builder.setupNameTable(names)
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return str(path)


def test_a_font_of_the_system_is_used(
    cli: Any,
    chinese_run: Path,
    installed: list[str],
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    installed += [str(tmp_path / "gone.ttf"), str(broken)]
    installed.append(font_with(HAN, tmp_path / "Squares-Regular.ttf"))
    for ending in ("svg", "png", "pdf"):
        picture = tmp_path / f"look.{ending}"
        done = cli(*LOOK, chinese_run, "--output", picture)
        assert (done.code, done.err) == (0, "")
    assert "Squares" in (tmp_path / "look.svg").read_text(encoding="utf-8")
    assert not recwarn.list


def test_what_no_font_has_is_one_line(
    cli: Any,
    chinese_run: Path,
    installed: list[str],
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
) -> None:
    for ending in ("svg", "png", "pdf"):
        picture = tmp_path / f"look.{ending}"
        done = cli(*LOOK, chinese_run, "--output", picture)
        assert done.code == 0 and picture.stat().st_size
        assert done.err.count("\n") == 1, done.err
        assert done.err.startswith(f"warning: {picture}: no font on this machine has 一 ")
        assert done.err.rstrip().endswith("apt-get install fonts-noto-cjk)")
    assert not recwarn.list
    call = (*LOOK, chinese_run, "--output", picture)
    assert cli(*call, "--quiet").err == ""


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("日本語", "fonts-noto-cjk"),
        ("ひらがな", "fonts-noto-cjk"),
        ("한국어", "fonts-noto-cjk"),
        ("ไทย", "fonts-noto-core"),
        ("हिन्दी", "fonts-noto-core"),
        ("🙈", "fonts-symbola"),
        ("𠀀", "fonts-hanazono"),
    ],
)
def test_what_to_install_for_each_script(
    cli: Any,
    tiny_run: Path,
    installed: list[str],
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
    text: str,
    package: str,
) -> None:
    done = cli("inspect", "curve", f"{text}={tiny_run}", "--output", tmp_path / "curve.png")
    assert (done.code, done.err.count("\n")) == (0, 1), done.err
    assert done.err.rstrip().endswith(f"apt-get install {package})")
    assert not recwarn.list


@pytest.mark.parametrize("text", ["$$", "$x_{$", "五 $\\frac$", "a\u200bb", "x\u0301"])
def test_text_is_no_formula(
    cli: Any, tiny_run: Path, installed: list[str], tmp_path: Path, text: str
) -> None:
    installed.append(font_with(HAN, tmp_path / "Squares-Regular.ttf"))
    done = cli("inspect", "curve", f"{text}={tiny_run}", "--output", tmp_path / "curve.png")
    assert (done.code, done.err) == (0, "")


def test_nothing_raw_reaches_a_terminal(
    start: Callable[..., subprocess.Popen[bytes]], chinese_run: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "look.png"
    call = (*LOOK, chinese_run, "--output", picture)
    with start(*call, MPLCONFIGDIR=os.fspath(tmp_path)) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0 and picture.stat().st_size
    lines = [line for line in told.decode().splitlines() if "font cache" not in line]
    assert all(line.startswith("warning: ") for line in lines) and len(lines) <= 1, told
