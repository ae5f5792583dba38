"""The application: all subcommands, and what becomes of errors, signals and closed pipes."""

from __future__ import annotations

import errno
import os
import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from seq2seq import __version__
from seq2seq.commands import (
    benchmark,
    compare,
    demo,
    evaluate,
    export,
    inspect,
    recipes,
    reproduce,
    rescore,
    score,
    train,
    translate,
)
from seq2seq.commands.command import Command
from seq2seq.errors import Seq2SeqError, way_out
from seq2seq.terminal import prepare_streams, put, tell

app = typer.Typer(
    name="seq2seq",
    help="Train translation models, translate with them, and score them.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # of a disk, or whatever stdout is
BROKEN_PIPE = 128 + signal.SIGPIPE
ENDED = (BROKEN_PIPE, 128 + signal.SIGHUP, 128 + signal.SIGINT, 128 + signal.SIGTERM)


def _show_version(wanted: bool) -> None:
    if wanted:
        put(f"seq2seq {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="print the version"),
    ] = False,
) -> None:
    """Train translation models, translate with them, and score them."""


app.command(cls=Command, epilog=train.EXAMPLES)(train.train)
app.command(cls=Command, epilog=translate.EXAMPLES)(translate.translate)
app.command(cls=Command, epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command(cls=Command, epilog=compare.EXAMPLES)(compare.compare)
app.command(cls=Command, epilog=score.EXAMPLES)(score.score)
app.command(cls=Command, epilog=rescore.EXAMPLES)(rescore.rescore)
app.command(cls=Command, epilog=reproduce.EXAMPLES)(reproduce.reproduce)
app.command(cls=Command, epilog=export.EXAMPLES)(export.export)
app.command(cls=Command, epilog=recipes.EXAMPLES)(recipes.recipes)
app.command(cls=Command, epilog=demo.EXAMPLES)(demo.demo)
app.add_typer(inspect.inspect)
app.add_typer(benchmark.benchmark)


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated(number)


def main() -> NoReturn:
    """Run the command line and exit with the code that its outcome calls for."""
    prepare_streams()
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as `nohup` would have it
        signal.signal(signal.SIGHUP, _terminate)
    code = _run(sys.argv[1:] or ["--help"])
    _leave(code)


def _run(arguments: list[str]) -> int:
    """Run one command; return its exit code. An error is one line, a traceback needs --debug."""
    try:
        # Not by calling the command: that would turn a broken pipe into exit code 1.
        command = get_command(app)
        with command.make_context("seq2seq", arguments) as context:
            command.invoke(context)
        return 0
    except typer.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 128 + signal.SIGINT
    except Terminated as end:
        return 128 + end.number
    except BrokenPipeError:
        return BROKEN_PIPE
    except Seq2SeqError as error:
        if "--debug" in arguments:
            raise
        return _complain(str(error), error.exit_code)
    except Exception as error:
        told = _usage_error(error)
        if told is not None:
            return _complain(told, 2)
        if "--debug" in arguments:
            raise
        if isinstance(error, OSError):
            return _complain(_explained(error), 5)
        if isinstance(error, MemoryError) or ("memory" in str(error) and "alloc" in str(error)):
            return _complain(
                "not enough memory; lower training.batch_tokens or decoding.batch_tokens", 5
            )
        kind = type(error).__name__
        return _complain(
            f"a bug in seq2seq: {kind}: {error}; run again with --debug and report it", 1
        )


def _usage_error(error: Exception) -> str | None:
    """Return the message of a mistake in the command line, with where to read more."""
    if not hasattr(error, "format_message"):
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "seq2seq"
    return f"{error.format_message().rstrip('.')}; see `{path} --help`"


def _explained(error: OSError) -> str:
    """Return one line about any failure of the operating system, with the file and a way out."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in NO_ROOM and error.filename is None:
        return f"cannot write output: {reason}; free some space"
    name = f"cannot use {os.fsdecode(error.filename)}" if _is_name(error.filename) else "failed"
    return f"{name}: {reason}; {way_out(error)}"


def _is_name(value: object) -> bool:
    return isinstance(value, str | bytes | os.PathLike)


def _complain(message: str, code: int) -> int:
    """Write one error line, with control characters made visible."""
    line = " ".join(message.replace("\t", "\\t").split("\n"))
    tell(f"error: {line}")  # where nobody listens, the exit code still tells
    return code


def _leave(code: int) -> NoReturn:
    """Flush what is left and exit; a reader that left makes it 141, a full disk 5."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = code or BROKEN_PIPE
    except OSError as error:
        code = code or _complain(f"cannot write output: {error.strerror}; free some space", 5)
    # The interpreter would try to flush again on its way out, complain in lines of its own, and
    # exit with 120.
    sys.stdout = None
    try:
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        sys.stderr = None
    if code in ENDED:
        os._exit(code)
    sys.exit(code)
