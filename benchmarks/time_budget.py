"""Whether a time budget is kept beside a process that takes all cores for a while.

    python benchmarks/time_budget.py --data multi30k --pair en-de [--minutes 3] [--busy 20 80]

Types `seq2seq train` with the default recipe and training.max_minutes, without limits of steps, epochs or patience. The budget
is wall time from the first step on; so are the seconds of --busy, between which one spinning process a core runs. Prints when the
training ended, keeps it as JSON, and exits with 1 where it is off by more than a tenth.
The text is prepared before. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from speed import SEQ2SEQ, Document, keep, machine, output

NAME = "time-budget"  # of the JSON file in benchmarks/results
LEEWAY = 0.1  # of the budget
SPIN = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"


def main() -> None:
    """Read the command line, train beside a busy process, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pair", required=True)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--busy", type=float, nargs=2, default=[20.0, 80.0], help="seconds")
    parser.add_argument("--cores", type=int, default=machine()["cores"], help="that it takes")
    parser.add_argument("--set", action="append", default=[], help="a change of the recipe")
    parser.add_argument("--name", default=NAME, help="of the JSON file in benchmarks/results")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [*SEQ2SEQ, "train", "--data", given.data, "--pair", given.pair]
        command += ["--run", Path(folder) / "run"]
        limits = ["max_epochs=0", "patience=0", f"max_minutes={given.minutes:g}"]
        settings = [f"training.{limit}" for limit in limits] + given.set
        for setting in settings:
            command += ["--set", setting]
        output([*command, "--dry-run", "--quiet"])
        measured = train(command, given.busy, given.cores)
    low, high = (60.0 * given.minutes * (1.0 + leeway) for leeway in (-LEEWAY, LEEWAY))
    kept = low <= measured["seconds"] <= high
    changes = " ".join(f"--set {setting}" for setting in settings)
    typed = f"seq2seq train --data {given.data.name} --pair {given.pair} {changes}"
    facts = {"command": typed, "minutes": given.minutes}
    facts |= {"busy": given.busy, "busy_cores": given.cores, "within_a_tenth": kept}
    keep({"machine": machine(), **facts, **measured}, given.name)
    print(
        f"a budget of {clock_time(60.0 * given.minutes)}, {given.cores} cores busy from second "
        f"{given.busy[0]:g} to {given.busy[1]:g}: the training ended after "
        f"{clock_time(measured['seconds'])} (must be between {clock_time(low)} and "
        f"{clock_time(high)}), the whole command after {clock_time(measured['command_seconds'])}"
    )
    print(measured["stopped"])
    sys.exit(0 if kept else 1)


def train(command: list[object], busy: list[float], cores: int) -> Document:
    """Return how long a training took from its first step on, and which step counts it decided."""
    started, begun, ended, stopped, decisions = time.monotonic(), 0.0, 0.0, "", []
    timer = threading.Timer(busy[0], spin, (busy[1] - busy[0], cores))
    words = [str(word) for word in command]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as training:
        assert training.stderr is not None
        for line in training.stderr:
            now = time.monotonic()
            print(f"{now - begun if begun else 0.0:6.1f} s  {line}", end="", file=sys.stderr)
            if line.startswith("training from step"):
                begun = now
                timer.start()
            if step := re.match(r"step (\d+)/(\d+) ", line):
                decisions.append([round(now - begun, 1), int(step[1]), int(step[2])])
            if line.startswith("stopped at step"):
                ended, stopped = now, line.strip()
    timer.cancel()
    if training.returncode or not stopped:
        sys.exit(f"error: the training ended with {training.returncode}")
    return {
        "seconds": round(ended - begun, 1),
        "command_seconds": round(time.monotonic() - started, 1),
        "stopped": stopped,
        "seconds_step_of_total": decisions,
    }


def spin(seconds: float, cores: int) -> None:
    """Keep some cores busy for a while."""
    words = [sys.executable, "-c", SPIN.format(seconds=seconds)]
    spinners = [subprocess.Popen(words) for _ in range(cores)]
    for spinner in spinners:
        spinner.wait()


def clock_time(seconds: float) -> str:
    """Return minutes and seconds, such as 2:42."""
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"


if __name__ == "__main__":
    main()
