"""Where output goes: standard output, or files that appear whole or not at all."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

# What a shell reports of a program that wrote to a closed pipe.
PIPE_CLOSED = 128 + signal.SIGPIPE


def write_out(content: bytes) -> None:
    """Write UTF-8 to standard output. On a terminal, characters that hide or re-order others are shown by a sign.
    OSError where it cannot be done."""
    if sys.stdout.isatty():
        from evidence.report.visible import visible

        content = visible(content.decode("utf-8"), keep="\n\t").encode("utf-8")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader went away, as `head` does. Nothing is left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(PIPE_CLOSED) from None


def print_out(text: str) -> None:
    """Write lines of our own to standard output."""
    write_out(f"{text}\n".encode("utf-8", "backslashreplace"))


def write_file(target: Path, content: bytes) -> None:
    """Write ``content`` to ``target`` through a neighbour that is synced and renamed: no reader sees half a file, and a
    full disk leaves the old one. A pipe or a device (``/dev/null``) is written to as it is, for renaming would put a
    file in its place. OSError when it cannot be done."""
    try:
        _write(target, content)
    except BrokenPipeError:
        raise SystemExit(PIPE_CLOSED) from None
    except OSError as error:
        # a reader knows the file that was asked for, and not its neighbour
        raise OSError(error.errno, error.strerror, str(target)) from None


def _write(target: Path, content: bytes) -> None:
    if target.exists() and not target.is_file():
        with open(target, "wb") as stream:
            stream.write(content)
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, _mode_of(target))
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _mode_of(target: Path) -> int:
    """The permissions of the file that is replaced; those of any new file when there is none."""
    with suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
