"""Score trained runs, and all of them as an ensemble, in both scorings; print a table, keep JSON.

    python benchmarks/quality.py RUN... --source test.en --reference test.de --language de --name en-de

Each run is one seed of one recipe. BLEU comes twice: of detokenized, cased text (sacrebleu's 13a), and of text that Moses
tokenized, in lower case, as the literature on Multi30k prints it. With several runs, mean and deviation over them are
printed, and their ensemble is scored too. The test set is only read here: models are chosen on validation text while training.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seq2seq import Translator
from seq2seq.metrics.corpus import score
from seq2seq.models.bundle import read_document

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Read the command line, translate, score, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--language", required=True, help="of the reference, for Moses: de, fr")
    parser.add_argument("--name", required=True, help="of the JSON file in benchmarks/results")
    arguments = parser.parse_args()
    source, reference = (
        path.read_text(encoding="utf-8").split("\n")[:-1]
        for path in (arguments.source, arguments.reference)
    )
    scored = []
    for run in arguments.runs:
        scored.append({**described(run), **measured([run], source, reference, arguments.language)})
        show(scored[-1])
    document: dict[str, Any] = {
        "test": arguments.source.stem,
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "packages": {name: version(name) for name in ("torch", "sacrebleu", "sentencepiece")},
        },
        "runs": scored,
    }
    if len(scored) > 1:
        for name in ("detokenized_cased", "tokenized_lowercase"):
            values = [one[name]["bleu"] for one in scored]
            document[f"{name}_over_seeds"] = {
                "mean": statistics.mean(values),
                "deviation": statistics.stdev(values),
            }
            print(f"{name}: {statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}")
        document["ensemble"] = measured(arguments.runs, source, reference, arguments.language)
        show({"run": "ensemble", **document["ensemble"]})
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"quality-{arguments.name}.json").write_text(text, encoding="utf-8")


def described(run: Path) -> dict[str, Any]:
    """Return what a run was, from its own files."""
    document = read_document(run)
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    recipe = document["recipe"]
    return {
        "run": run.name,
        "architecture": recipe["model"]["architecture"],
        "seed": recipe["seed"],
        "steps": log[-1]["step"],
        "minutes": round(log[-1]["seconds"] / 60, 1),
        "threads": document["environment"]["threads"],
        "valid_bleu_greedy": max((one["bleu"] or 0.0) for one in log if "bleu" in one),
        "recipe": {key: recipe[key] for key in ("text", "model", "training", "decoding")},
    }


def measured(
    runs: list[Path], source: list[str], reference: list[str], language: str
) -> dict[str, Any]:
    """Translate and score in both ways."""
    translator = Translator.load(runs, device="cpu")
    began = time.perf_counter()
    translations = translator.translate(source)
    seconds = time.perf_counter() - began
    found = {"beam": translator.decoding.beam, "seconds": round(seconds, 1)}
    for name, tokenize, lowercase in (
        ("detokenized_cased", "13a", False),
        ("tokenized_lowercase", f"moses-{language}", True),
    ):
        scores = score(translations, [reference], tokenize=tokenize, lowercase=lowercase)
        found[name] = {
            "bleu": scores["BLEU"].value,
            "signature": scores["BLEU"].signature,
            "chrf": scores["chrF"].value,
            "ter": scores["TER"].value,
        }
    return found


def show(one: dict[str, Any]) -> None:
    """Print a line of the table."""
    cased, lower = one["detokenized_cased"], one["tokenized_lowercase"]
    print(
        f"{one['run']:<32} {one.get('steps', ''):>7} {one.get('minutes', ''):>6}  "
        f"BLEU {cased['bleu']:.2f} ({cased['signature']}, beam {one['beam']})  "
        f"chrF {cased['chrf']:.2f}  TER {cased['ter']:.2f}  BLEU {lower['bleu']:.2f} ({lower['signature']})",
        flush=True,
    )


if __name__ == "__main__":
    main()
