"""The few errors a user can meet: each has one line of message, a way out, and an exit code.

Everything that a user can cause is raised as one of these; anything else is a bug in the toolkit
and exits with 1.
"""

from __future__ import annotations


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
