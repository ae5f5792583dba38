"""What training, validation and test text have in common, and files that are taken for neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.data.overlap import held_out, occurrences
from seq2seq.data.streams import ListedCorpus, key_of

Cli = Callable[..., Any]
LOOK = ("--pair", "en-de", "--set", "text.vocabulary=50", "--dry-run")


def test_copies_have_one_key() -> None:
    assert key_of(("a b", "c")) == key_of((" a b ", "c\t"))
    assert len({key_of(pair) for pair in (("a b", "c"), ("a", "b c"), ("b c", "a"))}) == 3
    assert key_of(("\ud800", "")) != key_of(("", "\ud800"))


def test_occurrences() -> None:
    corpus = ListedCorpus("listed", (("a", "1"), ("b", "2"), ("a", "1"), ("a", "2")))
    wanted = {key_of(("a", "1")), key_of(("c", "3"))}
    assert occurrences(corpus, wanted) == {key_of(("a", "1")): 2}


@pytest.mark.parametrize("with_copies", [True, False])
def test_held_out_pairs_take_their_copies_with_them(tmp_path: Path, with_copies: bool) -> None:
    pairs = [(f"s{number % 37}", f"t{number % 37}") for number in range(100)]
    pairs[4:6] = [("", ""), ("", "")]  # no pair
    corpus = ListedCorpus("listed", tuple(pairs))
    for _ in range(2):  # counted, and found
        rest, picked, copies = held_out(
            corpus, corpus.survey(), 10, tmp_path, with_copies=with_copies
        )
        held, left = list(picked.pairs()), list(rest.pairs())
        assert len(held) == 10 and held == pairs[9::10]
        assert len(left) == rest.survey().count == 90 - copies
        assert (copies > 10 and not set(held) & set(left)) == with_copies
        assert ("", "") in left
        assert rest.survey().digest != picked.survey().digest
    plain = held_out(corpus, corpus.survey(), 10, tmp_path, with_copies=False)[0]
    assert (rest.survey().digest == plain.survey().digest) == (not with_copies)


def test_without_copies_the_digest_is_that_of_older_versions(tmp_path: Path) -> None:
    corpus = ListedCorpus("listed", tuple((f"s{number}", "t") for number in range(50)))
    both = [held_out(corpus, corpus.survey(), 5, tmp_path, with_copies=on)[0] for on in (0, 1)]
    assert both[0].survey() == both[1].survey()


def copied(corpus: Path, folder: Path, *, names: tuple[str, ...]) -> Path:
    folder.mkdir()
    for name in names:
        for language in ("en", "de"):
            text = (corpus / f"{name}.{language}").read_text(encoding="utf-8")
            (folder / f"{name}.{language}").write_text(text, encoding="utf-8")
    return folder


def doubled(corpus: Path, folder: Path) -> Path:
    """Make a corpus of nearly every pair twice, at places of which one is held out."""
    copied(corpus, folder, names=("train",))
    for language in ("en", "de"):
        lines = (folder / f"train.{language}").read_text(encoding="utf-8").splitlines(True)
        (folder / f"train.{language}").write_text("".join(lines + lines[3:]), encoding="utf-8")
    return folder


def test_overlaps_are_counted_and_told(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "text", names=("train", "valid", "test"))
    before = cli("train", "--data", folder, *LOOK)
    assert before.code == 0 and "validation: " in before.out
    assert "validation: " not in before.err  # by chance, a few test pairs may be known
    for language in ("en", "de"):
        train = (folder / f"train.{language}").read_text(encoding="utf-8")
        valid = (folder / f"valid.{language}").read_text(encoding="utf-8").splitlines()
        test = (folder / f"test.{language}").read_text(encoding="utf-8").splitlines()
        known = [*valid[:3], *test, f" {valid[3]} "]
        (folder / f"train.{language}").write_text(train + "\n".join(known) + "\n", "utf-8")
    for _ in range(2):
        after = cli("train", "--data", folder, *LOOK)
        assert "validation: 4 pairs stand in the training text, too" in after.err
        assert "test: 20 pairs stand in the training text, too" in after.err


def test_tests_that_cannot_be_used_stop_no_training(
    cli: Cli, corpus: Path, tmp_path: Path
) -> None:
    folder = copied(corpus, tmp_path / "text", names=("train", "valid", "test"))
    (folder / "test.en").write_text("one line\n")
    done = cli("train", "--data", folder, *LOOK)
    assert done.code == 0 and "test cannot be used: " in done.err


def test_copies_of_held_out_pairs_are_told(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    folder = doubled(corpus, tmp_path / "text")
    done = cli("train", "--data", folder, *LOOK)
    assert "no validation text: 59 of 597 training pairs are held out for it" in done.err
    (copies,) = re.findall(r"^(\d+) copies of them are taken out", done.err, flags=re.MULTILINE)
    assert int(copies) >= 50
    assert f"pairs: {538 - int(copies)} kept of {538 - int(copies)}" in done.out


@pytest.mark.parametrize("name", ["dev", "val", "newstest2013", "IWSLT.tst2010"])
def test_validation_text_of_another_name(
    cli: Cli, corpus: Path, tmp_path: Path, name: str
) -> None:
    folder = copied(corpus, tmp_path / "text", names=("train", "valid"))
    for language in ("en", "de"):
        (folder / f"valid.{language}").rename(folder / f"{name}.{language}")
    done = cli("train", "--data", folder, *LOOK)
    assert f"{name}.en and {name}.de are not read: --set data.valid={name} v" in done.err
    assert "held out" in done.err
    done = cli("train", "--data", folder, *LOOK, "--set", f"data.valid={name}")
    assert " not read" not in done.err and "held out" not in done.err


def test_a_run_of_an_older_version_goes_on(
    cli: Cli, corpus: Path, tiny_recipe: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    """It was begun with copies of held-out pairs in its text, and has them still."""
    from seq2seq.data import sets
    from seq2seq.training.run import train

    folder = doubled(corpus, tmp_path / "text")
    recipe = tiny_recipe(data={"path": str(folder), "pair": "en-de"}, training__max_steps=4)
    real = sets.held_out
    with monkeypatch.context() as older:
        older.setattr(
            sets, "held_out", lambda *parts, **options: real(*parts, with_copies=False)
        )
        for _ in train(recipe, tmp_path / "run", device="cpu"):
            pass
    done = cli("train", "--run", tmp_path / "run", "--resume", "--set", "training.max_steps=6",
               "--device", "cpu")  # fmt: skip
    assert done.code == 0 and "stopped at step 6" in done.err


def test_copies_stay_where_little_else_is_there(cli: Cli, tmp_path: Path) -> None:
    for language, word in (("en", "hello"), ("de", "hallo")):
        (tmp_path / f"train.{language}").write_text(f"{word}\n" * 40)
    done = cli("train", "--data", tmp_path, "--pair", "en-de", "--dry-run",
               "--set", "text.vocabulary=50")  # fmt: skip
    assert done.code == 0, done.err
    assert "36 copies of them stay in the training text" in done.err
    assert "pairs: 36 kept of 36" in done.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the new@@ est {0}", "@@ or the like stands in 300 of the first 300 training targets"),
        ("it&#x27;s {0}", "&apos; or the like stands in 300 of the first 300 training targets"),
        ('{{"text": "{0}"}}', "{ or the like stands in 300 of the first 300 training targets"),
    ],
)
def test_marks_in_training_text(
    cli: Cli, corpus: Path, tmp_path: Path, text: str, said: str
) -> None:
    folder = copied(corpus, tmp_path / "text", names=("train", "valid"))
    lines = "".join(text.format(number) + "\n" for number in range(300))
    (folder / "train.de").write_text(lines, encoding="utf-8")
    done = cli("train", "--data", folder, *LOOK)
    assert said in done.err and "is learned as text" in done.err
    assert "training sources" not in done.err


def test_copies_as_training_text(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "text", names=("train", "valid"))
    (folder / "train.de").write_bytes((folder / "train.en").read_bytes())
    done = cli("train", "--data", folder, *LOOK)
    assert "300 of the first 300 training pairs have one text on both sides" in done.err


def test_files_beside_it_that_are_not_read(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    folder = copied(corpus, tmp_path / "text", names=("train", "valid", "test"))
    for name in ("valid.en", "valid.de", "test.en"):
        (folder / name).rename(folder / f"{name}.xz")
    (folder / "train.de.gz").write_bytes(b"older text")
    done = cli("train", "--data", folder, *LOOK)
    for name in ("valid.en.xz", "valid.de.xz", "test.en.xz"):
        assert f"{name} is not read: unpack it (only .gz is read packed)" in done.err
    assert "train.de.gz is not read: train.de stands beside it" in done.err
    assert "held out" in done.err
