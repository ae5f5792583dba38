"""Nothing in seq2seq can run code out of a file, and the command line starts light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FORBIDDEN_CALLS = {"eval", "exec"}
FORBIDDEN_METHODS = {("torch", "load"), ("torch", "save"), ("yaml", "load"), ("os", "system")}
HEAVY = ("torch", "datasets", "matplotlib", "sacrebleu", "sentencepiece", "numpy", "pandas")


def dangers(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if source.split(".")[0] in FORBIDDEN_MODULES:
                found.append(source)
            found += [
                f"{source}.{alias.name}"
                for alias in node.names
                if (source, alias.name) in FORBIDDEN_METHODS
            ]
        elif isinstance(node, ast.Call):
            found += _dangerous_call(node)
    return found


def _dangerous_call(node: ast.Call) -> list[str]:
    function = node.func
    if isinstance(function, ast.Name):
        return [function.id] if function.id in FORBIDDEN_CALLS else []
    if not isinstance(function, ast.Attribute):
        return []
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if (owner, function.attr) in FORBIDDEN_METHODS:
        return [f"{owner}.{function.attr}"]
    if any(
        keyword.arg == "allow_pickle"
        and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
        for keyword in node.keywords
    ):
        return [f"{function.attr}(allow_pickle)"]
    return []


def test_no_file_can_run_code(modules: dict[str, Any]) -> None:
    found = {name: dangers(module.tree) for name, module in modules.items()}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load('x')",
        "from torch import load",
        "eval('1')",
        "exec('1')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
    ],
)
def test_dangers_are_seen(text: str) -> None:
    assert dangers(ast.parse(text))


@pytest.mark.parametrize(
    "text", ["model.eval()", "np.load('x', allow_pickle=False)", "json.load(file)"]
)
def test_harmless_code_is_let_through(text: str) -> None:
    assert dangers(ast.parse(text)) == []


def loaded(names: tuple[str, ...], *arguments: object, code: int = 0) -> list[str]:
    """Return which modules a command line has loaded when it ends with `code`."""
    program = (
        "import sys\n"
        "from seq2seq.commands.app import main\n"
        f"sys.argv = {['seq2seq', *map(str, arguments)]!r}\n"
        f"try:\n    main()\nexcept SystemExit as end:\n    assert (end.code or 0) == {code}\n"
        f"print(*[name for name in {names!r} if name in sys.modules], file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stderr.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["train", "--data", ".", "--pair", "en-de", "--set", "model.layerz=3"], 4),
        (["translate", "runs/none", "--set", "decoding.beem=3"], 4),
    ],
)
def test_help_and_mistakes_load_nothing_heavy(arguments: list[str], code: int) -> None:
    assert loaded(HEAVY, *arguments, code=code) == []


def test_translating_loads_what_it_needs_and_no_more(tiny_run: Path, corpus: Path) -> None:
    """With subwords: the compiler of PyTorch took 1.5 s, Moses' tables 1 s, and sympy 0.3 s."""
    names = ("torch", "torch._dynamo", "sacremoses", "sympy", "datasets", "matplotlib", "sacrebleu")
    output = tiny_run.parent / "translated"
    arguments = ("translate", tiny_run, "--input", corpus / "test.en", "--output", output)
    assert loaded(names, *arguments) == ["torch"]
