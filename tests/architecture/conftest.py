from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "seq2seq"


@dataclass(frozen=True)
class Module:
    name: str  # seq2seq.metrics.corpus; a package's is that of its __init__
    path: Path
    tree: ast.Module
    lines: int

    @property
    def package(self) -> str:
        """The room: metrics of seq2seq.metrics.corpus, errors of seq2seq.errors."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""


def parse(path: Path, root: Path) -> Module:
    name = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
    text = path.read_text(encoding="utf-8")
    return Module(name, path, ast.parse(text, filename=str(path)), len(text.splitlines()))


@pytest.fixture(scope="session")
def modules() -> dict[str, Module]:
    """Every module of seq2seq by dotted name, parsed and never imported."""
    found = [parse(path, PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    return {module.name: module for module in found}


@pytest.fixture(scope="session")
def imports(modules: dict[str, Module]) -> dict[str, set[str]]:
    """What each module imports from seq2seq, lazy imports and those for types included."""
    return {name: inner_imports(module, set(modules)) for name, module in modules.items()}


@pytest.fixture
def imports_of_text() -> Callable[..., set[str]]:
    """A function of (text, dotted name, known modules), to test the reading of imports itself."""

    def read(text: str, name: str, known: set[str]) -> set[str]:
        path = Path(name.rpartition(".")[2] + ".py")
        return inner_imports(Module(name, path, ast.parse(text), text.count("\n")), known)

    return read


def inner_imports(module: Module, known: set[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = _source(module, node)
            # `from package import module` is an import of the module, not of the package alone
            names = [
                inner if (inner := f"{source}.{alias.name}") in known else source
                for alias in node.names
            ]
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            names = [
                argument.value
                for argument in node.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            ]
        else:
            continue
        found.update(name for name in names if name.split(".")[0] == "seq2seq")
    return found - {module.name}


def _source(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    if module.path.name == "__init__.py":
        parts = [*parts, ""]
    return ".".join([*parts[: len(parts) - node.level], *([node.module] if node.module else [])])


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
