from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading

import pytest

from seq2seq.decoding.output import open_output
from seq2seq.errors import ResourceError


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with open_output(path) as write:
        write(b"new\n")
        write("é\n".encode())
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == "new\né\n".encode()
    assert os.listdir(tmp_path) == ["out"]


def test_the_old_file_stands_after_an_error(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), open_output(path) as write:
        write(b"new")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out"]


def test_the_umask_is_obeyed(tmp_path):
    before = os.umask(0o027)
    try:
        with open_output(tmp_path / "out"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to("real")
    with open_output(tmp_path / "link") as write:
        write(b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"x"


def test_a_named_pipe_is_written_to(tmp_path):
    fifo, got = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    with open_output(fifo) as write:
        write(b"x\n")
    reader.join()
    assert got == [b"x\n"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@pytest.mark.parametrize("name", ["no/such/out", ".", "nul\0"])
def test_places_that_cannot_be_written(tmp_path, name):
    with pytest.raises(ResourceError, match="cannot write"), open_output(tmp_path / name) as write:
        write(b"x")


def test_a_full_device(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    (tmp_path / "full").symlink_to("/dev/full")
    message = "No space left on device"
    with pytest.raises(ResourceError, match=message), open_output(tmp_path / "full") as write:
        write(b"x")


SCRIPT = """
import sys
from seq2seq.decoding.output import open_output
from seq2seq.errors import ResourceError
try:
    with open_output(None) as write:
        for _ in range(int(sys.argv[1])):
            write(b"line\\n" * 1000)
except ResourceError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
except BrokenPipeError:
    sys.exit(141)
"""


def shell(command, count=1):
    full = f"{sys.executable} -c '{SCRIPT}' {count} {command}"
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    return subprocess.run(["bash", "-c", full], capture_output=True, text=True, cwd=root)


def test_standard_output():
    done = shell("")
    assert (done.returncode, done.stdout, done.stderr) == (0, "line\n" * 1000, "")


def test_standard_output_full():
    done = shell("> /dev/full")
    assert done.returncode == 5
    assert done.stderr.startswith("cannot write output: No space left on device")
    assert done.stderr.count("\n") == 1


def test_standard_output_closed():
    done = shell(">&-")
    assert done.returncode == 5
    assert done.stderr.startswith("cannot write output: standard output is closed")


def test_the_reader_left():
    done = shell("| head -1; exit ${PIPESTATUS[0]}", 1000)
    assert (done.returncode, done.stdout, done.stderr) == (141, "line\n", "")
