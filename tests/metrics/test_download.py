from __future__ import annotations

import logging
import socket
import sys
import tarfile
import urllib.error

import pytest

from seq2seq.errors import ResourceError, UsageError
from seq2seq.metrics.download import PATIENCE, fetching


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.URLError("no such host"),
        TimeoutError("timed out"),
        tarfile.ReadError("bad archive"),
        SystemExit(1),
        Exception("anything"),
    ],
)
def test_every_failure_is_a_missing_resource(error: BaseException) -> None:
    with pytest.raises(ResourceError, match="the test set X cannot be had: ") as caught:
        with fetching("the test set X", "connect"):
            raise error
    assert caught.value.hint == "connect"
    assert "\n" not in str(caught.value)


def test_what_sacrebleu_logs_before_it_exits_is_the_reason(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ResourceError, match="MD5 sum of the file was wrong"):
        with fetching("X", "connect"):
            logging.getLogger("sacrebleu").error("MD5 sum of the file was wrong.")
            sys.exit(1)
    assert capfd.readouterr() == ("", "")


def test_own_errors_and_interrupts_pass() -> None:
    with pytest.raises(UsageError), fetching("X", ""):
        raise UsageError("wrong")
    with pytest.raises(KeyboardInterrupt), fetching("X", ""):
        raise KeyboardInterrupt


def test_sockets_have_a_time_limit_inside_only() -> None:
    before = socket.getdefaulttimeout(), list(logging.getLogger("sacrebleu").handlers)
    with fetching("X", ""):
        assert socket.getdefaulttimeout() == PATIENCE
    assert before == (socket.getdefaulttimeout(), list(logging.getLogger("sacrebleu").handlers))
