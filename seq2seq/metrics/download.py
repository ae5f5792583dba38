"""Guard around sacrebleu's downloads, which may wait for ever, log, and end the process."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from seq2seq.errors import ResourceError, Seq2SeqError

PATIENCE = 10.0  # seconds that one answer of the network may take


class _Collector(logging.Handler):
    """Keeps what a logger says, and prints nothing."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.said.append(record.getMessage())


@contextmanager
def fetching(what: str, hint: str) -> Iterator[None]:
    """Turn whatever goes wrong in the block into a ResourceError saying that `what` cannot be had.

    sacrebleu calls `sys.exit` on a bad checksum and gives its downloads no time limit; inside the
    block every new socket has one.
    """
    logger, collector = logging.getLogger("sacrebleu"), _Collector()
    propagate, timeout = logger.propagate, socket.getdefaulttimeout()
    logger.addHandler(collector)
    logger.propagate = False
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    except Seq2SeqError:
        raise
    except (SystemExit, Exception) as error:
        told = str(getattr(error, "reason", "") or error) or type(error).__name__
        reason = collector.said[0] if collector.said else told
        reason = " ".join(reason.split()).rstrip(".")
        raise ResourceError(f"{what} cannot be had: {reason}", hint) from error
    finally:
        socket.setdefaulttimeout(timeout)
        logger.propagate = propagate
        logger.removeHandler(collector)
