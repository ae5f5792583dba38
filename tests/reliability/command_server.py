"""Runs command lines, each in a fork of one warmed process, and tells how each of them ended.

A fresh process takes 1.5 s to import PyTorch; a fork of one that has it takes 20 ms. It is another
process all the same: what kills it, or never ends, is seen by the one that forked it.

Standard input has one JSON object a line, standard output one for each. A child that computes for
longer than its limit dies of SIGXCPU, and one that waits for longer than that of SIGALRM.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from typing import Any, NoReturn

WAITING = 60  # seconds that a child may take, however busy the machine is
MOST_ADDRESSES = 16 << 30  # bytes: the machine itself must survive
KEPT = 4000  # characters of what a child wrote


def run(arguments: list[str], cpu_seconds: int, modules: str = "") -> dict[str, Any]:
    """Fork a child for one command line; return its status, bytes, seconds, and what it wrote.

    `rss` is the largest resident size in bytes: the pages of the warmed process, which a fresh one
    would have imported too, and whatever the child added.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            _obey(arguments, cpu_seconds, out.fileno(), err.fileno(), modules)
        _, status, usage = os.wait4(child, 0)
        wall = time.monotonic() - began
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return {
        "code": os.waitstatus_to_exitcode(status), "rss": usage.ru_maxrss * 1024,
        "cpu": usage.ru_utime + usage.ru_stime, "wall": wall,
        "out": texts[0][-KEPT:], "err": texts[1][-KEPT:],
    }  # fmt: skip


def _obey(arguments: list[str], cpu_seconds: int, out: int, err: int, modules: str) -> NoReturn:
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        signal.alarm(WAITING)
        sys.argv = ["seq2seq", *arguments]
        from seq2seq.commands.app import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    if modules:
        with open(modules, "w", encoding="utf-8") as file:
            json.dump(sorted(sys.modules), file)
    sys.stderr.flush()
    os._exit(code)


def warm(lines: list[list[str]]) -> list[dict[str, Any]]:
    """Import here what each command line imports, without running any of it here."""
    results = []
    with tempfile.NamedTemporaryFile() as file:
        for line in lines:
            results.append(run(line, WAITING, file.name))
            with open(file.name, encoding="utf-8") as listing:
                for name in json.load(listing):
                    _import(name)
    return results


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:
        return  # a name that another module put there


def serve() -> None:
    """Answer requests until standard input ends."""
    import torch

    torch.set_num_threads(1)  # threads do not survive a fork
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for request in map(json.loads, sys.stdin):
        if "warm" in request:
            answer: Any = warm(request["warm"])
        else:
            answer = run(request["arguments"], request["cpu_seconds"])
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
