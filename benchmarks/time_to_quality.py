"""How long until a translation is good: trainings of several budgets, ours and a plain loop's, each scored.

    python benchmarks/time_to_quality.py --data multi30k --pair en-de --source test2016.en --reference test2016.de \
        --runs FOLDER [--peers FOLDER --work FOLDER] [--budgets 4 6 8 10 12] [--loop-budgets 8 12 16 20 24]

Budgets are minutes of training; each is a training of its own, whose rate falls to its end. One recipe serves all of ours:
the shipped Transformer without its limit of epochs. The plain loop is `hf_train.py` in the folder of --peers (a model of the
transformers library, allocation tuned, plain attention), in bfloat16 where the processor has it and in float32 elsewhere. Scores are
detokenized, cased BLEU, beam 5, one seed. The budgets alternate, shortest first; what is trained already is only scored.
Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import torch
from speed import SEQ2SEQ, Document, keep, machine, output

from seq2seq.runtime.processor import has_fast_bfloat16

NAME = "time-to-quality"  # of the JSON file in benchmarks/results
RECIPE = "multi30k-en-de-transformer"
TUNED = {  # large blocks stay in the heap, as the loop's own scripts set it
    "MALLOC_MMAP_THRESHOLD_": str(8 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
    "MALLOC_TOP_PAD_": str(1 << 30),
}


def main() -> None:
    """Read the command line, train and score, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("--data", "--source", "--reference", "--runs"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--pair", required=True)
    parser.add_argument("--budgets", nargs="*", type=int, default=[4, 6, 8, 10, 12])
    parser.add_argument("--peers", type=Path, help="a folder with scripts that run other toolkits")
    parser.add_argument("--work", type=Path, help="where those keep their environments and data")
    parser.add_argument("--loop-budgets", nargs="*", type=int, default=[4, 6, 8, 10, 12])
    parser.add_argument("--enough", type=float, default=36.0, help="BLEU that both shall reach")
    parser.add_argument("--set", action="append", default=[], help="a change of our recipe")
    given = parser.parse_args()
    trainings = [(minutes, ours) for minutes in given.budgets]
    if given.peers and given.work:
        trainings += [(minutes, loop) for minutes in given.loop_budgets]
    document: Document = {"machine": machine(), "enough": given.enough}
    for minutes, train in sorted(trainings, key=lambda one: one[0]):
        found = train(minutes, given)
        document.setdefault(train.__name__, {})[minutes] = found
        keep(document, NAME)
        print(f"{train.__name__}, {minutes} minutes: BLEU {found['bleu']:.2f}", flush=True)
    for name in ("ours", "loop"):
        scores = document.get(name, {})
        enough = [minutes for minutes, found in scores.items() if found["bleu"] >= given.enough]
        document[f"{name}_enough_after"] = min(enough, default=None)
        if scores:
            told = f"after {min(enough)} minutes" if enough else f"not after {max(scores)} minutes"
            print(f"{name}: {given.enough} BLEU {told}")
    keep(document, NAME)


def ours(minutes: int, given: argparse.Namespace) -> Document:
    """Train the shipped Transformer for some minutes; return its score and what it cost."""
    run = given.runs / f"ours-{minutes}"
    settings = ["data.format=text", "training.max_epochs=0", f"training.max_minutes={minutes}"]
    command = [*SEQ2SEQ, "train", RECIPE, "--data", given.data, "--pair", given.pair, "--quiet"]
    for setting in settings + given.set:
        command += ["--set", setting]
    output([*command, "--run", run, "--resume"])
    scored = [*SEQ2SEQ, "evaluate", run, "--source", given.source, "--reference", given.reference]
    found = json.loads(output([*scored, "--json"]))["BLEU"]
    last = json.loads((run / "log.jsonl").read_text().splitlines()[-1])
    return {
        "bleu": found["score"],
        "signature": found["signature"],
        "steps": last["step"],
        "minutes": last["seconds"] / 60,
    }


def loop(minutes: int, given: argparse.Namespace) -> Document:
    """Train the plain loop for some minutes; return its score and what it cost."""
    python = given.work / "venvs" / "hf" / "bin" / "python"
    model, kept = given.runs / f"loop-{minutes}", given.runs / f"loop-{minutes}.json"
    environment = {"DATA": str(given.work / "data"), "THREADS": str(os.cpu_count())}
    bfloat16 = has_fast_bfloat16(torch.device("cpu"))
    if not kept.exists():
        options = ["--attn", "eager", "--tokens", "2048", "--lr", "1.2e-3", "--warmup", "300"]
        options += ["--bf16"] if bfloat16 else []
        options += ["--minutes", str(minutes), "--save", str(model)]
        told = output(
            [python, given.peers / "hf_train.py", "loop", *options], **TUNED, **environment
        )
        kept.write_text(told.splitlines()[-1])
    trained = json.loads(kept.read_text())
    decode = [python, given.peers / "31_hf_decode.py", model, os.devnull, 5, 64, 1000]
    told = output(decode, **environment)
    return {
        "bleu": json.loads(told.splitlines()[-1])["bleu"],
        "steps": trained["steps"],
        "minutes": trained["wall_s"] / 60,
        "bfloat16": bfloat16,
    }


if __name__ == "__main__":
    main()
