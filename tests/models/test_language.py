"""Language models: trained, scored, sampled from, and heard beside a translation model."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from seq2seq import Translator
from seq2seq.models.bundle import load_bundle
from seq2seq.training.run import train

KINDS: dict[str, dict[str, Any]] = {
    "recurrent_language_model": {"layers": 1, "hidden": 16, "embedding": 8, "cell": "gru"},
    "transformer_language_model": {
        "layers": 1, "hidden": 16, "heads": 2, "feed_forward": 32, "positions": "rotary",
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def language(
    request: pytest.FixtureRequest,
    tiny_recipe: Callable[..., Any],
    tiny_run: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a language model of the pieces that the tiny run writes."""
    run = tmp_path_factory.mktemp("language") / request.param
    text = {"vocabulary": 50, "from": str(tiny_run)}
    model = {"architecture": request.param, **KINDS[request.param]}
    recipe = tiny_recipe(model=model, text=text, training__max_steps=30)
    list(train(recipe, run, device="cpu", command=""))
    return run


def test_it_learns(language: Path) -> None:
    events = [json.loads(line) for line in (language / "log.jsonl").read_text().splitlines()]
    judged = [event for event in events if event["event"] == "validation"]
    assert judged[-1]["perplexity"] < judged[0]["perplexity"]


def test_scores_are_of_the_target_alone(
    cli: Callable[..., Any], language: Path, corpus: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.en"
    other.write_text("one\n" * 20)
    target = ("--target", corpus / "test.de")
    first = cli("score", language, "--source", corpus / "test.en", *target)
    second = cli("score", language, "--source", other, *target)
    assert first.code == 0 and first.out == second.out
    assert "perplexity" in first.err
    bundle = load_bundle(language)
    model: Any = bundle.model
    pieces = bundle.target.encode([(corpus / "test.de").read_text().split("\n")[0]])[0]
    read = torch.tensor([[2, *pieces]])
    hidden = model(torch.tensor([[3]]), torch.tensor([1]), read)
    logs = model.project(hidden)[0].log_softmax(-1)
    by_hand = sum(float(row[piece]) for row, piece in zip(logs, [*pieces, 3], strict=True))
    assert float(first.out.split("\n")[0]) == pytest.approx(by_hand, abs=1e-4)


def test_it_writes_on(language: Path) -> None:
    sampling = {"method": "sampling", "seed": 3, "max_extra": 8}
    writer = Translator.load(language, decoding=sampling)
    one, nothing = writer.translate(["eins zwei", ""])
    assert one.startswith("eins zwei") and nothing
    assert writer.translate(["eins zwei", ""]) == [one, nothing]
    several = writer.nbest([""], 6)[0]
    assert len({each.text for each in several}) > 1


def test_fusion_adds_its_word(tiny_run: Path, language: Path) -> None:
    """Of one piece ahead: log p + weight * log p_LM, by hand."""
    plain = Translator.load(tiny_run)
    joint = Translator.load(tiny_run, language_model=language, language_model_weight=0.7)
    source, lengths = torch.tensor([[7, 8, 3]]), torch.tensor([3])
    model, other = plain.model, load_bundle(language).model
    first = torch.tensor([2])
    with torch.inference_mode():
        scores = []
        for each in (model, other, joint.model):
            memory = each.encode(source, lengths)  # type: ignore[union-attr, operator]
            scores.append(each.step(first, each.start(memory), memory)[0])  # type: ignore[union-attr, operator]
    expected = scores[0].log_softmax(-1) + 0.7 * scores[1].log_softmax(-1)
    torch.testing.assert_close(scores[2], expected)


def test_the_score_of_a_fused_translation(tiny_run: Path, language: Path, corpus: Path) -> None:
    """What search says is the sum of both models' own scores."""
    weight = 0.5
    joint = Translator.load(tiny_run, language_model=language, language_model_weight=weight)
    text = (corpus / "test.en").read_text().split("\n")[0]
    found = joint.nbest([text], 1)[0][0]
    pieces = [joint.target.pieces([number])[0] for number in range(joint.target.size)]
    target = [pieces.index(piece) for piece in found.pieces]
    (source,) = joint.source.encode([text])
    total = 0.0
    for run, share in ((tiny_run, 1.0), (language, weight)):
        model: Any = load_bundle(run).model
        hidden = model(
            torch.tensor([[*source, 3]]), torch.tensor([len(source) + 1]),
            torch.tensor([[2, *target]]),
        )  # fmt: skip
        logs = model.project(hidden)[0].log_softmax(-1)
        total += share * float(logs.gather(1, torch.tensor([*target, 3])[:, None]).sum())
    assert found.log_probability == pytest.approx(total, abs=1e-3)


def test_fusion_from_the_command_line(
    cli: Callable[..., Any], tiny_run: Path, language: Path, corpus: Path
) -> None:
    text = ("--input", corpus / "test.en")
    alone = cli("translate", tiny_run, *text)
    silent = cli("translate", tiny_run, *text, "--language-model", language,
                 "--language-model-weight", 0)  # fmt: skip
    loud = cli("translate", tiny_run, *text, "--language-model", language,
               "--language-model-weight", 5)  # fmt: skip
    assert alone.code == silent.code == loud.code == 0, loud.err
    assert alone.out == silent.out != loud.out


def test_what_is_no_language_model(cli: Callable[..., Any], tiny_run: Path, corpus: Path) -> None:
    done = cli("translate", tiny_run, "--language-model", tiny_run, "--input", corpus / "test.en")
    assert done.code == 4 and "no language model" in done.err


def test_other_pieces(
    cli: Callable[..., Any],
    tiny_recipe: Callable[..., Any],
    tiny_run: Path,
    tmp_path: Path,
    corpus: Path,
) -> None:
    model = {"architecture": "recurrent_language_model", "layers": 1, "hidden": 8, "embedding": 8}
    recipe = tiny_recipe(model=model, text={"vocabulary": 40}, training__max_steps=2)
    list(train(recipe, tmp_path / "run", device="cpu", command=""))
    text = ("--input", corpus / "test.en")
    done = cli("translate", tiny_run, *text, "--language-model", tmp_path / "run")
    assert done.code == 4 and "tokenizers" in done.err and "text.from" in done.err


def test_perplexity_is_the_mean_over_pieces() -> None:
    from seq2seq.metrics.perplexity import perplexity

    assert perplexity(10 * math.log(7), 10) == pytest.approx(7.0)


def test_what_reads_no_source_cannot_be_looked_at(
    cli: Callable[..., Any], language: Path, corpus: Path
) -> None:
    texts = ("--source", corpus / "test.en", "--target", corpus / "test.de")
    for command in (("vectors", language), ("gradients", language, *texts)):
        done = cli("inspect", *command)
        assert done.code == 4 and "reads no source" in done.err


def test_a_language_model_translates_nothing(
    cli: Callable[..., Any], tiny_run: Path, language: Path, corpus: Path
) -> None:
    for runs in ((tiny_run, language), (language, language)):
        done = cli("translate", *runs, "--input", corpus / "test.en")
        assert done.code == 4 and f"{language} is a language model" in done.err
    done = cli("translate", language, "--language-model", language, "--input", corpus / "test.en")
    assert done.code == 4 and "is a language model itself" in done.err
    texts = ("--source", corpus / "test.en", "--reference", corpus / "test.de")
    for command in (("evaluate", language), ("compare", tiny_run, f"other={language}")):
        done = cli(*command, *texts)
        assert done.code == 4 and "a language model translates nothing" in done.err
        assert done.err.count("error:") == 1


def test_a_weight_needs_a_model(cli: Callable[..., Any], tiny_run: Path, corpus: Path) -> None:
    done = cli("translate", tiny_run, "--input", corpus / "test.en", "--language-model-weight", "1")
    assert done.code == 2 and "add --language-model RUN" in done.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_recipe_of_translation_can_be_turned_into_one(
    cli: Callable[..., Any], tiny_run: Path, corpus: Path, kind: str
) -> None:
    done = cli("train", "default-transformer", "--data", corpus, "--pair", "en-de", "--dry-run",
               "--set", f"model.architecture={kind}", "--set", f"text.from={tiny_run}")  # fmt: skip
    assert done.code == 0, done.err
