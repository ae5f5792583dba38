"""JSON and TOML from strangers, through the command line: 3 or 4 and one line, wherever it lies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.documents import signed

HOSTILE = {
    "brackets": "[" * 90_000,
    "digits": '{"step": ' + "9" * 5000 + "}",
    "infinity": '{"event": "step", "step": 1e999}',
    "surrogate": '{"event": "\\ud800", "step": 1}',
    "types": '{"event": "step", "step": [1], "epoch": {}, "loss": "x"}',
    "null": "null",
}
Harm = Callable[[Path, str], None]


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


@pytest.fixture
def refused(cli: Any) -> Callable[..., str]:
    def check(code: int, *arguments: object) -> str:
        done = cli(*arguments)
        assert (done.code, done.out) == (code, ""), done.err
        assert done.err.splitlines()[-1].startswith("error: ")
        assert len(done.err.splitlines()[-1]) < 1000
        return str(done.err)

    return check


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_in_a_run(refused: Callable[..., str], run: Path, text: str) -> None:
    (run / "log.jsonl").write_text(text + "\n")
    assert "log.jsonl is damaged" in refused(4, "inspect", "curve", run)
    for state in run.glob("checkpoints/*/state.json"):
        data = text.encode()
        state.write_bytes(data)
        sign_checkpoint(state.parent)
    assert "state.json is damaged" in refused(4, "train", "--run", run, "--resume")
    for manifest in run.glob("checkpoints/*/manifest.json"):
        manifest.write_text(text)
    told = refused(4, "train", "--run", run, "--resume")
    assert "every checkpoint" in told and "is damaged" in told
    (run / "recipe.json").write_text(text)
    log = run / "log.jsonl"
    for line in (
        ["translate", run, "--input", log],
        ["train", "--run", run, "--resume"],
        ["evaluate", run, "--source", log, "--reference", log],
    ):
        assert "recipe.json is damaged" in refused(4, *line)


def sign_checkpoint(place: Path) -> None:
    """Write a manifest that vouches for the files as they are."""
    import hashlib

    manifest = json.loads((place / "manifest.json").read_bytes())
    for name, entry in manifest["files"].items():
        data = (place / name).read_bytes()
        entry.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    (place / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_in_data(refused: Callable[..., str], run: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "lists"
    path.write_text(text + "\n")
    told = refused(3, "score", run, "--translations", path)
    assert f"{path}:1" in told
    told = refused(3, "rescore", run, "--source", path, "--nbest", path)
    assert f"{path}:1" in told
    (tmp_path / "train.jsonl").write_text(text + "\n")
    settings = ["--set", 'data.format="jsonl"', "--set", f'data.path="{tmp_path}"']
    told = refused(
        3, "train", "demo-lstm", "--run", tmp_path / "new", *settings,
        "--set", 'data.train="train"', "--set", 'data.valid="train"',
    )  # fmt: skip
    assert "train.jsonl:1" in told


def test_line_numbers_of_5000_digits(refused: Callable[..., str], run: Path, corpus: Path) -> None:
    lists = run / "lists"
    for number, score in (("9" * 5000, "1"), ("0", "9" * 5000), ("0", "1e999"), ("0", "nan")):
        lists.write_text(f"{number} ||| ein ||| S= 1 ||| {score}\n")
        told = refused(3, "rescore", run, "--source", corpus / "test.en", "--nbest", lists)
        assert f"{lists}:1" in told


TOML = {
    "brackets": "[model]\nlayers = " + "[" * 90_000,
    "digits": "[model]\nlayers = " + "9" * 5000,
    "wide": "[model]\nlayers = 1180591620717411303424",
    "infinity": "[training]\nlearning_rate = inf",
    "nul": '[data]\npath = "a\\u0000b"',
    "bytes": "\xff",
}


@pytest.mark.parametrize("text", TOML.values(), ids=TOML)
def test_in_recipes_and_experiments(
    refused: Callable[..., str], tmp_path: Path, text: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="latin-1")
    elsewhere = ("--data", tmp_path, "--pair", "en-de", "--run", tmp_path / "run")
    assert str(path) in refused(4, "train", path, "--run", tmp_path / "run")
    assert str(path) in refused(4, "reproduce", path, *elsewhere)


@pytest.mark.parametrize(
    "value",
    [
        "training.max_steps=" + "9" * 5000,
        "training.max_steps=1180591620717411303424",
        "training.max_steps=9223372036854775807",
        "training.max_minutes=1e300",
        "training.clip_norm=1e999",
        "training.batch_tokens=9223372036854775807",
        "training.accumulate=9223372036854775807",
        "decoding.no_repeat_ngram=9223372036854775807",
        "decoding.batch_tokens=9223372036854775807",
        "model.layers=" + "[" * 90_000,
        "data.limit=1180591620717411303424",
        'data.path="a\\u0000b"',
        "seed=18446744073709551616",
    ],
    ids=lambda value: value[:40],
)
def test_in_settings(refused: Callable[..., str], value: str, tmp_path: Path) -> None:
    told = refused(4, "train", "demo-lstm", "--run", tmp_path / "run", "--set", value)
    assert value.partition("=")[0] in told


def test_every_number_of_a_recipe_has_an_upper_bound() -> None:
    """A number that fits no 64 bits is an OverflowError somewhere, later."""
    from seq2seq.config.loading import field_names
    from seq2seq.config.schema import Recipe

    defaults: dict[str, Any] = Recipe().model_dump()
    for name in field_names(Recipe):
        section, _, field = name.rpartition(".")
        default = defaults[section][field] if section else defaults[name]
        if type(default) not in (int, float):
            continue
        value = type(default)(9e18)
        values = {section: {field: value}} if section else {name: value}
        try:
            Recipe.model_validate(values)
        except ValueError as error:
            bounded = field in str(error)
        else:
            bounded = name == "seed" or field == "seed"  # any of 63 bits
        assert bounded, name


def test_a_recipe_of_a_run_that_is_signed_is_still_checked(run: Path, cli: Any) -> None:
    document = json.loads((run / "recipe.json").read_bytes())
    document["recipe"]["training"]["max_steps"] = 2**62
    (run / "recipe.json").write_text(json.dumps(signed(document)))
    done = cli("translate", run, "--input", run / "log.jsonl")
    assert done.code == 4 and "training.max_steps" in done.err and done.err.count("\n") == 1
