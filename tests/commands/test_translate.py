"""`seq2seq translate` as its users meet it: streams, files, exit codes; the model is untrained."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq import Translator
from seq2seq.commands.translate import translate
from seq2seq.config.schema import Recipe
from seq2seq.documents import signed
from seq2seq.errors import DataError, ModelError, RecipeError, ResourceError, UsageError
from seq2seq.models.build import build_model
from seq2seq.models.bundle import FORMAT, weight_tensors
from seq2seq.models.weights import pack
from seq2seq.text.folder import save_tokenizers, train_tokenizers

ROOT = Path(__file__).parents[2]
DEMANDING = b"a b\n\n  \nc\xe2\x80\xa8d\n\xff\xfe\nlast"
DECODING = {"beam": 3, "max_ratio": 1.0, "max_extra": 3, "max_input": 20}


def sentences():
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefgh", k=draw.randint(1, 6))) for _ in range(60)]
    return [" ".join(draw.choices(words, k=draw.randint(1, 9))) for _ in range(300)]


def make_run(folder: Path, architecture: str, tokenizers, seed: int) -> Path:
    recipe = Recipe.model_validate(
        {
            "data": {"pair": "en-fr"},
            "text": {"vocabulary": 60},
            "model": {
                "architecture": architecture,
                "layers": 1,
                "hidden": 16,
                "heads": 2,
                "embedding": 8,
                "feed_forward": 16,
                "initial": 0.8,
            },
            "training": {"max_steps": 1},
            "decoding": DECODING,
        }
    )
    torch.manual_seed(seed)
    source, target = tokenizers
    order = recipe.text.source_order
    model = build_model(recipe.model, order, source.size, target.size)
    folder.mkdir()
    save_tokenizers(folder, source, target)
    (folder / "model.safetensors").write_bytes(pack(weight_tensors(model)))
    digests = {"source": source.digest, "target": target.digest}
    document = {"format": FORMAT, "recipe": recipe.model_dump(), "tokenizers": digests}
    (folder / "recipe.json").write_text(json.dumps(signed(document)))
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two architectures with the same tokenizers, and one run with others."""
    folder = tmp_path_factory.mktemp("runs")
    text = Recipe.model_validate({"training": {"max_steps": 1}, "text": {"vocabulary": 60}}).text
    lines = sentences()

    def tokenizers(some):
        return train_tokenizers(lambda: iter(zip(some, some, strict=True)), text, ("en", "fr"), 1)

    shared = tokenizers(lines)
    return {
        "recurrent": make_run(folder / "recurrent", "recurrent", shared, 1),
        "transformer": make_run(folder / "transformer", "transformer", shared, 2),
        "other": make_run(folder / "other", "transformer", tokenizers(lines[:200]), 3),
    }


def call(run, data, tmp_path, *, packed=False, **options):
    """Run the command in this process, file to file; return what was written."""
    path = tmp_path / "in"
    path.write_bytes(gzip.compress(data) if packed else data)
    names = run if isinstance(run, list) else [run]
    translate(names, input_file=path, output_file=tmp_path / "out", device="cpu", **options)
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]
    return (tmp_path / "out").read_bytes()


def shell(command, data=b"", **environment):
    program = f"{sys.executable} -m seq2seq translate"
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        ["bash", "-c", command.replace("TRANSLATE", program)],
        input=data,
        capture_output=True,
        env=settings,
    )


@pytest.mark.parametrize("name", ["recurrent", "transformer"])
def test_file_gzip_and_translator_agree(runs, tmp_path, capsys, name):
    data = DEMANDING + b"\n" + "\n".join(sentences()[:40]).encode()
    out = call(runs[name], data, tmp_path)
    lines = out.decode().splitlines()
    assert len(lines) == out.count(b"\n") == 46
    assert lines[1] == lines[2] == "" and all(lines[place] for place in (0, 3, 5))
    assert "1 line has invalid UTF-8 (first: line 5)" in capsys.readouterr().err
    assert call(runs[name], data, tmp_path, packed=True) == out
    texts = [line.decode(errors="replace") for line in data.split(b"\n")]
    assert Translator.load(runs[name], device="cpu").translate(texts) == lines


def test_standard_input_agrees_under_any_locale(runs, tmp_path):
    expected = call(runs["transformer"], DEMANDING, tmp_path, quiet=True)
    assert expected.count(b"\n") == 6
    run = runs["transformer"]
    piped = shell(f"TRANSLATE {run}", DEMANDING, LC_ALL="C", PYTHONIOENCODING="ascii")
    assert (piped.returncode, piped.stdout) == (0, expected)
    said = b"warning: 1 line has invalid UTF-8 (first: line 5), read as U+FFFD\n"
    assert piped.stderr.startswith(said)
    redirected = shell(f"TRANSLATE {run} --quiet < {tmp_path}/in")
    assert (redirected.returncode, redirected.stdout) == (0, expected)
    assert redirected.stderr == b""


def test_a_long_line_costs_its_neighbours_nothing(runs, tmp_path, capsys):
    short = sentences()[:2]
    data = "\n".join([short[0], "word " * 20_000, short[1]]).encode()
    lines = call(runs["recurrent"], data, tmp_path).decode().splitlines()
    alone = call(runs["recurrent"], "\n".join([short[0], "", short[1]]).encode(), tmp_path)
    assert [lines[0], "", lines[2]] == alone.decode().splitlines()
    assert len(lines) == 3 and lines[1]
    assert "warning: line 2: longer than 20 pieces" in capsys.readouterr().err


def test_jsonl_and_moses(runs, tmp_path):
    data = b"abc def\n\ngh"
    out = call(runs["transformer"], data, tmp_path, form="jsonl", nbest=3)
    objects = [json.loads(line) for line in out.splitlines()]
    assert [(one["line"], one["source"]) for one in objects] == [(0, "abc def"), (1, ""), (2, "gh")]
    assert [len(one["nbest"]) for one in objects] == [3, 1, 3]
    moses = call(runs["transformer"], data, tmp_path, form="moses", nbest=3).decode()
    rows = [line.split(" ||| ") for line in moses.splitlines()]
    assert [row[0] for row in rows] == ["0"] * 3 + ["1"] + ["2"] * 3
    best = [row[1] for row in rows if row[0] == "0"]
    assert best == [one["translation"] for one in objects[0]["nbest"]]
    plain = call(runs["transformer"], data, tmp_path).decode().splitlines()
    assert plain == [one["translation"] for one in objects]


def test_ensembles(runs, tmp_path):
    data = "\n".join(sentences()[:10]).encode()
    both = [runs["recurrent"], runs["transformer"]]
    assert call(both, data, tmp_path).count(b"\n") == 10
    one = runs["transformer"]
    assert call([one, one], data, tmp_path) == call(one, data, tmp_path)
    with pytest.raises(ModelError, match="different source tokenizers"):
        translate([one, runs["other"]], input_file=tmp_path / "in", output_file=tmp_path / "o")


def test_settings(runs, tmp_path):
    data = "\n".join(sentences()[:10]).encode()
    run = runs["transformer"]
    greedy = call(run, data, tmp_path, beam=1)
    assert greedy == call(run, data, tmp_path, assignments=["decoding.beam=1"])
    assert greedy != call(run, data, tmp_path)
    with pytest.raises(RecipeError, match=r"did you mean decoding\.beam"):
        call(run, data, tmp_path, assignments=["decoding.baem=1"])
    with pytest.raises(UsageError, match="format"):
        call(run, data, tmp_path, nbest=2)
    with pytest.raises(UsageError, match="beam of 3"):
        call(run, data, tmp_path, nbest=4, form="moses")


def test_strict_utf8(runs, tmp_path):
    with pytest.raises(DataError, match="in:2: invalid UTF-8"):
        call(runs["transformer"], b"a\n\xff\n", tmp_path, strict_utf8=True)


def test_same_file_twice_is_the_same_bytes(runs, tmp_path):
    data = "\n".join(sentences()).encode()
    for name in ("recurrent", "transformer"):
        first = call(runs[name], data, tmp_path)
        assert first == call(runs[name], data, tmp_path)
        exact = ["decoding.deterministic=true"]
        shuffled = b"\n".join(reversed(data.split(b"\n")))
        forward = call(runs[name], data, tmp_path, assignments=exact)
        assert (
            forward.splitlines()[::-1]
            == call(runs[name], shuffled, tmp_path, assignments=exact).splitlines()
        )


STREAMS = [
    ("echo a | TRANSLATE RUN > /dev/full", 5, "cannot write output: No space left on device"),
    ("echo a | TRANSLATE RUN >&-", 5, "cannot write output: standard output is closed"),
    ("TRANSLATE RUN <&-", 3, "standard input is closed"),
]


@pytest.mark.parametrize(("command", "code", "message"), STREAMS)
def test_useless_streams_are_one_line_of_error(runs, command, code, message):
    done = shell(command.replace("RUN", str(runs["transformer"])))
    assert done.returncode == code, done.stderr
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and message in lines[0]
    assert done.stdout == b""


def test_what_is_not_there(runs, tmp_path):
    run, data, out = runs["transformer"], tmp_path / "in", tmp_path / "out"
    data.write_bytes(b"a\n")
    missing = tmp_path / "nothing"
    for error, message, names, options in (
        (DataError, "does not exist", [run], {"input_file": missing}),
        (ModelError, "nothing", [missing], {}),
        (ResourceError, "cannot write", [run], {"output_file": missing / "out"}),
        (ResourceError, "cuda:77", [run], {"device": "cuda:77"}),
        (UsageError, "no device 'gpu'", [run], {"device": "gpu"}),
    ):
        with pytest.raises(error, match=message):
            translate(names, **{"input_file": data, "output_file": out, **options})
        assert not out.exists() and not list(tmp_path.glob(".tmp*"))


def test_the_reader_left(runs):
    run = runs["transformer"]
    done = shell(f"yes 'ab cd' | head -30000 | TRANSLATE {run} | head -1; exit ${{PIPESTATUS[2]}}")
    assert done.returncode == 141
    assert done.stdout.count(b"\n") == 1 and done.stderr == b""


def test_nothing_in_nothing_out(runs):
    done = shell(f"TRANSLATE {runs['transformer']} < /dev/null")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_an_error_while_the_input_is_still_open(runs):
    program = [sys.executable, "-m", "seq2seq", "translate", str(runs["recurrent"])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with (
        open("/dev/full", "wb") as full,
        subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=full, stderr=subprocess.PIPE, env=environment
        ) as process,
    ):
        process.stdin.write(b"a\n")
        process.stdin.flush()
        assert process.stderr.read().startswith(b"error: cannot write output: No space left")
        assert process.wait() == 5


def test_answers_before_the_input_ends(runs):
    program = [sys.executable, "-m", "seq2seq", "translate", str(runs["recurrent"])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        for line in sentences()[:3]:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            assert process.stdout.readline().endswith(b"\n")
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_a_text_is_not_replaced_by_its_translation(
    cli: Any, tiny_run: Path, tmp_path: Path
) -> None:
    text = tmp_path / "in.en"
    text.write_text("one two\n")
    (tmp_path / "link.en").symlink_to(text)
    for output in (text, tmp_path / "link.en"):
        done = cli("translate", tiny_run, "--input", text, "--output", output)
        assert done.code == 2
        assert "is also an input" in done.err
    assert text.read_text() == "one two\n"


def test_a_dash_is_a_standard_stream(cli: Any, tiny_run: Path, tmp_path: Path) -> None:
    text = tmp_path / "in.en"
    text.write_text("one two\nthree four\n")
    plain = cli("translate", tiny_run, "--input", text)
    assert cli("translate", tiny_run, "--input", text, "--output", "-").out == plain.out
    assert not Path("-").exists()


@pytest.mark.parametrize(
    "command", [["recipes"], ["evaluate", "--hypothesis", "{0}", "--reference", "{0}"]]
)
def test_a_full_standard_output(tmp_path: Path, command: list[str]) -> None:
    text = tmp_path / "a"
    text.write_text("one two\n")
    with open("/dev/full", "wb") as full:
        arguments = [part.format(text) for part in command]
        process = subprocess.run(
            [sys.executable, "-m", "seq2seq", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert process.returncode == 5
    assert b"error: cannot write output: " in process.stderr
