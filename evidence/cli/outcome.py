"""What a command line comes to: every way of ending is an exit code and at most one sentence on standard error."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType

import click

from evidence.cli.terminal import complain

DEBUG = "EVIDENCE_DEBUG"

_WRONG_USAGE = 2
_NOT_DONE = 3
# What a shell reports of a process that a signal ended.
_SIGNAL_BASE = 128
_INTERRUPTED = _SIGNAL_BASE + signal.SIGINT
_arrived: list[int] = []
# How long an exception waits that was lost: whatever lost it is over by then.
_AGAIN_SECONDS = 0.02


def exit_code_of(command: Callable[[], object]) -> int:
    """Run ``command`` and turn whatever it returns or raises into an exit code; a condition the user can meet is said
    in one sentence, a defect is called one. ``EVIDENCE_DEBUG=1`` adds the trace."""
    try:
        result = command()
        leave_if_asked()
        sys.stdout.flush()
    except click.ClickException as wrong:
        wrong.show()
        return _WRONG_USAGE
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except Exception as error:
        leave_if_asked()
        if os.environ.get(DEBUG):
            traceback.print_exc()
        return _explained(error)
    return result if isinstance(result, int) else 0


def _explained(error: Exception) -> int:
    from evidence.model import EvidenceError

    if isinstance(error, EvidenceError):
        complain(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        complain(f"{error.strerror}: {os.fsdecode(error.filename)}." if error.filename else f"{error.strerror}.")
        return _NOT_DONE
    # The text of an unforeseen exception may quote the scanned repository, secrets included: only its kind is said.
    complain(
        f"{type(error).__name__}: this is a defect in evidence, not in what was scanned. "
        f"Run the same command with {DEBUG}=1 for the trace, and report it."
    )
    return _NOT_DONE


def hold_closed_streams() -> None:
    """Take the places of standard streams that whoever started us has closed (``>&-``), before another file takes them
    and is written to. Reading gives nothing, complaints are lost, and writing fails as it must."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # the lowest free number is this one
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
    sys.stdout, sys.stderr = sys.stdout or _unbuffered(1), sys.stderr or _unbuffered(2)


def _unbuffered(number: int) -> io.TextIOWrapper:
    """A stream that keeps nothing: what could not be written is not tried again at exit."""
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", write_through=True)


def leave_on_signals() -> None:
    """Make SIGINT, SIGTERM and SIGHUP unwind the program, so that temporary folders go and children end; a hang-up that
    is ignored, as under ``nohup``, stays so."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)
    sys.unraisablehook = _again_if_lost


def leave_if_asked() -> None:
    """Leave now if a signal has come and its exception got lost on the way, as an ``except`` of a library may lose one:
    what was worked out since is not to be trusted."""
    if _arrived:
        raise SystemExit(_SIGNAL_BASE + _arrived[0])


def _leave(number: int, _frame: FrameType | None) -> None:
    _arrived.append(number)
    # A second signal would interrupt the cleaning up that the first one asked for.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(_SIGNAL_BASE + number)


def _again_if_lost(lost: sys.UnraisableHookArgs) -> None:
    """Python drops what is raised in a callback of its own (around a fork, when an object goes) and prints a trace: a
    signal's exception is raised again instead, a moment later."""
    if _arrived and isinstance(lost.exc_value, SystemExit):
        signal.signal(signal.SIGALRM, lambda _number, _frame: leave_if_asked())
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
    else:
        sys.__unraisablehook__(lost)
