"""Recipes from files and `--set`: every mistake is named, with the nearest right name."""

from __future__ import annotations

from pathlib import Path

import pytest

from seq2seq.config.cells import CELLS
from seq2seq.config.loading import (
    LARGEST_FILE,
    assigned,
    check_recipe,
    decoding_overrides,
    field_names,
    find_recipe,
    load_recipe,
    recipe_values,
)
from seq2seq.config.schema import DecodingConfig, ModelConfig, Recipe
from seq2seq.errors import RecipeError

ENDS = "[training]\nmax_steps = 3\n"


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def complaint(*arguments: object) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(*arguments)  # type: ignore[arg-type]
    assert caught.value.exit_code == 4
    text = str(caught.value)
    assert "\n" not in text and "pydantic" not in text and "http" not in text
    return text


def test_a_file_is_differences_from_the_defaults(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, "seed = 7\n[model]\nlayers = 5\n" + ENDS))
    assert (recipe.seed, recipe.model.layers, recipe.training.max_steps) == (7, 5, 3)
    assert recipe.model.hidden == Recipe().model.hidden
    assert load_recipe(None) == Recipe()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[model]\nlayer = 2", "model.layer: no such field, did you mean model.layers?"),
        ("[modle]\nlayers = 2", "modle: no such field, did you mean model?"),
        ("[training]\nsource_order = 'reverse'", "did you mean text.source_order?"),
        ("sead = 1", "sead: no such field, did you mean seed?"),
        ("[model]\nqqqqq = 1", "model.qqqqq: no such field"),
        ("[model]\nlayers = 'two'", "model.layers: input should be a valid integer, but is 'two'"),
        ("[model]\nlayers = true", "model.layers"),
        ("[model]\nlayers = 2.0", "model.layers"),
        ("[model]\nlayers = 0", "model.layers: input should be greater than or equal to 1"),
        ("[model]\nlayers = 257", "model.layers"),
        ("[model]\ndropout = 1.0", "model.dropout"),
        ("[model]\ndropout = nan", "model.dropout"),
        ("[training]\nlearning_rate = inf", "training.learning_rate"),
        ("[training]\nlearning_rate = 'fast'", "training.learning_rate"),
        ("[training]\nkeep = 1", "training.keep"),
        ("[text]\nvocabulary = [100]", "text.vocabulary"),
        ("[text]\nvocabulary = 7", "text.vocabulary"),
        ("[text]\nvocabulary = 'large'", "text.vocabulary"),
        ("[data]\npair = 'english to french'", "data.pair"),
        ("[decoding]\nbeam = 1000000000", "decoding.beam"),
        ("model = 3", "model: "),
        ("[model]\narchitecture = 'tranformer'", "'recurrent', 'bahdanau', 'luong', 'gnmt', "),
    ],
)
def test_a_mistake_is_named_once(tmp_path: Path, text: str, said: str) -> None:
    told = complaint(written(tmp_path, text))
    assert told.startswith(f"{tmp_path / 'mine.toml'}: ") and said in told
    assert told.count("; ") == 1  # one mistake and the way out


def test_several_mistakes_come_in_one_message(tmp_path: Path) -> None:
    told = complaint(
        written(tmp_path, "sed = 1\n[model]\nlayer = 2\nhidden = 'x'\n[text]\nvocabulary = 3")
    )
    for key in ("sed:", "model.layer:", "model.hidden:", "text.vocabulary:"):
        assert key in told


def test_fields_that_do_not_fit_together(tmp_path: Path) -> None:
    text = "[model]\nhidden = 30\nheads = 4\ntie = 'all'\n[text]\njoint = true\nvocabulary = [9, 8]"
    told = complaint(written(tmp_path, text))
    assert "model.heads: 4 must divide model.hidden (30)" in told
    assert "a joint vocabulary has one size" in told
    assert '"all" needs one joint' in complaint(
        written(tmp_path, "[model]\ntie = 'all'\n[text]\njoint = false")
    )
    for name in ("recurrent", "bahdanau", "luong", "gnmt"):
        narrow = f"[model]\narchitecture = '{name}'\nembedding = 8\ntie = 'output'"
        assert "model.embedding = model.hidden" in complaint(written(tmp_path, narrow))
    shallow = complaint(None, ["model.architecture=gnmt", "model.layers=1"])
    assert "model.layers: gnmt needs at least 2" in shallow


def test_training_has_to_end(tmp_path: Path) -> None:
    told = complaint(written(tmp_path, "[training]\nschedule = 'cosine'"))
    assert "training" in told and '"cosine" needs max_steps, max_epochs or max_minutes' in told
    load_recipe(None, ["training.schedule=cosine", "training.max_minutes=1.5"])
    assert "or it never ends" in complaint(None, ["training.patience=0"])


def test_fields_of_the_other_architecture_are_mistakes_only_where_written(tmp_path: Path) -> None:
    told = complaint(written(tmp_path, "[model]\narchitecture = 'recurrent'\nheads = 2"))
    assert "model.heads means nothing to the recurrent" in told
    told = complaint(written(tmp_path, "[model]\ncell = 'lstm'\nembedding = 9"))
    assert "model.cell, model.embedding means nothing to the transformer" in told
    assert load_recipe(None, ["model.architecture=recurrent"]).model.heads == 4
    assert "model.norm" in complaint(None, ["model.architecture=recurrent", "model.norm=pre"])
    told = complaint(None, ["model.architecture=bahdanau", "model.attention=dot", "model.norm=pre"])
    assert "model.attention, model.norm means nothing to the bahdanau" in told
    assert "model.input_feeding" in complaint(None, ["model.input_feeding=false"])
    for name in ("luong", "gnmt"):
        settings = [f"model.architecture={name}", "model.attention=dot", "model.cell=lstm"]
        assert load_recipe(None, settings).model.attention == "dot"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 1\nseed = 2", "is not valid TOML"),
        ("[model]\nlayers = 1\n[model]\nhidden = 8", "is not valid TOML"),
        ("seed = ", "is not valid TOML"),
        (b"seed = 1 # \xff", "is not valid TOML: it is not UTF-8"),
        ("x = " + "[" * 20_000, "is not valid TOML: it is nested too deeply"),
        ("#" * (LARGEST_FILE + 1), "larger than 1 MiB"),
    ],
    ids=["twice", "section twice", "no value", "no UTF-8", "deep", "huge"],
)
def test_damaged_files(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in complaint(written(tmp_path, text))


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    assert "did you mean multi30k-en-de-lstm?" in complaint("multi30k-en-de-ltsm")
    assert "`seq2seq recipes`" in complaint(str(tmp_path / "none.toml"))
    assert "no recipe" in complaint(str(tmp_path))


def test_shipped_recipes_go_by_name() -> None:
    path = find_recipe("sutskever2014-wmt14-en-fr")
    assert path.name == "wmt14-en-fr.toml"
    assert load_recipe(str(path)) == load_recipe("sutskever2014-wmt14-en-fr")
    assert recipe_values(None) == {}


def test_assignments() -> None:
    recipe = load_recipe(
        None,
        [
            "seed=9",
            "model.layers = 2",
            "model.norm=post",
            "text.vocabulary=[100, 100]",
            'data.path="a b"',
            "data.train=plain text",
            "training.max_minutes=1.5",
            "decoding.deterministic=true",
            "data.test=['x', 'y']",
            "model.layers=4",
        ],
    )
    assert (recipe.seed, recipe.model.layers, recipe.model.norm) == (9, 4, "post")
    assert recipe.text.sizes == (100, 100)
    assert (recipe.data.path, recipe.data.train) == ("a b", "plain text")
    assert recipe.training.max_minutes == 1.5
    assert recipe.decoding.deterministic is True
    assert recipe.data.test == ["x", "y"]


def test_a_value_cannot_smuggle_in_another_field() -> None:
    recipe = load_recipe(None, ["data.path=1\nseed = 9"])
    assert recipe.seed == Recipe().seed and recipe.data.path == "1\nseed = 9"


def test_assignments_come_after_the_file(tmp_path: Path) -> None:
    name = written(tmp_path, "[model]\nlayers = 5\n" + ENDS)
    assert load_recipe(name, ["model.layers=2"]).model.layers == 2


def test_cell_options() -> None:
    values, fields = assigned({}, ["model.cell_options.forget_bias=1.0"])
    assert values == {"model": {"cell_options": {"forget_bias": 1.0}}}
    assert fields == {"model.cell_options"}


def test_assigned_leaves_its_argument_alone() -> None:
    values = {"model": {"layers": 1}}
    assigned(values, ["model.layers=2"])
    assert values == {"model": {"layers": 1}}


@pytest.mark.parametrize("text", ["model.layers", "=3", "model.=3", ".layers=3", ""])
def test_what_is_no_assignment(text: str) -> None:
    assert "expected KEY=VALUE" in complaint(None, [text])


def test_wrong_assignments() -> None:
    assert "did you mean model.layers?" in complaint(None, ["model.layer=3"])
    assert "seed is not a section" in complaint(None, ["seed=1", "seed.x=1"])
    assert "did you mean seed?" in complaint(None, ["sed=3"])
    assert "model" in complaint(None, ["model.cell_options=3", "model.cell_options.x=3"])


def test_decoding_overrides() -> None:
    base = DecodingConfig(beam=7, max_extra=9)
    changed = decoding_overrides(base, ["decoding.beam=1", "decoding.deterministic=true"])
    assert (changed.beam, changed.deterministic, changed.max_extra) == (1, True, 9)
    assert decoding_overrides(base, []) == base
    for assignment, said in (
        ("decoding.baem=1", "decoding.baem: no such field, did you mean decoding.beam?"),
        ("decoding.beam=0", "decoding.beam: "),
        ("decoding.beam=wide", "decoding.beam: "),
        ("model.layers=1", "takes decoding.* only"),
        ("seed=1", "takes decoding.* only"),
        ("beam=1", "takes decoding.* only"),
        ("decoding=1", "decoding"),
    ):
        with pytest.raises(RecipeError, match="decoding") as caught:
            decoding_overrides(base, [assignment])
        assert said in str(caught.value)


def test_every_field_has_a_dotted_name() -> None:
    names = field_names(Recipe)
    assert {"seed", "model.layers", "decoding.beam"} <= set(names)
    assert len(names) == len(set(names)) <= 100


def test_another_architecture_leaves_out_what_it_cannot_read() -> None:
    model = {"heads": 8, "feed_forward": 64, "tie": "all", "hidden": 64, "dropout": 0.3}
    values = {"model": model, "training": {"max_steps": 3}}
    found, fields = assigned(values, ["model.architecture=recurrent", "model.cell=gru"])
    kept = {"hidden": 64, "dropout": 0.3}
    assert found["model"] == {**kept, "architecture": "recurrent", "cell": "gru"}
    assert check_recipe(found, fields, where="x").model.cell == "gru"
    same, _ = assigned(values, ["model.architecture=transformer"])
    assert same["model"]["tie"] == "all"
    with pytest.raises(RecipeError, match="model.heads"):  # who writes it means it
        check_recipe(
            *assigned(values, ["model.architecture=recurrent", "model.heads=2"]), where="x"
        )


def test_another_cell_leaves_out_the_options_of_the_first() -> None:
    values = {"model": {"cell": "lstm", "cell_options": {"forget_bias": 1.0}}}
    found, _ = assigned(values, ["model.cell=clockwork", "model.cell_options.periods=[1, 2]"])
    assert found["model"] == {"cell": "clockwork", "cell_options": {"periods": [1, 2]}}
    same, _ = assigned(values, ["model.cell=lstm"])
    assert same == values
    assert values["model"]["cell_options"] == {"forget_bias": 1.0}


def test_every_field_and_cell_is_described() -> None:
    text = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    for name in (*ModelConfig.model_fields, *CELLS):
        assert name == "architecture" or f"`{name}`" in text, name
