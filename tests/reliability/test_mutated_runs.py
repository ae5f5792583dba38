"""Run directories that were damaged, or forged: answered or refused, never a crash, never slow.

Each case is a copy of a small run with one to three mutations. In every second case the sums are
made to match again (recipe.json, tokenizers, weights, manifests), as a forger would, so that the
checks behind the sums are tried. The commands run in forks of a warmed process, which sees signals,
hangs, tracebacks, processor time and memory of each.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seq2seq.documents import signed

ROOT = Path(__file__).resolve().parents[2]
CASES, SAMPLE = 1000, 20
MOST_SECONDS = 4  # of processor time, the start of a fresh process included
MOST_MEMORY = 500 << 20  # bytes
RAW = {  # what json.dumps does not write
    "@brackets@": "[" * 90_000,
    "@tables@": '{"a":' * 90_000,
    "@digits@": "9" * 5000,
    "@infinite@": "1e999",
    "@surrogate@": '"\\ud800"',
    "@twice@": '{"a": 1, "a": 2}',
}
HARMFUL: list[Any] = [
    None, True, False, 0, 1, -1, 2, 7, 255, 256, 1000, 2**31, 2**31 - 1, 2**53, 2**62, 2**63, 2**64,
    -(2**63), 0.0, -0.0, 0.5, 1.5, 1e-300, 1e300, -1e9, math.nan, math.inf,
    "", "x", "1", "a" * 5000, "\x1b[2J", "\0", "../..", "/etc/passwd", "/dev/zero", "日本",
    [], [[]], [0], [1, 2, 3], {}, {"a": 1}, *RAW,
]  # fmt: skip
DTYPES = {"F32": "torch.float32", "F64": "torch.float64", "BF16": "torch.bfloat16",
          "I64": "torch.int64"}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value within a JSON document."""
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in keys:
        yield (*path, key)
        yield from places(value[key], (*path, key))


def mutate_value(document: Any, draw: random.Random, under: str = "") -> str:
    """Change one place of a JSON document; return what was done."""
    paths = [path for path in places(document) if not under or path[0] == under]
    if not paths:
        return "nothing"
    *parents, key = draw.choice(paths)
    holder = document
    for parent in parents:
        holder = holder[parent]
    name = ".".join(map(str, [*parents, key]))
    way = draw.choice(["replace"] * 6 + ["number"] * 4 + ["delete", "rename", "add", "wrap"])
    old = holder[key]
    if way == "number" and type(old) in (int, float):
        holder[key] = draw.choice([-old, old + 1, old - 1, old * 2, old * 1000, old / 3, old * 1e9])
    elif way == "delete":
        del holder[key]
    elif way == "rename" and isinstance(holder, dict):
        holder[str(key)[:-1] + "x"] = holder.pop(key)
    elif way == "add" and isinstance(holder, dict):
        holder["added"] = copy.deepcopy(draw.choice(HARMFUL))
    elif way == "wrap":
        holder[key] = [copy.deepcopy(old)]
    else:
        way = "replace"
        holder[key] = copy.deepcopy(draw.choice(HARMFUL))
    return f"{way} {name}"


def written(document: Any) -> bytes:
    text = json.dumps(document)
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    return text.encode()


def mutate_json(path: Path, draw: random.Random, under: str = "") -> str:
    document = json.loads(path.read_bytes())
    done = mutate_value(document, draw, under)
    path.write_bytes(written(document))
    return f"{path.name}: {done}"


def mutate_log(path: Path, draw: random.Random) -> str:
    lines = path.read_bytes().splitlines()
    number = draw.randrange(len(lines))
    document = json.loads(lines[number])
    done = mutate_value(document, draw)
    lines[number] = written(document)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return f"log.jsonl:{number}: {done}"


def mutate_bytes(path: Path, draw: random.Random) -> str:
    """Change some bytes of a file; return what was done."""
    data = bytearray(path.read_bytes())
    way = draw.choice(["flip", "flips", "cut", "drop", "repeat", "insert", "zeros", "ones", "swap"])
    first, second = sorted(draw.randrange(len(data) + 1) for _ in range(2))
    if way in ("flip", "flips"):
        for _ in range(1 if way == "flip" else draw.randint(2, 50)):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    elif way == "cut":
        del data[first:]
    elif way == "drop":
        del data[first : min(second, first + 64)]
    elif way == "repeat":
        data[first:first] = data[first : min(second, first + 256)]
    elif way == "insert":
        data[first:first] = draw.randbytes(draw.randint(1, 64))
    elif way in ("zeros", "ones"):
        length = min(second - first, 64)
        data[first : first + length] = (b"\0" if way == "zeros" else b"\xff") * length
    else:
        half = len(data) // 2
        data = data[half:] + data[:half]
    path.write_bytes(data)
    return f"{path.name}: {way} at {first} of {len(data)}"


def mutate_file(path: Path, draw: random.Random) -> str:
    """Put something else in a file's place; return what."""
    way = draw.choice(["missing", "empty", "folder", "link", "circle", "pipe", "huge", "device"])
    data = path.read_bytes()
    path.unlink()
    if way == "empty":
        path.touch()
    elif way == "folder":
        path.mkdir()
    elif way == "link":
        elsewhere = path.with_name("elsewhere")
        elsewhere.write_bytes(data)
        path.symlink_to(elsewhere)
    elif way == "circle":
        path.symlink_to(path)
    elif way == "pipe":
        os.mkfifo(path)
    elif way == "huge":
        path.write_bytes(data)
        os.truncate(path, 20 << 30)
    elif way == "device":
        path.symlink_to("/dev/zero")
    return f"{path.name}: {way}"


def mutate_weights(path: Path, draw: random.Random) -> str:
    """Change the header or the numbers of a safetensors file; return what was done."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header, tensors = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    way = draw.choice(["header", "header", "numbers", "numbers", "length", "more"])
    if way == "header":
        done = mutate_value(header, draw)
    elif way == "numbers":
        value = draw.choice([math.nan, math.inf, -math.inf, 3e38, -3e38, 1e20, 1e-40, 0.0, 1e4])
        done = f"{value} written"
        if tensors:
            start, count = draw.randrange(len(tensors) // 4), draw.choice([1, 4, 1000, 10**9])
            count = min(count, len(tensors) // 4 - start)
            tensors[4 * start : 4 * (start + count)] = struct.pack("<f", value) * count
    elif way == "length":
        wrong = draw.choice([0, 1, length - 1, length + 1, 2**31, 2**63, 2**64 - 1])
        path.write_bytes(wrong.to_bytes(8, "little") + data[8:])
        return f"{path.name}: header of {wrong} bytes"
    else:
        done = "more bytes"
        tensors += draw.randbytes(draw.choice([1, 4, 4096]))
    text = written(header)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(tensors))
    return f"{path.name}: {done}"


def readable(path: Path) -> bool:
    """Whether a file is plain and of an ordinary size: reading others might never end."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 30


def sign_weights(path: Path) -> None:
    """Put the sum of a safetensors file's tensors into its header."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    digest = hashlib.sha256()
    for name, entry in sorted(header.items()):
        if name != "__metadata__":
            shape, (begin, end) = tuple(entry["shape"]), entry["data_offsets"]
            digest.update(f"{name} {shape} {DTYPES[entry['dtype']]}\n".encode())
            digest.update(data[8 + length :][begin:end])
    header["__metadata__"] = {"sha256": digest.hexdigest()}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def sign(run: Path) -> None:
    """Make all sums of a run directory match its files, as far as those can be read."""
    unreadable = (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError)
    plain = [path for path in sorted(run.rglob("*")) if path.is_file() and not path.is_symlink()]
    plain = [path for path in plain if path.stat().st_size < 1 << 30]
    for path in plain:
        with suppress(*unreadable, RecursionError, struct.error):
            if path.suffix == ".safetensors":
                sign_weights(path)
    for path in plain:
        with suppress(*unreadable, RecursionError):
            if path.name == "manifest.json":
                manifest = json.loads(path.read_bytes())
                for name, entry in manifest["files"].items():
                    if path.parent / name not in plain:
                        continue  # a pipe, a device or 20 GB: reading would never end
                    data = (path.parent / name).read_bytes()
                    entry.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
                path.write_text(json.dumps(manifest))
    if run / "recipe.json" not in plain:
        return
    with suppress(*unreadable, RecursionError):
        document = json.loads((run / "recipe.json").read_bytes())
        for side in ("source", "target"):
            for path in run.glob(f"{side}.*"):
                if path in plain:
                    document["tokenizers"][side] = hashlib.sha256(path.read_bytes()).hexdigest()
        (run / "recipe.json").write_text(json.dumps(signed(document)))


def mutate(run: Path, draw: random.Random) -> str:
    """Damage or forge one thing, rarely more, of a run directory; return what was done."""
    done: list[str] = []
    for _ in range(draw.choice([1, 1, 1, 1, 2, 3])):
        if any(not path.is_dir() and not readable(path) for path in run.rglob("*")):
            break
        try:
            done.append(mutate_once(run, draw))
        except (ValueError, OSError, RecursionError, IndexError, struct.error):
            done.append("(what the mutation before left)")
    return "; ".join(done)


def mutate_once(run: Path, draw: random.Random) -> str:
    checkpoint = draw.choice(sorted(run.glob("checkpoints/step-*")))
    tokenizer = draw.choice(sorted(run.glob("source.*")) + sorted(run.glob("target.*")))
    weights = draw.choice([run / "model.safetensors", *sorted(checkpoint.glob("*.safetensors"))])
    recipe, log, state = run / "recipe.json", run / "log.jsonl", checkpoint / "state.json"
    manifest = checkpoint / "manifest.json"
    files = [path for path in sorted(run.rglob("*")) if path.is_file()]
    ways: list[tuple[int, Callable[[], str]]] = [  # with how often each is taken
        (2, lambda: mutate_json(recipe, draw, "recipe")),
        (1, lambda: mutate_json(recipe, draw)),
        (1, lambda: mutate_bytes(recipe, draw)),
        (2, lambda: mutate_json(state, draw)),
        (1, lambda: mutate_bytes(state, draw)),
        (2, lambda: mutate_log(log, draw)),
        (1, lambda: mutate_bytes(log, draw)),
        (3, lambda: mutate_bytes(tokenizer, draw)),
        (3, lambda: mutate_weights(weights, draw)),
        (1, lambda: mutate_bytes(weights, draw)),
        (1, lambda: mutate_json(manifest, draw)),
        (1, lambda: mutate_bytes(manifest, draw)),
        (1, lambda: mutate_file(draw.choice(files), draw)),
    ]
    shares, choices = zip(*ways, strict=True)
    (way,) = draw.choices(choices, shares)
    done: str = way()
    return done


@dataclass(frozen=True)
class Base:
    """Small runs to damage, text for them, and what a fresh process costs beyond a fork."""

    runs: list[Path]
    source: Path
    reference: Path

    def lines(self, run: Path) -> list[list[str]]:
        source, reference = str(self.source), str(self.reference)
        return [
            ["translate", str(run), "--input", source, "--device", "cpu"],
            ["evaluate", str(run), "--source", source, "--reference", reference],
            ["inspect", "curve", str(run), "--json"],
            ["train", "--run", str(run), "--resume", "--device", "cpu"],  # the last one: it writes
        ]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, tiny_recipe: Any, corpus: Path) -> Base:
    """Train three small runs that have four more steps to go."""
    from seq2seq.training.run import train

    folder = tmp_path_factory.mktemp("base")
    for side in ("en", "de"):
        lines = (corpus / f"test.{side}").read_bytes().splitlines(keepends=True)
        (folder / f"few.{side}").write_bytes(b"".join(lines[:4]))
    recipes = {
        "pieces": tiny_recipe("transformer", training__average_decay=0.9),
        "words": tiny_recipe("luong", text__tokenizer="words"),
        "apart": tiny_recipe(
            "recurrent", text__tokenizer="bpe", text__joint=False, text__vocabulary=[40, 45],
            training__optimizer="sgd",
        ),
    }  # fmt: skip
    for name, recipe in recipes.items():
        for _ in train(recipe, folder / name, device="cpu", command="seq2seq train tiny"):
            pass
        shutil.rmtree(folder / name / "checkpoints" / "step-000000012")
        (folder / name / "README.md").unlink()
    return Base([folder / name for name in recipes], folder / "few.en", folder / "few.de")


class Server:
    """The process whose forks run the command lines."""

    def __init__(self, base: Base, folder: Path) -> None:
        self.base, self.folder = base, folder
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        script = Path(__file__).with_name("command_server.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment,
        )  # fmt: skip
        lines = []
        for run in base.runs:
            shutil.copytree(run, folder / run.name)
            lines += base.lines(folder / run.name)
        for line, result in zip(lines, self.ask({"warm": lines}), strict=True):
            assert result["code"] == 0, (line, result["err"])

    def ask(self, request: dict[str, Any]) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def case(self, number: int) -> tuple[str, list[dict[str, Any]]]:
        """Make the run directory of a case, run all commands, and return what became of them."""
        draw = random.Random(f"case {number}")
        run = self.folder / f"case-{number}"
        shutil.copytree(draw.choice(self.base.runs), run)
        done = mutate(run, draw)
        if number % 2:
            sign(run)
            done += " (signed)"
        results = []
        for line in self.base.lines(run):
            result = self.ask({"arguments": line, "cpu_seconds": MOST_SECONDS})
            results.append({"line": line[0], **result})
        shutil.rmtree(run)
        return done, results

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


@contextmanager
def servers(base: Base, folder: Path, count: int) -> Iterator[Callable[[int], Any]]:
    """Start servers; yield a function that runs one case on the server of the calling thread."""
    own, opened = threading.local(), []

    def run(number: int) -> Any:
        if not hasattr(own, "server"):
            place = folder / f"server-{len(opened)}-{number}"
            place.mkdir()
            own.server = Server(base, place)
            opened.append(own.server)
        return number, *own.server.case(number)

    try:
        yield run
    finally:
        for server in opened:
            server.close()


def fault(result: dict[str, Any]) -> str:
    """Return what a command did that it may not, or nothing."""
    if result["code"] not in (0, 4):
        return f"exit {result['code']}"
    if "Traceback" in result["err"] or "a bug" in result["err"]:
        return "traceback"
    if "\x1b" in result["err"] or "\x1b" in result["out"]:
        return "escape sequence"
    if result["code"] and not result["err"].splitlines()[-1].startswith("error: "):
        return "no error line"
    if result["rss"] > MOST_MEMORY:
        return f"{result['rss'] >> 20} MB"
    return ""


def faults(numbers: range, base: Base, folder: Path, workers: int) -> list[str]:
    """Run cases; return a line for each command that did what it may not."""
    lines, codes = [], Counter[tuple[str, int]]()
    seconds, memory = 0.0, 0
    with servers(base, folder, workers) as run, ThreadPoolExecutor(workers) as pool:
        for number, done, results in pool.map(run, numbers):
            for result in results:
                codes[result["line"], result["code"]] += 1
                seconds, memory = max(seconds, result["cpu"]), max(memory, result["rss"])
                if what := fault(result):
                    told = (result["err"].splitlines() or [""])[-1][:400]
                    lines.append(f"case {number} {result['line']}: {what}: {done}: {told}")
                    print(lines[-1], flush=True)  # the whole takes minutes
    print(dict(sorted(codes.items())), f"{seconds:.2f} s, {memory >> 20} MB at most")
    return lines


def test_a_few_mutated_runs(base: Base, tmp_path: Path) -> None:
    assert faults(range(SAMPLE), base, tmp_path, 1) == []


@pytest.mark.slow
def test_a_thousand_mutated_runs(base: Base, tmp_path: Path) -> None:
    found = faults(range(CASES), base, tmp_path, min(2, os.cpu_count() or 1))
    assert found == [], "\n".join(found)
