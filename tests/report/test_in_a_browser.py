"""The page of a comparison in headless Chromium: it loads, sorts, filters, searches, points."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
WORDS = ["the", "a", "red", "dog", "man", "runs", "on", "grass", "two", "<b>&amp;</b>", "überall"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here")


def sentences(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(4, 20))) for _ in range(count)]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def browse(page: Path, script: str, folder: Path) -> tuple[dict[str, Any], str]:
    """Open a page, run a script in it that fills in `found`, and return that and the console.

    A request that the page's policy forbids is an error on the console.
    """
    text = page.read_text(encoding="utf-8")
    probe = (
        "<script>window.addEventListener('load', () => { const found = {};\n"
        "const $ = name => document.querySelector(name), $$ = name => [...document.querySelectorAll"
        "(name)];\n"
        f"{script}\n"
        "const out = document.createElement('pre'); out.id = 'found';\n"
        "out.textContent = JSON.stringify(found); document.body.append(out); });</script></body>"
    )
    probed = folder / "probed.html"
    probed.write_text(text.replace("</body>", probe), encoding="utf-8")
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--no-first-run", "--enable-logging=stderr",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom",
         probed.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.S)
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    assert told is not None, console
    plain = told[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(plain), console


@pytest.fixture
def compared(cli: Any, tmp_path: Path) -> Path:
    references = sentences(1, 30)
    files = [write(tmp_path / f"system{number}", sentences(number, 30)) for number in (2, 3)]
    best = write(tmp_path / "best", references[:20] + sentences(4, 9) + ["unusual words here"])
    page = tmp_path / "page.html"
    done = cli("compare", *files, best, "--reference", write(tmp_path / "ref", references),
               "--source", write(tmp_path / "src", sentences(5, 30)), "--html", page)  # fmt: skip
    assert done.code == 0, done.err
    return page


def test_it_works_and_asks_for_nothing(compared: Path, tmp_path: Path) -> None:
    found, console = browse(compared, """
const table = $("table.sortable"), head = table.querySelectorAll("th button")[1];
const names = () => [...table.tBodies[0].rows].map(row => row.cells[0].textContent);
found.before = names();
head.click(); found.falling = names();
head.click(); found.rising = names();
const shown = () => $(".count").textContent;
const set = (name, value) => { $(name).value = value; $(name).dispatchEvent(new Event("change")); };
found.all = shown();
found.boxes = $$(".sentence").length;
found.marks = $$("mark").length > 0;
set(".system", "2"); set(".filter", "different"); found.different = shown();
set(".filter", "repeated"); found.repeated = shown();
set(".filter", "all"); set(".order", "lost"); found.lost = $(".sentence .points").textContent;
set(".order", "place"); found.first = $(".sentence .points").textContent;
found.bold = $$(".sentence b").length;
found.asked = performance.getEntriesByType("resource").map(entry => entry.name);
""", tmp_path)  # fmt: skip
    assert console == ""
    assert found["asked"] == []
    assert found["before"][0] == "system2"
    assert found["falling"][0] == "best"
    assert found["rising"][-1] == "best"
    assert found["all"] == "30 of 30 sentences"
    assert found["boxes"] == 30
    assert found["marks"]
    assert found["different"] == "30 of 30 sentences"
    assert found["repeated"] != "30 of 30 sentences"
    assert found["first"] == "1"
    assert found["bold"] == 0  # markup in a translation is text


def test_it_searches(compared: Path, tmp_path: Path) -> None:
    found, console = browse(compared, """
found.before = $(".count").textContent;
$(".search").value = " UNUSUAL words"; $(".search").dispatchEvent(new Event("input"));
setTimeout(() => {
  $("#found").textContent = JSON.stringify({after: $(".count").textContent});
}, 500);
""", tmp_path)  # fmt: skip
    assert (found, console) == ({"after": "1 of 30 sentences"}, "")


def test_a_word_shows_where_the_model_looked(
    cli: Any, tiny_run: Path, corpus: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = cli("compare", corpus / "test.de", tiny_run, "--reference", corpus / "test.de",
               "--source", corpus / "test.en", "--html", page)  # fmt: skip
    assert done.code == 0, done.err
    found, console = browse(page, """
const word = $$("[data-looks]").find(one => one.dataset.looks);
found.places = word.dataset.looks.split(" ").map(Number);
word.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
const source = [...word.closest(".sentence").querySelectorAll(".source .word")];
found.looked = source.flatMap((one, place) => one.classList.contains("looked") ? [place] : []);
document.querySelector(".sentence").dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
found.left = $$(".looked").length;
""", tmp_path)  # fmt: skip
    assert console == ""
    assert found["looked"] == sorted(found["places"])
    assert found["left"] == 0


@pytest.mark.slow
def test_large_pages_load(cli: Any, tmp_path: Path) -> None:
    """5,000 sentences of ten systems: what is shown at once stays small, and searching works."""
    files = [write(tmp_path / f"system{number}", sentences(number, 5000)) for number in range(10)]
    page = tmp_path / "page.html"
    done = cli("compare", *files, "--reference", write(tmp_path / "ref", sentences(99, 5000)),
               "--html", page, "--trials", "100", "--metric", "chrF")  # fmt: skip
    assert done.code == 0, done.err
    found, console = browse(page, """
found.all = $(".count").textContent; found.boxes = $$(".sentence").length;
""", tmp_path)  # fmt: skip
    assert console == ""
    assert found["all"] == "5,000 of 5,000 sentences"
    assert found["boxes"] < 200
