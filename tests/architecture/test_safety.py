"""Nothing in seq2seq can run code out of a file, and the command line starts light."""

from __future__ import annotations

import ast
import subprocess
import sys
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


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from seq2seq.commands.app import main\n"
        "sys.argv = ['seq2seq', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print('heavy:', loaded, file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines()[-1] == "heavy: []"
