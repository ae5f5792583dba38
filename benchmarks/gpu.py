"""Training speed of three well-known models on a GPU, with the share of the chip's peak; prints a table, keeps JSON.

    python benchmarks/gpu.py                     on the first GPU, in bf16
    python benchmarks/gpu.py --tiny --device cpu the same script with small models, to try it

The text is made up: sentences of 25 words in which all words are equally frequent, which costs a
full softmax what real text costs. Operations are those of the matrix products alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"
WORDS, SENTENCES = 25, 60_000
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}  # dense bf16 operations a second
GOALS = {"paper": "400,000 words", "gnmt": "300,000 pieces", "base": "45 % of the peak"}
_WORDS = ("text.tokenizer=words", "training.max_epochs=0", "training.max_steps=100000")

# recipe, its changes, and those that make it tiny
CASES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "paper": (
        "sutskever2014-wmt14-en-fr",
        (),
        ("text.vocabulary=[160,80]", "model.hidden=16", "model.embedding=16"),
    ),
    "gnmt": (
        "multi30k-en-de-gnmt",
        (
            "text.vocabulary=32000",
            "model.layers=4",
            "model.hidden=1024",
            "model.embedding=1024",
            "training.batch_tokens=16384",
        ),
        ("text.vocabulary=160", "model.hidden=16", "model.embedding=16"),
    ),
    "base": (
        "wmt14-en-de-transformer",
        (
            "text.vocabulary=37000",
            "model.tie=output",  # words of two languages share no table
            "training.batch_tokens=25600",
            "training.accumulate=1",
        ),
        ("text.vocabulary=160", "model.hidden=16", "model.feed_forward=32"),
    ),
}


def main() -> None:
    """Read the command line, measure each case, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--cases", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--output", type=Path, default=RESULTS / "gpu.json")
    given = parser.parse_args()
    chip = name_of(given.device)
    found: dict[str, Any] = {"chip": chip}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        made_up(data, types=200 if given.tiny else 160_000)
        for case in given.cases:
            found[case] = with_shares(measured(case, data, given), chip)
            print(told(case, found[case]), flush=True)
            given.output.write_text(json.dumps(found, indent=1) + "\n")


def name_of(device: str) -> str:
    """Return what the chip calls itself."""
    import torch

    return str(torch.cuda.get_device_name(device)) if device != "cpu" else "CPU"


def made_up(folder: Path, types: int) -> None:
    """Write text in which every one of `types` words occurs about equally often."""
    draw = np.random.default_rng(1)
    for kind, sentences in (("train", SENTENCES), ("valid", 100), ("test", 100)):
        for language in ("en", "fr", "de"):
            size = sentences * WORDS
            numbers = np.concatenate([draw.permutation(types) for _ in range(-(-size // types))])[
                :size
            ]
            lines = (" ".join(f"w{each}" for each in row) for row in numbers.reshape(-1, WORDS))
            (folder / f"{kind}.{language}").write_text("\n".join(lines) + "\n")


def measured(case: str, data: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Return what `seq2seq benchmark train` says of a case."""
    recipe, changes, tiny = CASES[case]
    pair = "en-fr" if case == "paper" else "en-de"
    command = [sys.executable, "-m", "seq2seq", "benchmark", "train", recipe, "--data", str(data)]
    command += ["--pair", pair, "--windows", str(given.windows), "--updates", str(given.updates)]
    command += ["--device", given.device, "--limit", "--json", "--quiet"]
    for change in (*_WORDS, *changes, *(tiny if given.tiny else ())):
        command += ["--set", change]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def with_shares(found: dict[str, Any], chip: str) -> dict[str, Any]:
    """Add operations a second, and their share of the chip's peak, where that is known."""
    limit = found["limit"]
    found["operations_per_second"] = limit["share"] * limit["operations_per_second"]
    peak = next((value for name, value in PEAKS.items() if name in chip), None)
    found["share_of_peak"] = found["operations_per_second"] / peak if peak else None
    return found


def told(case: str, found: dict[str, Any]) -> str:
    """Return a case as a line."""
    share = found["share_of_peak"]
    return (
        f"{case}: {found['tokens_per_second']:,.0f} pieces a second ({found['parameters']:,} parameters, "
        f"{found['precision']}), {found['operations_per_second'] / 1e12:,.2f} TFLOP/s"
        + (f", {share:.0%} of the peak" if share is not None else "")
        + f"; goal: {GOALS[case]}"
    )


if __name__ == "__main__":
    main()
