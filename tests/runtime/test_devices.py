from __future__ import annotations

import pytest
import torch

from seq2seq.errors import ResourceError, UsageError
from seq2seq.runtime.devices import choose_device


@pytest.mark.parametrize("count", [0, 2])
def test_choose(monkeypatch, count):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") == ("cuda" if count else "cpu")
    for name, needed in (("cuda", 1), ("cuda:0", 1), ("cuda:1", 2), ("cuda:2", 3)):
        if count >= needed:
            assert choose_device(name) == name
        else:
            with pytest.raises(ResourceError, match="not there"):
                choose_device(name)


@pytest.mark.parametrize("name", ["gpu", "", "cuda:", "cuda:x", "cuda:-1", "cpu:0"])
def test_unknown_names(name):
    with pytest.raises(UsageError, match="no device"):
        choose_device(name)
