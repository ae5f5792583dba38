"""Rows of the fault catalogue, typed at the command line: docs/reliability.md has them all."""

from __future__ import annotations

import gzip
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Start = Callable[..., "subprocess.Popen[bytes]"]
HALF = b"one two\n"
WATCHED: list[list[tuple[str, object]]] = []  # hooks cannot be taken out: they fill the last list


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if WATCHED and event in ("open", "socket.connect", "socket.getaddrinfo", "os.system"):
        WATCHED[-1].append((event, arguments))


@pytest.fixture(scope="session")
def hook() -> None:
    sys.addaudithook(watch)


@pytest.fixture
def watched(hook: None) -> Iterator[list[tuple[str, Any]]]:
    """Return what this process opens, and whom it calls, while the test runs."""
    events: list[tuple[str, Any]] = []
    WATCHED.append(events)
    yield events
    WATCHED.remove(events)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, tiny_recipe: Any) -> Path:
    """Return a model that has learned enough to write words."""
    from seq2seq.training.run import train

    run = tmp_path_factory.mktemp("catalogue") / "run"
    recipe = tiny_recipe(
        training__max_steps=100, training__save_every=100, training__validate_every=100
    )
    list(train(recipe, run, device="cpu"))
    return run


@pytest.fixture
def translated(cli: Run, model: Path, tmp_path: Path) -> Callable[..., bytes]:
    """Translate bytes through files; check the line contract."""

    def translate(data: bytes, *options: object, packed: bool = False) -> bytes:
        source, target = tmp_path / "in", tmp_path / "out"
        source.write_bytes(gzip.compress(data) if packed else data)
        done = cli("translate", model, "--input", source, "--output", target, *options)
        assert done.code == 0, done.err
        out = target.read_bytes()
        bare = data.removeprefix(b"\xef\xbb\xbf")
        assert out.count(b"\n") == bare.count(b"\n") + (bare[-1:] not in (b"", b"\n"))
        assert len(out.decode().splitlines()) == out.count(b"\n") and b"\r" not in out
        return out

    return translate


def error(done: Any, code: int, *parts: str) -> None:
    """Assert that a command ended with one line of error that has all the parts."""
    assert done.code == code, done
    assert done.err.startswith("error: ") and done.err.count("\n") == 1, done.err
    assert all(part in done.err for part in parts), done.err


# A. Text (rows 1 to 18)

LINES = {  # row: bytes in; which lines are empty, from 1
    "1": (b"", []),
    "2": (b"one two\n\n\nsix ten\n", [2, 3]),
    "3": (b"   \n\t\t\n\xc2\xa0\xe3\x80\x80\n", [1, 2, 3]),
    "4": (b"one two", []),
    "5 line separator": (b"one\xe2\x80\xa8two\n", []),
    "5 paragraph separator": (b"one\xe2\x80\xa9two\n", []),
    "5 next line": (b"one\xc2\x85two\n", []),
    "5 control characters": (b"one\x0btwo\n\x0cone\ntwo\x1c\x1d\x1eone\n", []),
    "6": (b"one\rtwo\n", []),
    "9": (b"one\x00two six\n", []),
    "10": (b"six\none\xff\xfetwo\nsix\n", []),
    "11 surrogate": (b"\xed\xa0\x80\none\n", []),
    "11 overlong": (b"\xc0\xaf\none\n", []),
    "12": (b"one </s> two <s> <unk> <pad> <2de>\n", []),
    "18": (b"one two six\n" * 1000, []),
}


@pytest.mark.parametrize(("data", "empty"), LINES.values(), ids=LINES)
def test_lines(translated: Any, data: bytes, empty: list[int]) -> None:
    out = translated(data)
    lines = out.splitlines()
    assert set(empty) <= {number for number, line in enumerate(lines, 1) if not line}
    if b"one two" in data:
        assert lines[0], "a model that writes nothing proves nothing"
    if len(lines) == 1000:  # row 18
        assert len(set(lines)) == 1
    assert translated(data, packed=True) == out


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        pytest.param(b"one two\r\nsix ten\r\n", b"one two\nsix ten\n", id="7"),
        pytest.param(b"\xef\xbb\xbfone two\n", b"one two\n", id="8"),
        pytest.param(b"one\x00two six\n", b"one two six\n", id="9"),
        pytest.param(b"one two", b"one two\n", id="4"),
    ],
)
def test_equal_texts(translated: Any, odd: bytes, plain: bytes) -> None:
    assert translated(odd) == translated(plain) != b"\n"


def test_one_text_by_every_route(translated: Any, model: Path, start: Start) -> None:
    """Rows 6, 10 and 36: files and standard input agree, whatever Python is told of encodings."""
    data = b"".join(data.rstrip(b"\n") + b"\n" for data, _ in LINES.values())[:4000]
    expected = translated(data, "--quiet")
    for environment in (
        {"PYTHONIOENCODING": "utf-8:strict", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"PYTHONUTF8": "1", "PYTHONIOENCODING": "latin-1", "LANG": "tr_TR.UTF-8"},
    ):
        with start("translate", model, "--quiet", **environment) as process:
            out, err = process.communicate(data)
        assert (process.returncode, out, err) == (0, expected, b"")


def test_invalid_utf8_is_counted_or_refused(cli: Run, model: Path, tmp_path: Path) -> None:
    """Row 10."""
    (tmp_path / "in").write_bytes(b"six\none\xff\xfetwo\nsix\n")
    arguments = ("translate", model, "--input", tmp_path / "in")
    assert "1 line has invalid UTF-8 (first: line 2)" in cli(*arguments).err
    strict = cli(*arguments, "--strict-utf8")
    assert strict.out == ""
    error(strict, 3, f"{tmp_path}/in:2: invalid UTF-8")


def test_every_piece_is_plain_text(model: Path) -> None:
    """Row 12: no text becomes a control symbol, whichever piece of the vocabulary it spells."""
    from seq2seq import Translator

    tokenizer = Translator.load(model, device="cpu").source
    pieces = tokenizer.pieces(list(range(tokenizer.size)))
    assert len(pieces) == tokenizer.size > 40
    for piece in [*pieces, *(f"one {piece} two" for piece in pieces)]:
        (ids,) = tokenizer.encode([piece])
        assert all(mark == 1 or mark > 3 for mark in ids)  # 1: unknown; 0, 2, 3: pad, begin, end


def test_a_line_of_100_000_words(translated: Any, cli: Run) -> None:
    """Row 15."""
    first, _, last = translated(b"one two\n" + b"six " * 100_000 + b"\nsix ten\n").splitlines()
    assert [first, last] == translated(b"one two\nsix ten\n").splitlines()


def test_many_empty_lines(translated: Any) -> None:
    """Row 17."""
    assert translated(b"\n" * 20_000) == b"\n" * 20_000


# B. Parallel text (rows 21 to 31)


@pytest.fixture
def dry_run(cli: Run, tmp_path: Path, corpus: Path) -> Callable[..., Any]:
    """Return what --dry-run says of the corpus with other bytes in some of its files."""

    def run(files: dict[str, bytes], *options: object) -> Any:
        folder = tmp_path / "text"
        folder.mkdir()
        for path in corpus.iterdir():
            if path.name not in files:
                (folder / path.name).write_bytes(path.read_bytes())
        for name, data in files.items():
            (folder / name).write_bytes(data)
        arguments = ("--data", folder, "--pair", "en-de", "--set", "text.vocabulary=50")
        small = ("--set", "model.hidden=16", "--set", "model.layers=1", "--set", "model.heads=2")
        done = cli("train", *arguments, *small, "--run", tmp_path / "run", "--dry-run", *options)
        assert not (tmp_path / "run").exists()
        return done

    return run


def pairs(corpus: Path, source: bytes, target: bytes) -> dict[str, bytes]:
    """Return the training text with bytes added at its ends."""
    return {
        "train.en": (corpus / "train.en").read_bytes() + source,
        "train.de": (corpus / "train.de").read_bytes() + target,
    }


REFUSED_TEXT = {  # row: files, and what the error says
    "21 3:2": ({"train.en": b"a\nb\nc\n", "train.de": b"a\nb\n"}, "3 lines", "2"),
    "21 2:3": ({"train.en": b"a\nb\n", "train.de": b"a\nb\nc\n"}, "2 lines", "3"),
    "21 4:2": ({"train.en": b"a\nb\nc\nd\n", "train.de": b"a\nb\n"}, "4 lines", "2"),
    "21 blank lines": ({"train.en": b"a\n", "train.de": b"a\n\n\n"}, "1 line", "3"),
    "21 0:5": ({"train.en": b"", "train.de": b"a\nb\nc\nd\ne\n"}, "0 lines", "5"),
    "27": ({"train.en": b"a\nb\xff\n", "train.de": b"a\nb\n"}, "train.en:2: invalid UTF-8 at byte"),
    "30 no pairs": ({"train.en": b"", "train.de": b""}, "no pairs at all"),
    "30 no validation": ({"valid.en": b"", "valid.de": b""}, "no pairs at all"),
}


@pytest.mark.parametrize("case", REFUSED_TEXT.values(), ids=REFUSED_TEXT)
def test_text_that_is_refused(dry_run: Any, case: Any) -> None:
    files, *parts = case
    error(dry_run(files, "--quiet"), 3, *parts)


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        pytest.param(b"\n\none\n", b"eins\n\n\n", "300 kept of 303 (3 empty", id="23"),
        pytest.param(b"one\xe2\x80\xa8two\r\n", b"eins\n", "301 kept of 301", id="24 separator"),
        pytest.param(b"one\rtwo\n", b"eins\n", "301 kept of 301", id="24 carriage return"),
    ],
)
def test_pairs_that_stay_pairs(
    dry_run: Any, corpus: Path, source: bytes, target: bytes, said: str
) -> None:
    done = dry_run(pairs(corpus, source, target))
    assert done.code == 0 and said in done.out + done.err


def test_a_vocabulary_that_the_text_cannot_fill(dry_run: Any) -> None:
    """Row 28."""
    done = dry_run({}, "--set", "text.vocabulary=32000")
    assert done.code == 0 and "entries instead of 32,000" in done.out + done.err


@pytest.mark.parametrize("count", [1, 300])
def test_one_pair_and_equal_pairs(dry_run: Any, count: int) -> None:
    """Row 30."""
    files = {"train.en": b"one two\n" * count, "train.de": b"zwei eins\n" * count}
    assert dry_run(files).code == 0


def test_validation_text_that_is_the_training_text(dry_run: Any, corpus: Path) -> None:
    """Row 30."""
    training = {f"valid.{side}": (corpus / f"train.{side}").read_bytes() for side in ("en", "de")}
    done = dry_run(training)
    assert done.code == 0 and "the validation text is the training text" in done.err


@pytest.mark.parametrize("kind", ["folder", "pipe", "cut.gz", "missing"])
def test_what_is_no_text(cli: Run, corpus: Path, tmp_path: Path, kind: str) -> None:
    """Row 31."""
    for path in corpus.iterdir():
        if path.name != "train.en":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    place = tmp_path / ("train.en.gz" if kind == "cut.gz" else "train.en")
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "cut.gz":
        place.write_bytes(gzip.compress((corpus / "train.en").read_bytes())[:-9])
    arguments = ("--data", tmp_path, "--pair", "en-de", "--run", tmp_path / "run", "--quiet")
    error(cli("train", *arguments), 3, "train.en")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


# C. Processes and paths (rows 37 to 44)


def test_an_interrupt_ends_a_translation(start: Start, model: Path) -> None:
    """Row 37: whole lines, no traceback, 130."""
    with start("translate", model, "--quiet") as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(HALF * 200)
        process.stdin.flush()
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
    assert set((first + rest).splitlines(keepends=True)) == {first} and first.endswith(b"\n")


def test_translating_writes_and_calls_nothing(
    cli: Run, model: Path, tmp_path: Path, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows 39, 41 and 68: no file is opened for writing, nobody is called, no home is needed."""
    (tmp_path / "in").write_bytes(HALF)
    for name in ("HOME", "TMPDIR", "SEQ2SEQ_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "/nonexistent")
    watched.clear()
    assert cli("translate", model, "--input", tmp_path / "in").code == 0
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    opened = [arguments for event, arguments in watched if event == "open"]
    names = {Path(os.fsdecode(path)).name for path, *_ in opened if not isinstance(path, int)}
    assert {"recipe.json", "model.safetensors", "in"} <= names
    written = [path for path, _, flags in opened if flags & writing]
    assert [path for path in written if str(path) not in ("/dev/null", "1", "2")] == []
    assert [event for event, _ in watched if event != "open"] == []


def test_training_on_files_calls_nobody(
    cli: Run, corpus: Path, tmp_path: Path, watched: Any
) -> None:
    """Row 39."""
    tiny = [f"model.{name}" for name in ("hidden=16", "layers=1", "heads=2", "feed_forward=16")]
    limits = ["text.vocabulary=50", "training.max_steps=1"]
    settings = [part for value in [*tiny, *limits] for part in ("--set", value)]
    arguments = ("--data", corpus, "--pair", "en-de", "--run", tmp_path / "run", *settings)
    done = cli("train", *arguments, "--device", "cpu", "--quiet")
    assert done.code == 0, done.err
    assert [event for event, _ in watched if event == "open"]
    assert [event for event, _ in watched if event != "open"] == []


@pytest.mark.parametrize("name", ["a é\n b", "-m", "x" * 200, "link"])
def test_names_of_run_directories(
    cli: Run, model: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 42: spaces, line breaks, leading dashes, long names, links, relative paths."""
    (tmp_path / name).symlink_to(model)
    (tmp_path / "in").write_bytes(HALF)
    monkeypatch.chdir(tmp_path)
    done = cli("translate", "--input", "in", "--", name)
    assert done.code == 0 and done.out.strip()


RECIPES = {  # row 44: a recipe, and what the error says
    "type": ('[training]\nmax_steps = "fast"\n', "training.max_steps"),
    "name": ("[training]\nmax_stps = 4\n", "did you mean training.max_steps"),
    "sizes": ("[model]\nlayers = -1\nhidden = 0\n[training]\nmax_steps = 1\n", "model.layers"),
    "twice": ("[training]\nmax_steps = 1\nmax_steps = 2\n", "line 3"),
    "code": ('a: !!python/object/apply:os.system ["touch P"]\n', "not valid TOML"),
    "beam": ("[decoding]\nbeam = 1000000000\n[training]\nmax_steps = 1\n", "decoding.beam"),
}


@pytest.mark.parametrize(("text", "part"), RECIPES.values(), ids=RECIPES)
def test_recipes_that_are_refused(
    cli: Run, corpus: Path, tmp_path: Path, text: str, part: str
) -> None:
    (tmp_path / "r.toml").write_text(text)
    arguments = ("--data", corpus, "--pair", "en-de", "--run", tmp_path / "run")
    error(cli("train", tmp_path / "r.toml", *arguments), 4, part)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.toml"]


# D. Checkpoints (row 46)


def save_and_die(folder: Path, files: dict[str, bytes], call: str, point: int) -> None:
    """Save step 2; end as by SIGKILL before the call of that number, counted from 0."""
    from seq2seq.training.checkpoint import save_checkpoint

    real, calls = getattr(os, call), iter(range(point, -1, -1))

    def counted(*arguments: Any, **options: Any) -> Any:
        if next(calls, 1) == 0:
            os._exit(9)
        return real(*arguments, **options)

    setattr(os, call, counted)  # only of this process, which ends here
    save_checkpoint(folder, 2, files)
    os._exit(0)


@pytest.mark.parametrize("call", ["open", "mkdir", "fsync", "rename"])
def test_death_at_every_point_of_a_save(tmp_path: Path, call: str) -> None:
    """A child process dies before each call of a save in turn, until none is left to die before."""
    from seq2seq.training.checkpoint import newest_checkpoint, save_checkpoint, sweep

    files = {"weights.safetensors": b"weights", "state.json": b"{}"}
    told: list[str] = []
    for point in range(100):
        folder = tmp_path / str(point)
        first = save_checkpoint(folder, 1, files)
        child = os.fork()
        if child == 0:
            try:
                save_and_die(folder, files, call, point)
            finally:
                os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        newest = newest_checkpoint(folder, told.append)
        if code == 0:
            break
        assert code == 9 and newest in (first, folder / "step-000000002") and told == []
        sweep(folder)
        assert {path.name for path in folder.iterdir()} <= {first.name, "step-000000002"}
        assert newest_checkpoint(folder, told.append) == newest
        assert save_checkpoint(folder, 3, files) == newest_checkpoint(folder, told.append)
    assert newest == folder / "step-000000002" and point >= 1 and told == []


def test_a_second_signal_leaves_whole_checkpoints(
    start: Start, corpus: Path, tmp_path: Path
) -> None:
    """Row 54: whoever cannot wait for the step to end gets the same exit code."""
    from seq2seq.training.checkpoint import damage

    run = tmp_path / "run"
    settings = ("text.vocabulary=50", "model.hidden=16", "model.layers=1", "training.save_every=1")
    options = [part for value in settings for part in ("--set", value)]
    arguments = ("--data", corpus, "--pair", "en-de", "--run", run, "--device", "cpu", *options)
    with start("train", *arguments, "--set", "model.heads=2", "--quiet") as process:
        while not list(run.glob("checkpoints/step-*")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143 and b"Traceback" not in err
    places = list(run.glob("checkpoints/step-*"))
    assert places and all(damage(place) == "" for place in places)


# F. Strangers (row 65), G. scores (rows 69 and 70)


class Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch PWNED",)


PICKLES = ("model.pt", "pytorch_model.bin", "optimizer.pt", "rng.pkl", "training_args.bin")


@pytest.mark.parametrize("name", ["", "model.safetensors", "recipe.json", "source.model"])
def test_pickles_are_never_read(
    cli: Run, model: Path, tmp_path: Path, name: str, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 65: under any name that other tools read, or in place of a file of ours."""
    monkeypatch.chdir(tmp_path)
    for path in model.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "in").write_bytes(HALF)
    watched.clear()
    for planted in [*PICKLES, *([name] if name else [])]:
        (tmp_path / planted).write_bytes(pickle.dumps(Bomb()))
    done = cli("translate", tmp_path, "--input", "in")
    if name:
        error(done, 4, name)
        assert done.out == ""
    else:
        assert done.code == 0
    assert not (tmp_path / "PWNED").exists()
    assert [event for event, _ in watched if event == "os.system"] == []


SCORED = {  # row 69: translations, references, exit code, and what is said
    "a fewer": (b"a b c d\n", b"a b c d\nb c d e\n", 3, "has 2 lines"),
    "a more": (b"a b c d\nb c d e\n", b"a b c d\n", 3, "has 2 lines"),
    "b": (b"", b"", 3, "is empty"),
    "c": (b"\n\n", b"a b c d\nb c d e\n", 0, "all translations are empty"),
    "d": (b"\xef\xbb\xbfa b c d\r\nb c\xe2\x80\xa8d e\r\n", b"a b c d\nb c d e\n", 0, "100.00"),
    "e": (b"a b c d\nb c d e\n", b"a b c d\n\n", 0, "1 of 2 references are empty"),
    "g": (b"a b c d\nb c d e\n", b"a b c d\nb c d e\n", 0, "are identical to the references"),
}


@pytest.mark.parametrize("case", SCORED.values(), ids=SCORED)
def test_evaluate(cli: Run, tmp_path: Path, case: tuple[bytes, bytes, int, str]) -> None:
    hypothesis, reference, code, said = case
    (tmp_path / "h").write_bytes(hypothesis)
    (tmp_path / "r").write_bytes(reference)
    done = cli("evaluate", "--hypothesis", tmp_path / "h", "--reference", tmp_path / "r")
    assert done.code == code and said in done.out + done.err
    if code:
        error(done, code, said)
    if said.startswith("all translations"):
        assert float(done.out.splitlines()[1].split()[1]) == 0.0


def test_compare(cli: Run, corpus: Path, tmp_path: Path) -> None:
    """Row 70: other counts, equal systems, the same seed again, one line."""
    reference = corpus / "test.de"
    lines = reference.read_bytes().splitlines(keepends=True)
    texts = {"short": lines[:-1], "equal": lines, "other": lines[::-1], "one": lines[:1]}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(b"".join(text))
    short, equal, other, one = (tmp_path / name for name in texts)
    error(cli("compare", equal, short, "--reference", reference), 3, "has 19 lines", "20 lines")
    same = cli("compare", reference, equal, "--reference", reference)
    row = next(line for line in same.out.splitlines() if line.startswith("equal  "))
    assert row.split()[3:5] == ["+0.00", "1.0000"]
    arguments = ("compare", equal, other, "--reference", reference, "--json")
    assert cli(*arguments).out == cli(*arguments).out
    error(cli("compare", one, f"again={one}", "--reference", one), 3, "too few")
