"""Resampling tests: sacrebleu's own p-values, and what must hold whatever the texts."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER
from sacrebleu.significance import PairedTest

from seq2seq.errors import DataError
from seq2seq.metrics.corpus import score
from seq2seq.metrics.paired import Resamples, holm, p_value, randomisation
from seq2seq.metrics.statistics import Counting, statistics, words_of

WORDS = ["the", "a", "dog", "cats", "woman", "runs", "sits", "on", "in", "red", "house", ",", "."]
OUTPUTS = Path(__file__).parents[2].parent / "shared" / "data" / "system-outputs"


def texts(seed: int, count: int = 60) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 18))) for _ in range(count)]


def worse(lines: list[str], seed: int, rate: float) -> list[str]:
    draw = random.Random(seed)
    return [
        " ".join(draw.choice(WORDS) if draw.random() < rate else word for word in line.split())
        for line in lines
    ]


REFERENCES = texts(1)
SYSTEMS = [worse(REFERENCES, 2, 0.3), worse(REFERENCES, 3, 0.33), worse(REFERENCES, 4, 0.5)]


@pytest.mark.parametrize("sets", [1, 2])
@pytest.mark.parametrize("kind", ["bs", "ar"])
def test_they_are_sacrebleus(kind: str, sets: int) -> None:
    references = [REFERENCES, worse(REFERENCES, 9, 0.1)][:sets]
    counted = [statistics(texts, references) for texts in SYSTEMS]
    named = [(str(number), texts) for number, texts in enumerate(SYSTEMS)]
    theirs = {"BLEU": BLEU(), "chrF": CHRF(), "TER": TER()}
    _, expected = PairedTest(named, theirs, references, kind, n_samples=200)()
    names = {"BLEU": "BLEU", "chrF": "chrF2", "TER": "TER"}
    resamples = Resamples(len(REFERENCES), 200)
    for metric, name in names.items():
        baseline = counted[0][metric]  # type: ignore[index]
        for number, result in enumerate(expected[name]):
            system = counted[number][metric]  # type: ignore[index]
            assert system.score().value == pytest.approx(result.score, abs=1e-9)
            if kind == "bs":
                interval = resamples.interval(system)
                assert interval.mean == pytest.approx(result.mean, abs=1e-4)
                assert interval.half == pytest.approx(result.ci, abs=1e-4)
            if number:
                paired = (
                    resamples.paired(baseline, system)
                    if kind == "bs"
                    else randomisation(baseline, system, 200)
                )
                assert paired.p_value == result.p_value
                assert paired.difference == pytest.approx(
                    result.score - expected[name][0].score, abs=1e-9
                )


def test_counts_add_up_to_scores() -> None:
    """A corpus, a part of it, and every sentence: as if each were scored by itself."""
    counted = statistics(SYSTEMS[0], [REFERENCES])
    chosen = np.array([3, 7, 8, 20])
    for name, one in counted.items():
        assert one.score() == score(SYSTEMS[0], [REFERENCES])[name]
        part = [[texts[place] for place in chosen] for texts in (SYSTEMS[0], REFERENCES)]
        expected = score(part[0], [part[1]])[name].value
        assert one.part(chosen).score().value == pytest.approx(expected)
        alone = score(SYSTEMS[0][5:6], [REFERENCES[5:6]])[name].value
        assert one.by_sentence()[5] == pytest.approx(alone)


def test_one_counting_serves_many_systems() -> None:
    counting = Counting([REFERENCES])
    for texts in SYSTEMS:
        for name, rows in counting.rows(texts).items():
            assert (rows == statistics(texts, [REFERENCES])[name].rows).all()


def test_equal_systems_differ_by_nothing() -> None:
    one, other = (statistics(SYSTEMS[0], [REFERENCES])["BLEU"] for _ in range(2))
    for paired in (
        Resamples(len(REFERENCES), 100).paired(one, other), randomisation(one, other, 100)
    ):  # fmt: skip
        assert (paired.difference, paired.p_value) == (0.0, 1.0)


def test_the_same_seed_is_the_same_answer() -> None:
    one, other = (statistics(texts, [REFERENCES])["BLEU"] for texts in SYSTEMS[:2])
    results = {
        (Resamples(60, 100, seed).paired(one, other), randomisation(one, other, 100, seed))
        for seed in (1, 1, 2)
    }
    assert len(results) == 2


def test_too_few_segments() -> None:
    with pytest.raises(DataError, match="1 segment is too few"):
        Resamples(1)


def test_holm_by_hand() -> None:
    assert holm([]) == []
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_p_values_count_what_is_larger() -> None:
    assert p_value(np.array([0.1, 0.5, 0.6, 0.7]), 0.5) == 3 / 5
    assert p_value(np.array([0.0, 0.0]), 0.0) == 1.0


def test_words_are_those_that_bleu_counts() -> None:
    assert words_of(["A dog, red."], "13a") == [["A", "dog", ",", "red", "."]]
    assert words_of(["A dog, red."], "none", True) == [["a", "dog,", "red."]]
    assert words_of(["l'homme, rouge."], "moses-fr") == [["l'", "homme", ",", "rouge", "."]]


@pytest.mark.slow
@pytest.mark.skipif(not OUTPUTS.is_dir(), reason="the shared system outputs are not here")
@pytest.mark.parametrize("kind", ["bs", "ar"])
def test_the_command_line_of_sacrebleu_prints_the_same(kind: str, cli: Any) -> None:
    """Its table, that is: its JSON cannot hold the numbers of a bootstrap."""
    files = [OUTPUTS / name for name in ("sys1.eng", "sys2.eng")]
    theirs = subprocess.run(
        [sys.executable, "-m", "sacrebleu", str(OUTPUTS / "ref.eng"), "-i", *map(str, files), "-m",
         "bleu", "chrf", "--tokenize", "none", "--force", f"--paired-{kind}", "-f", "text",
         "-w", "4"],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    test = {"bs": "bootstrap", "ar": "randomisation"}[kind]
    done = cli("compare", *files, "--reference", OUTPUTS / "ref.eng", "--tokenize", "none",
               "--test", test, "--json")  # fmt: skip
    found = json.loads(done.out)["systems"]
    numbers = re.findall(r"\d+\.\d{4}", theirs.stdout.partition("----")[0])
    expected = []
    for system in ("sys1.eng", "sys2.eng"):
        for metric in ("BLEU", "chrF"):
            ours = found[system][metric]
            expected.append(ours["score"])
            if kind == "bs":
                expected += [ours["interval"]["mean"], ours["interval"]["half"]]
    expected += [found["sys2.eng"][metric]["paired"]["p_value"] for metric in ("BLEU", "chrF")]
    assert numbers == [f"{number:.4f}" for number in expected]
