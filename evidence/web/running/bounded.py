"""What a process is made to be before it loads anything of ours: bounded, standing back, gone when the server is gone.

Nothing but the standard library is imported here: loading the pipeline takes a second of a processor, and a process
that has not stood back yet would take it from those who read.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_home: list[Connection] = []


@dataclass(frozen=True)
class Bounds:
    """What a process may take: ``folder`` is its only place for files, ``memory`` is MiB of address space, ``nice`` is
    how far it stands back for those who read."""

    folder: Path
    memory: int
    seconds: int
    nice: int = 10


def begin(home: Connection, bounds: Bounds) -> None:
    """Make this process one that scans: its own session, bounded, and gone when the server is gone."""
    os.setsid()
    end_with_server()
    stand_back(bounds.nice)
    # Only the soft limit: the pool and git inherit it and set tighter ones of their own.
    _soft(resource.RLIMIT_AS, bounds.memory << 20)
    _soft(resource.RLIMIT_CORE, 0)
    os.environ["TMPDIR"] = tempfile.tempdir = str(bounds.folder)
    _home.append(home)
    tell("process", os.getpid())


def begin_to_render() -> None:
    """A signal for the server's whole group is the server's to answer; without the server there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_server()


def end_with_server() -> None:
    """Have the kernel end this process when the thread of the server that started it is gone."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stand_back(nice: int) -> None:
    """Leave the processors to those who read: this process, and all that it starts, takes what they do not need."""
    if nice:
        with suppress(OSError, AttributeError):
            os.nice(nice)
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _soft(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def tell(*message: Any) -> None:
    """Send a message to the server, which may be gone; then so are we, soon."""
    with suppress(OSError):
        _home[0].send(message)
