"""The few errors a user can meet: each has one line of message, a way out, and an exit code.

Everything that a user can cause is raised as one of these; anything else is a bug in the toolkit
and exits with 1.
"""

from __future__ import annotations

import errno

WAYS_OUT = {  # of what the system says
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EACCES: "choose another place, or ask for access",
    errno.EPERM: "choose another place, or ask for access",
    errno.EROFS: "choose a place that can be written",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.ELOOP: "give the file itself: its links go round in a circle",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "give a file, not a folder",
    errno.ENOENT: "check the path",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
    errno.ENFILE: "close other programs: the system has no file left",
    errno.EBUSY: "close what uses it, or choose another place",
    errno.ESTALE: "the network file system lost it: run again",
    errno.ENOLCK: "the file system has no locks: choose a local folder",
    errno.ENOMEM: "free some memory, or lower training.batch_tokens or decoding.batch_tokens",
    errno.EAGAIN: "raise the limit of processes (ulimit -u), or lower --threads",
}
ANY_WAY_OUT = "check the disk and the path, then run again"


class Seq2SeqError(Exception):
    """Base of all errors made for users.

    `message` says what is wrong and where, `hint` says the way out; both are printed on one line.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message and the way out as one line."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(Seq2SeqError):
    """The command line itself is wrong."""

    exit_code = 2


class DataError(Seq2SeqError):
    """Text given by the user is missing, damaged, or does not fit together."""

    exit_code = 3


class ModelError(Seq2SeqError):
    """A model, a checkpoint or a run directory is missing, damaged, or incompatible."""

    exit_code = 4


class RecipeError(ModelError):
    """A recipe, or a `--set` on top of it, has mistakes."""


class ResourceError(Seq2SeqError):
    """Disk, memory, a device or the network is not there."""

    exit_code = 5


class DivergedError(Seq2SeqError):
    """Training ran into non-finite numbers and stopped."""

    exit_code = 6


def way_out(error: BaseException) -> str:
    """Return what to do about a failure of the operating system."""
    return WAYS_OUT.get(getattr(error, "errno", None) or 0, ANY_WAY_OUT)
