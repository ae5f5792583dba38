"""Data sets of the Hugging Face hub, or of a local folder in the hub's layout.

`datasets` downloads once and memory-maps Arrow files, so a corpus of any size streams. When the hub
does not answer within seconds, only what was downloaded before is used.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from seq2seq.config.schema import DataConfig
from seq2seq.data.streams import Corpus, Pair, Survey, digest_of, pair_of
from seq2seq.errors import DataError, ResourceError, Seq2SeqError
from seq2seq.text.lines import measure, one_line

PATIENCE = 3.0  # seconds for the hub's first answer
VALID_NAMES = ("validation", "valid", "dev")
SAMPLED_ROWS = 1000


@dataclass(frozen=True)
class HubCorpus:
    """One split of a loaded data set."""

    path: str
    split: str
    rows: Any  # a datasets.Dataset
    languages: tuple[str, str]
    folder: Path | None = None  # where it was loaded from, unless that is the hub

    @property
    def name(self) -> str:
        """Return the data set and the split."""
        return f"{self.path}, split {self.split}"

    def survey(self) -> Survey:
        """Return the count of rows, and a digest of their origin, Arrow files and first rows.

        The Arrow files' folder carries the hub's commit, so that their content need not be read.
        For a local folder, it is a digest of all files in there.
        """
        if self.folder:
            inside = sorted(path for path in self.folder.rglob("*") if path.is_file())
            facts = [
                (path.relative_to(self.folder), measure(path, is_text=False).digest)
                for path in inside
            ]
            return Survey(len(self.rows), digest_of(*self.languages, self.split, *facts))
        files = [Path(file["filename"]) for file in self.rows.cache_files]
        made = ["/".join(path.parts[-2:]) for path in files]
        sample = [side for pair in islice(self.pairs(), SAMPLED_ROWS) for side in pair]
        digest = digest_of("hub", self.name, *self.languages, *made, *sample)
        return Survey(len(self.rows), digest)

    def pairs(self) -> Iterator[Pair]:
        """Stream the pairs."""
        for number, row in enumerate(self.rows, 1):
            yield pair_of(row, self.languages, f"{self.name}, row {number}")


def open_hub(data: DataConfig, split: str) -> Corpus | None:
    """Return a split of a data set, or None where it has no validation split and none was named.

    Raises ResourceError where the data set can neither be reached nor found on this machine.
    """
    loaded = _loaded(data)
    wanted: tuple[str, ...] = (data.train,) if split == "train" else (data.valid,)
    if split == "valid" and data.valid == "valid":
        wanted = VALID_NAMES
    for name in wanted:
        if name in loaded:
            folder = Path(data.path).expanduser()
            local = folder if folder.is_dir() else None
            return HubCorpus(data.path, name, loaded[name], data.languages, local)
    if split == "valid" and data.valid == "valid":
        return None
    there = ", ".join(map(str, loaded))
    raise DataError(f"{data.path} has no split {wanted[0]}", f"it has {there}: set data.{split}")


def _loaded(data: DataConfig) -> Any:
    """Return the splits of a data set by name."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    import datasets

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    folder = Path(data.path).expanduser()
    local = folder.is_dir()
    online = not local and _reachable(data)
    usual, datasets.config.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE, not online
    try:
        if any((folder / name).exists() for name in ("dataset_dict.json", "state.json")):
            loaded = datasets.load_from_disk(str(folder))
            return loaded if isinstance(loaded, dict) else {data.train: loaded}
        return datasets.load_dataset(
            str(folder) if local else data.path,
            data.configuration or None,
            revision=None if local else data.revision or None,
        )
    except (datasets.exceptions.DatasetsError, OSError, ValueError, RuntimeError) as error:
        raise _explained(error, data, local, online) from None
    finally:
        datasets.config.HF_HUB_OFFLINE = usual


def _explained(error: Exception, data: DataConfig, local: bool, online: bool) -> Seq2SeqError:
    reason = one_line(str(error))[:200]
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EACCES, errno.EROFS):
        return ResourceError(
            f"cannot prepare data set {data.path}: {reason}",
            "free some space, or set HF_HOME to a folder that can be written",
        )
    if local:
        return DataError(
            f"{data.path} cannot be loaded as a data set: {reason}",
            "save it as Parquet or JSON lines, or set data.configuration",
        )
    what = f"{data.path} (configuration {data.configuration})" if data.configuration else data.path
    if online:
        hint = "check data.configuration and data.revision"
        return ResourceError(f"data set {what} cannot be loaded: {reason}", hint)
    return ResourceError(
        f"data set {what} is neither on this machine nor within reach",
        f"download it while online (https://huggingface.co/datasets/{data.path}), "
        "or name a folder of text files with --data",
    )


def _reachable(data: DataConfig) -> bool:
    """Ask the hub for the data set once; the loader itself would try for half a minute."""
    import huggingface_hub

    try:
        huggingface_hub.HfApi().dataset_info(
            data.path, revision=data.revision or None, timeout=PATIENCE
        )
    except Exception:  # whatever keeps it from answering, the copy on this machine is next
        return False
    return True
