"""Time `seq2seq compare` on 16 systems of 3,000 sentences, and its page in a browser; keep JSON.

    python benchmarks/comparison.py

The texts are drawn at random from a small vocabulary, with lengths of news sentences. For the page, a browser (headless Chromium,
if there is one) opens 5,000 sentences of 10 systems; the time of an empty page is printed beside it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
WORDS = [f"{one}{two}" for one in "bcdfghklmnprst" for two in ("a", "en", "ist", "oder", "ung")]
RUNS = 3  # of which the median counts


def main() -> None:
    """Write texts, time, print and keep."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        document: dict[str, object] = {"cores": os.cpu_count()}
        document["compare_16_x_3000"] = compared(place, 16, 3000)
        document["page_10_x_5000"] = browsed(place)
    text = json.dumps(document, indent=1)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "comparison.json").write_text(text + "\n")
    print(text)


def texts(seed: int, count: int) -> str:
    """Return lines of random words."""
    draw = random.Random(seed)
    lines = (" ".join(draw.choices(WORDS, k=draw.randint(5, 40))) for _ in range(count))
    return "".join(line + "\n" for line in lines)


def compare(place: Path, systems: int, sentences: int, *options: str) -> None:
    """Compare systems by the command line."""
    reference = texts(0, sentences)
    (place / "reference").write_text(reference)
    files = []
    for number in range(1, systems + 1):
        draw = random.Random(number)
        rate = 0.2 + 0.01 * number
        words = (
            draw.choice(WORDS) + mark if draw.random() < rate else word + mark
            for line in reference.splitlines()
            for word, mark in zip(line.split(), " " * line.count(" ") + "\n", strict=True)
        )
        files.append(place / f"system{number}")
        files[-1].write_text("".join(words))
    command = [sys.executable, "-m", "seq2seq", "compare", *map(str, files), "--reference"]
    subprocess.run([*command, str(place / "reference"), *options], check=True, capture_output=True)


def compared(place: Path, systems: int, sentences: int) -> dict[str, float]:
    """Return the seconds of a comparison by BLEU and chrF with 1,000 resamples."""
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        compare(place, systems, sentences)
        seconds.append(time.perf_counter() - began)
    return {"median_seconds": statistics.median(seconds), "fastest": min(seconds)}


def browsed(place: Path) -> dict[str, float] | str:
    """Return the seconds that a browser takes for a large page and for an empty one."""
    browser = shutil.which("chromium")
    if browser is None:
        return "no Chromium here"
    page, empty = place / "page.html", place / "empty.html"
    compare(place, 10, 5000, "--html", str(page), "--source", str(place / "reference"))
    empty.write_text("<!doctype html><title>empty</title>")
    seconds = {}
    for name, path in (("page", page), ("empty", empty)):
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            subprocess.run(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
                 f"--user-data-dir={place / 'profile'}", path.as_uri()],
                check=True, capture_output=True,
            )  # fmt: skip
            times.append(time.perf_counter() - began)
        seconds[name] = statistics.median(times)
    return {**seconds, "page_megabytes": page.stat().st_size / 1e6}


if __name__ == "__main__":
    main()
