"""Speed beside other toolkits and beside the machine's limits, in one run; prints ratios, keeps JSON.

    python benchmarks/speed.py --data multi30k --pair en-de                          ours and the limits
    python benchmarks/speed.py ... --peers FOLDER --work FOLDER                      and other toolkits' training
    python benchmarks/speed.py ... --run RUN --reference test.de --source test.en    and translation beside CTranslate2

Training speed is source and target pieces a second, without padding and special symbols. Ours and theirs take turns, one
window each a round, since machines change their speed; medians over the rounds are compared. FOLDER of --peers holds a
`run_train.sh TOOLKIT WORK REPETITIONS` that appends `{"real_tok_per_s": ..., "peak_rss_mb": ...}` to
`results/train.jsonl` in the folder of --work, and may hold yardsticks, `40_obvious_step.py` and `42_obvious_step_lstm.py`.
Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
WORKS = ("T", "A", "S")
# the fastest of the first rounds on each work stands first
TOOLKITS = {"T": ("fairseq", "opennmt"), "A": ("fairseq", "opennmt"), "S": ("opennmt", "fairseq")}
YARDSTICKS = {  # a script, and what it calls the precision in which ours runs
    "T": ("40_obvious_step.py", {"bfloat16": "purebf16", "float32": "fp32"}),
    "S": ("42_obvious_step_lstm.py", {"bfloat16": "bf16", "float32": "fp32"}),
}
UPDATES = 15  # a window, after as many that do not count
Document = dict[str, Any]
Window = Callable[[], float]


def main() -> None:
    """Read the command line, measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pair", required=True)
    parser.add_argument("--works", nargs="*", choices=WORKS, default=list(WORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, help="a folder with scripts that run other toolkits")
    parser.add_argument("--work", type=Path, help="where those keep their environments and data")
    parser.add_argument("--fastest", action="store_true", help="of the toolkits, only the fastest")
    parser.add_argument("--run", type=Path, help="a run whose translation is timed")
    parser.add_argument("--source", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--name", default="speed", help="of the JSON file in benchmarks/results")
    given = parser.parse_args()
    document: Document = {"machine": machine()}
    for name in given.works:
        document.setdefault("training", {})[name] = training(name, given)
        keep(document, given.name)
    document["data"] = data_path(given.data, given.pair)
    document["help_seconds"] = median_seconds([*SEQ2SEQ, "--help"])
    if given.run:
        document["translation"] = translation(given)
    keep(document, given.name)
    show(document)


def keep(document: Document, name: str) -> None:
    """Write what is known so far."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


SEQ2SEQ = [sys.executable, "-m", "seq2seq"]


def output(command: Sequence[object], **environment: str) -> str:
    """Run a command and return what it prints on standard output."""
    done = subprocess.run(
        list(map(str, command)),
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return done.stdout


def median_seconds(command: Sequence[object], times: int = 5) -> float:
    """Return how long a command takes, loading included."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        output(command)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def machine() -> Document:
    """Return what the figures depend on."""
    import torch

    from seq2seq.runtime.processor import has_fast_bfloat16

    return {
        "cores": os.cpu_count(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": has_fast_bfloat16(torch.device("cpu")),
        "torch": str(torch.__version__),
    }


def training(work: str, given: argparse.Namespace) -> Document:
    """Measure our training and that of others in turn; return medians, spreads and ratios."""
    ours = benchmarked(work, given, limit=True)
    windows: dict[str, Window] = {"seq2seq": lambda: benchmarked(work, given)["tokens_per_second"]}
    if given.peers and given.work:
        for toolkit in TOOLKITS[work][: 1 if given.fastest else None]:
            if (given.work / "venvs" / toolkit).exists():
                windows[toolkit] = lambda toolkit=toolkit: peer(toolkit, work, given)
        if work in YARDSTICKS:
            script, modes = YARDSTICKS[work]
            mode = modes[ours["precision"]]
            windows[f"obvious {mode}"] = lambda: yardstick(script, mode, given)
    rates: dict[str, list[float]] = {name: [] for name in windows}
    for number in range(given.rounds):
        for name, window in windows.items():
            rates[name].append(window())
            print(
                f"{work} round {number + 1}: {name} {rates[name][-1]:,.0f}",
                file=sys.stderr,
                flush=True,
            )
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "rates": rates,
        "medians": medians,
        "ratios": {
            name: medians["seq2seq"] / value for name, value in medians.items() if name != "seq2seq"
        },
        **{
            key: ours[key] for key in ("parameters", "padding", "precision", "peak_memory", "limit")
        },
    }


def benchmarked(work: str, given: argparse.Namespace, limit: bool = False) -> Document:
    """Return one window of ours, or as many as there are rounds, beside the limit."""
    command: list[object] = [*SEQ2SEQ, "benchmark", "train", "--work", work, "--data", given.data]
    command += ["--pair", given.pair, "--updates", UPDATES, "--json", "--quiet"]
    command += ["--windows", given.rounds, "--limit"] if limit else ["--windows", 1]
    return json.loads(output(command))  # type: ignore[no-any-return]


def peer(toolkit: str, work: str, given: argparse.Namespace) -> float:
    """Return one window of another toolkit."""
    output(
        [given.peers / "run_train.sh", toolkit, work, 1],
        WORK=str(given.work),
        PROBE_UPDATES=str(UPDATES),
    )
    last = (given.work / "results" / "train.jsonl").read_text().splitlines()[-1]
    return float(json.loads(last)["real_tok_per_s"])


def yardstick(script: str, mode: str, given: argparse.Namespace) -> float:
    """Return the rate of a training step written in the obvious way."""
    told = output([sys.executable, given.peers / script, mode], DATA=str(given.work / "data"))
    found = re.search(r"([\d.]+) (?:tok|pieces)/s", told)
    assert found, told
    return float(found[1])


def data_path(data: Path, pair: str) -> Document:
    """Return how fast text is encoded, batches are made, and an encoded corpus is opened again."""
    import torch

    from seq2seq.analysis.works import WORKS
    from seq2seq.config.schema import Recipe
    from seq2seq.data.plan import batch_plan
    from seq2seq.data.prepare import prepare

    recipe = Recipe.model_validate({**WORKS["T"], "data": {"path": str(data), "pair": pair}})
    with tempfile.TemporaryDirectory() as cache:
        began = time.perf_counter()
        prepared = prepare(recipe, Path(cache))
        first = time.perf_counter() - began
        began = time.perf_counter()
        prepared = prepare(recipe, Path(cache))
        again = time.perf_counter() - began
        sources, target = data / f"train.{pair.split('-')[0]}", data / f"train.{pair.split('-')[1]}"
        lines = [path.read_text(encoding="utf-8").split("\n")[:-1] for path in (sources, target)]
        rates = []
        for _ in range(5):
            began = time.perf_counter()
            for side, texts in zip((prepared.source, prepared.target), lines, strict=True):
                side.encode(texts)
            rates.append(2 * len(lines[0]) / (time.perf_counter() - began))
        corpus = prepared.train
        began = time.perf_counter()
        plan = batch_plan(
            corpus.source_lengths, corpus.target_lengths, seed=1, epoch=0, batch_tokens=4096,
            batch_sentences=0, one_length=False,
        )  # fmt: skip
        tokens = sum(corpus.gather(rows).pieces for rows in plan)
        batching = tokens / (time.perf_counter() - began)
    return {
        "encoded_sentences_per_second": statistics.median(rates),
        "batched_tokens_per_second": batching,
        "prepare_seconds": first,
        "open_again_seconds": again,
        "threads": torch.get_num_threads(),
    }


def translation(given: argparse.Namespace) -> Document:
    """Measure our translation and CTranslate2's with the same weights, in turn, models loaded."""
    found: Document = {}
    ours = [*SEQ2SEQ, "benchmark", "translate", given.run, "--input", given.source]
    ours += ["--windows", 1, "--json", "--quiet"]
    with tempfile.TemporaryDirectory() as place:
        folder, written = Path(place) / "int8", Path(place) / "written"
        export = [*SEQ2SEQ, "export", given.run, "--to", "ctranslate2", "--quantization", "int8"]
        output([*export, "--quiet", folder])
        for beam in (5, 1):
            theirs = [sys.executable, Path(__file__).parent / "ctranslate.py", folder]
            theirs += ["--source", given.source, "--output", written, "--beam", beam]
            rates: dict[str, list[float]] = {"seq2seq": [], "ctranslate2 int8": []}
            for _ in range(given.rounds):
                for name, command in (
                    ("seq2seq", [*ours, "--beam", beam]),
                    ("ctranslate2 int8", theirs),
                ):
                    rates[name].append(json.loads(output(command))["sentences_per_second"])
            medians = {name: statistics.median(values) for name, values in rates.items()}
            found[f"beam {beam}"] = {
                "rates": rates,
                "medians": medians,
                "ratio": medians["seq2seq"] / medians["ctranslate2 int8"],
                "bleu of ctranslate2": bleu(written, given.reference),
            }
            output(
                [
                    *SEQ2SEQ,
                    "translate",
                    given.run,
                    "--input",
                    given.source,
                    "--output",
                    written,
                    "--beam",
                    beam,
                ]
            )
            found[f"beam {beam}"]["bleu"] = bleu(written, given.reference)
    alone = json.loads(output([*ours, "--beam", 5, "--batch", 1, "--threads", 1]))
    found["milliseconds a sentence, one at a time"] = 1000 / alone["sentences_per_second"]
    return found


def bleu(hypothesis: Path, reference: Path) -> Document:
    """Return detokenized, cased BLEU with its signature."""
    command = [*SEQ2SEQ, "evaluate", "--hypothesis", hypothesis, "--reference", reference, "--json"]
    return json.loads(output(command))["BLEU"]  # type: ignore[no-any-return]


def show(document: Document) -> None:
    """Print what matters of it."""
    for work, found in document.get("training", {}).items():
        share = f"{found['limit']['share']:.0%} of the limit of its products"
        print(f"training {work}: {found['medians']['seq2seq']:,.0f} pieces a second, {share}")
        for name, ratio in found["ratios"].items():
            print(f"  {ratio:.2f} times {name}")
    data = document["data"]
    print(f"encoding: {data['encoded_sentences_per_second']:,.0f} sentences a second")
    print(f"batches: {data['batched_tokens_per_second']:,.0f} tokens a second")
    print(f"--help: {document['help_seconds']:.2f} s")
    for beam, found in document.get("translation", {}).items():
        if isinstance(found, dict):
            scores = f"BLEU {found['bleu']['score']:.2f}, theirs {found['bleu of ctranslate2']['score']:.2f}"
            print(f"translation, {beam}: {found['ratio']:.2f} times CTranslate2 int8 ({scores})")
        else:
            print(f"translation, {beam}: {found:.1f}")


if __name__ == "__main__":
    main()
