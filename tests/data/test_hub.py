"""Hub data sets: local folders in the hub's layout load, and a hub out of reach says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seq2seq.config.schema import DataConfig
from seq2seq.data import hub
from seq2seq.data.corpora import open_corpus
from seq2seq.errors import DataError, ResourceError

datasets = pytest.importorskip("datasets")

ROWS = [{"translation": {"en": f"hello {n}", "fr": f"bonjour {n}"}} for n in range(20)]
COLUMNS = [{"en": f"hello {n}", "de": f"hallo {n}"} for n in range(5)]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", Path(tmp_path / "hf"))


@pytest.fixture
def parquet(tmp_path) -> Path:
    folder = tmp_path / "set"
    (folder / "data").mkdir(parents=True)
    for split, rows in (("train", ROWS), ("validation", ROWS[:2])):
        made = datasets.Dataset.from_list(rows)
        made.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))
    return folder


def config(folder, **fields) -> DataConfig:
    return DataConfig(format="hub", path=str(folder), **fields)


def test_parquet_in_the_hubs_layout(parquet):
    train = open_corpus(config(parquet), "train")
    assert list(train.pairs())[3] == ("hello 3", "bonjour 3")
    assert train.survey().count == 20
    valid = open_corpus(config(parquet), "valid")
    assert valid.survey().count == 2
    assert valid.survey().digest != train.survey().digest
    assert train.survey() == open_corpus(config(parquet), "train").survey()


def test_a_data_set_saved_to_disk(tmp_path):
    folder = tmp_path / "disk"
    datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)}).save_to_disk(folder)
    assert len(list(open_corpus(config(folder), "train").pairs())) == 20
    assert open_corpus(config(folder), "valid") is None
    single = tmp_path / "single"
    datasets.Dataset.from_list(ROWS).save_to_disk(single)
    assert open_corpus(config(single), "train").survey().count == 20


def test_json_lines_with_a_column_for_each_language(tmp_path):
    folder = tmp_path / "columns"
    folder.mkdir()
    for split in ("train", "test"):
        text = "".join(json.dumps(row) + "\n" for row in COLUMNS)
        (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
    assert next(open_corpus(config(folder, pair="de-en"), "train").pairs()) == (
        "hallo 0",
        "hello 0",
    )
    with pytest.raises(DataError, match='row 1: no text for "fr"'):
        list(open_corpus(config(folder), "train").pairs())


def test_a_split_that_is_not_there_names_those_that_are(parquet):
    with pytest.raises(DataError, match="no split training; it has train, validation"):
        open_corpus(config(parquet, train="training"), "train")
    with pytest.raises(DataError, match="no split dev"):
        open_corpus(config(parquet, valid="dev"), "valid")


def test_a_folder_that_is_no_data_set_is_a_data_error(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.bin").write_bytes(b"?")
    with pytest.raises(DataError, match="cannot be loaded as a data set"):
        open_corpus(config(tmp_path / "bad"), "train")


def test_offline_names_what_to_download(monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "_reachable", lambda data: False)
    with pytest.raises(ResourceError) as caught:
        open_corpus(config("nobody/nothing-of-this-name", configuration="fr-en"), "train")
    assert caught.value.exit_code == 5
    assert "nobody/nothing-of-this-name (configuration fr-en)" in str(caught.value)
    assert "https://huggingface.co/datasets/nobody/nothing-of-this-name" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_hub_is_asked_once(monkeypatch):
    import huggingface_hub

    asked = []

    def answer(self, name, **options):
        asked.append(name)
        if name == "away":
            raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", answer)
    assert hub._reachable(config("here"))
    assert not hub._reachable(config("away"))
    assert asked == ["here", "away"]


def test_a_configuration_that_does_not_exist_is_told(monkeypatch):
    def load(*arguments, **options):
        raise ValueError("BuilderConfig 'xx' not found.\nAvailable: ['fr-en']")

    monkeypatch.setattr(hub, "_reachable", lambda data: True)
    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(ResourceError, match=r"not found. Available: \['fr-en'\]"):
        open_corpus(config("some/set", configuration="xx"), "train")


def test_a_full_disk_is_told(monkeypatch):
    def load(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hub, "_reachable", lambda data: True)
    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(ResourceError, match="set HF_HOME"):
        open_corpus(config("some/set"), "train")


def test_a_remote_set_is_known_by_its_files_and_first_rows(monkeypatch, parquet):
    loaded = datasets.load_dataset(str(parquet))
    monkeypatch.setattr(hub, "_reachable", lambda data: True)
    monkeypatch.setattr(datasets, "load_dataset", lambda *arguments, **options: loaded)
    train = open_corpus(config("some/set"), "train")
    assert train.survey() == open_corpus(config("some/set"), "train").survey()
    assert train.survey().digest != open_corpus(config("other/set"), "train").survey().digest
