"""Learning curves from logs, whole and damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from seq2seq.analysis.curves import read_curves
from seq2seq.errors import ModelError, UsageError


def step(number: int, epoch: float, **changes: Any) -> dict[str, Any]:
    return {
        "event": "step", "seconds": number * 6.0, "step": number, "epoch": epoch, "loss": 3.0,
        "learning_rate": 0.1, "grad_norm": 1.0, "tokens_per_second": 100.0 * number, **changes,
    }  # fmt: skip


def validation(number: int, bleu: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "event": "validation", "seconds": number * 6.0, "step": number, "loss": 2.0, "bleu": bleu,
        "signature": "" if bleu is None else "sig", **changes,
    }  # fmt: skip


def make_run(folder: Path, records: list[dict[str, Any]], tail: str = "") -> Path:
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text("{}")
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "log.jsonl").write_text(lines + tail)
    return folder


def test_a_log_is_read_into_curves(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "a",
        [step(10, 0.5), validation(15, 20.0), step(20, 1.0), validation(20, 22.0),
         validation(30, 22.0), validation(30, 25.0, averaged=3)],
        '{"event": "st',
    )  # fmt: skip
    (curve,) = read_curves([str(run)])
    assert (curve.name, curve.run, curve.signature) == ("a", run, "sig")
    assert [one.step for one in curve.training] == [10, 20]
    assert [one.minutes for one in curve.training] == [1.0, 2.0]
    assert [one.epoch for one in curve.validations] == [0.75, 1.0, 1.5, 1.5]
    assert curve.best == curve.validations[3] and curve.validations[3].averaged == 3


def test_without_bleu_the_loss_decides(tmp_path: Path) -> None:
    records = [validation(5, None), validation(10, None, loss=1.5), validation(15, None)]
    (curve,) = read_curves([str(make_run(tmp_path / "a", records))])
    assert curve.best == curve.validations[1] and curve.signature == ""
    (empty,) = read_curves([str(make_run(tmp_path / "b", []))])
    assert empty.best is None


def test_names(tmp_path: Path) -> None:
    one, other = (make_run(tmp_path / part / "run", [step(1, 0.1)]) for part in "ab")
    assert [curve.name for curve in read_curves([str(one), f"other={other}"])] == ["run", "other"]
    with pytest.raises(UsageError, match="two runs are called 'run'"):
        read_curves([str(one), str(other)])


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no run directory"):
        read_curves([str(tmp_path)])
    run = make_run(tmp_path / "a", [])
    (run / "log.jsonl").unlink()
    with pytest.raises(ModelError, match=r"has no log\.jsonl"):
        read_curves([str(run)])


@pytest.mark.parametrize(
    "line", ["{", "[]", "3", '{"event": "step"}', '{"event": "step", "step": "x"}', "[" * 9999]
)
def test_damage(tmp_path: Path, line: str) -> None:
    run = make_run(tmp_path / "a", [step(1, 0.1)], line + "\n" + json.dumps(step(2, 0.2)) + "\n")
    with pytest.raises(ModelError, match=r"log\.jsonl is damaged"):
        read_curves([str(run)])


def test_on_the_command_line(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    other = shutil.copytree(tiny_run, tmp_path / "other")
    for by, first in (("step", "6"), ("epoch", ""), ("minutes", "")):
        done = cli("inspect", "curve", tiny_run, f"b={other}", "--by", by)
        assert (done.code, done.err) == (0, "")
        lines = done.out.splitlines()
        assert lines[0].startswith("run ") and lines[1].startswith("tiny ")
        assert lines[4].split()[:3] == [by, "tiny", "loss"] and lines[5].split()[0].startswith(
            first
        )
        assert "tok:13a" in lines[-1]
    document = json.loads(cli("inspect", "curve", tiny_run, "--json").out)
    (run,) = document["runs"]
    assert run["name"] == "tiny" and [one["step"] for one in run["validations"]] == [6, 12]
    assert run["training"][0].keys() >= {"step", "epoch", "minutes", "loss", "learning_rate"}


@pytest.mark.parametrize(
    ("ending", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")]
)
def test_pictures(cli: Any, tiny_run: Path, tmp_path: Path, ending: str, magic: bytes) -> None:
    path = tmp_path / f"curve{ending}"
    assert cli("inspect", "curve", tiny_run, "--output", path).code == 0
    data = path.read_bytes()
    assert data.startswith(magic) and len(data) > 2000
    assert ending != ".svg" or b"NaN" not in data


def test_pictures_that_cannot_be(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    done = cli("inspect", "curve", tiny_run, "--output", tmp_path / "curve.txt")
    assert done.code == 2 and ".png, .svg, .pdf" in done.err
    done = cli("inspect", "curve", tiny_run, "--output", tmp_path / "none" / "curve.png")
    assert done.code == 5 and "cannot write" in done.err
    assert cli("inspect", "curve").code == 2


def test_tensorboard_is_an_option(
    cli: Any, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in takes down what is written: tensorboard itself is no dependency."""
    import sys
    from types import ModuleType

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    done = cli("inspect", "curve", tiny_run, "--tensorboard", tmp_path / "events")
    assert done.code == 5 and "pip install tensorboard" in done.err
    written: list[tuple[str, float, int]] = []

    class SummaryWriter:
        def __init__(self, folder: Path) -> None:
            assert folder == tmp_path / "events" / "tiny"

        def __enter__(self) -> None:
            pass

        def __exit__(self, *error: object) -> None:
            written.append(("closed", 0.0, 0))

        def add_scalar(self, tag: str, value: float, step: int) -> None:
            written.append((tag, value, step))

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    assert cli("inspect", "curve", tiny_run, "--tensorboard", tmp_path / "events").code == 0
    tags = {tag for tag, _, _ in written}
    assert {"training/loss", "training/learning_rate", "validation/bleu", "closed"} <= tags
    assert [step for tag, _, step in written if tag == "validation/loss"] == [6, 12]
