"""What a comparison takes: specifications, files, and runs with their cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.decoding.translator import Translator
from seq2seq.documents import signed
from seq2seq.errors import DataError, ModelError, UsageError
from seq2seq.evaluation.systems import Spec, read_file, read_specs, translate

SOURCES = ["one two three", "four five", "six seven eight nine"]


def silent(message: str) -> None:
    pass


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "a=b+c.txt"
    path.write_text("eins\nzwei\ndrei\n")
    return path


def test_a_path_is_a_path_whatever_its_name(lines: Path) -> None:
    assert read_specs([str(lines)]) == [Spec("a=b+c.txt", (lines,), False)]
    assert read_specs([f"mine={lines}"]) == [Spec("mine", (lines,), False)]


def test_runs_and_ensembles(tiny_run: Path) -> None:
    one, both = read_specs([str(tiny_run), f"both={tiny_run}+{tiny_run}"])
    assert (one.name, one.paths, one.is_model) == (tiny_run.name, (tiny_run,), True)
    assert (both.name, both.paths, both.is_model) == ("both", (tiny_run, tiny_run), True)


def test_what_is_no_system(lines: Path, tiny_run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist"):
        read_specs(["nowhere"])
    with pytest.raises(ModelError, match="is no run directory"):
        read_specs([str(tmp_path)])
    with pytest.raises(ModelError, match="nowhere does not exist"):
        read_specs([f"{tiny_run}+nowhere"])
    for nothing in ("", "x="):
        with pytest.raises(UsageError, match="names no system"):
            read_specs([nothing])
    with pytest.raises(ModelError, match="is no run directory"):
        read_specs([f"both={tiny_run}+{shutil.copy(lines, tmp_path / 'plain')}"])
    with pytest.raises(UsageError, match="two systems are called 'x'"):
        read_specs([f"x={lines}", f"x={tiny_run}"])


def test_a_file(lines: Path) -> None:
    (spec,) = read_specs([str(lines)])
    system, remark = read_file(spec, 1, [("ref", 3)])
    assert (system.translations, system.cost, remark) == ([["eins", "zwei", "drei"]], None, "")
    with pytest.raises(DataError, match="3.*4"):
        read_file(spec, 1, [("ref", 4)])
    with pytest.raises(UsageError, match="for 2 test sets"):
        read_file(spec, 2, [("ref", 3)])


def test_a_damaged_file_is_remarked_on(lines: Path) -> None:
    lines.write_bytes(b"eins\nzw\xffei\ndrei\n")
    _, remark = read_file(read_specs([str(lines)])[0], 1, [("ref", 3)])
    assert "line 2" in remark or "1 line" in remark


def test_a_run_translates_once(tiny_run: Path, tmp_path: Path) -> None:
    (spec,) = read_specs([str(tiny_run)])
    cache = tmp_path / "cache"
    first = translate(spec, [SOURCES], cache, "cpu", silent)
    assert first.translations == [Translator.load(tiny_run, device="cpu").translate(SOURCES)]
    assert first.cost is not None
    assert first.cost.parameters > 0
    assert first.cost.training_minutes is not None
    again: list[str] = []  # notes: that they are translated comes once, what to know of them twice
    assert translate(spec, [SOURCES], cache, "cpu", again.append) == first
    assert not any("translating" in message for message in again)


def test_a_model_with_attention_says_where_it_looked(tiny_run: Path, tmp_path: Path) -> None:
    system = translate(read_specs([str(tiny_run)])[0], [SOURCES], tmp_path, "cpu", silent)
    assert system.looks is not None
    for text, source, looks in zip(system.translations[0], SOURCES, system.looks[0], strict=True):
        if looks is not None:
            assert len(looks) == len(text.split())
            assert all(place < len(source.split()) for word in looks for place in word)


def test_a_model_without_attention_looks_nowhere(
    tiny_recipe: Callable[..., Any], tmp_path: Path
) -> None:
    from seq2seq.training.run import train

    run = tmp_path / "run"
    for _ in train(tiny_recipe("recurrent"), run, device="cpu"):
        pass
    system = translate(read_specs([str(run)])[0], [SOURCES], tmp_path / "cache", "cpu", silent)
    assert system.looks is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"translations": []}'])
def test_a_damaged_cache_is_as_none(tiny_run: Path, tmp_path: Path, damage: str) -> None:
    (spec,) = read_specs([str(tiny_run)])
    first = translate(spec, [SOURCES], tmp_path, "cpu", silent)
    for kept in tmp_path.glob("*.json"):
        kept.write_text(damage)
    assert translate(spec, [SOURCES], tmp_path, "cpu", silent).translations == first.translations


def test_other_settings_are_another_model(tiny_run: Path, tmp_path: Path) -> None:
    run, cache = tmp_path / "run", tmp_path / "cache"
    shutil.copytree(tiny_run, run)
    (spec,) = read_specs([str(run)])
    translate(spec, [SOURCES], cache, "cpu", silent)
    document = json.loads((run / "recipe.json").read_text())
    document["recipe"]["decoding"]["beam"] = 1
    (run / "recipe.json").write_text(json.dumps(signed(document)))
    told: list[str] = []
    translate(spec, [SOURCES], cache, "cpu", told.append)
    assert len(told) == 1


def test_a_cache_that_cannot_be_written_costs_time_alone(tiny_run: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    system = translate(read_specs([str(tiny_run)])[0], [SOURCES], blocked, "cpu", silent)
    assert len(system.translations[0]) == len(SOURCES)


def test_a_run_without_a_log_has_no_minutes(tiny_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / "log.jsonl").unlink()
    system = translate(read_specs([str(run)])[0], [SOURCES], tmp_path / "cache", "cpu", silent)
    assert system.cost is not None
    assert system.cost.training_minutes is None
