"""What a process is made to be before it loads anything of ours: bounded, standing back, gone when the server is gone.

Nothing but the standard library is imported here: where a process starts anew, loading the pipeline takes a second of a
processor, and one that has not stood back yet would take it from those who read.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_home: list[Connection] = []
_server: list[Connection] = []


@dataclass(frozen=True)
class Bounds:
    """What a process may take: ``folder`` is its only place for files, ``memory`` is MiB of address space, ``nice`` is
    how far it stands back for those who read."""

    folder: Path
    memory: int
    seconds: int
    nice: int = 10


def begin(home: Connection, server: Connection, bounds: Bounds, environment: Mapping[str, str]) -> None:
    """Make this process one that scans: its own session, bounded, and gone when the server is gone.

    It tells the server through ``home``; ``server`` and ``environment`` are the server's, see :func:`end_with`."""
    os.environ.clear()
    os.environ.update(environment)
    os.setsid()
    end_with(server)
    stand_back(bounds.nice)
    # Only the soft limit: the pool and git inherit it and set tighter ones of their own.
    _soft(resource.RLIMIT_AS, bounds.memory << 20)
    _soft(resource.RLIMIT_CORE, 0)
    os.environ["TMPDIR"] = tempfile.tempdir = str(bounds.folder)
    _home.append(home)
    tell("process", os.getpid())


def begin_to_render(server: Connection) -> None:
    """A signal for the server's whole group is the server's to answer; without the server there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(server)


def end_with(server: Connection) -> None:
    """Have the kernel end this process when the server is gone, which alone holds the other end of ``server`` and never
    writes to it: a pipe signals whoever reads it when its last writer is gone. So it does when what this process was
    forked of is gone."""
    _server.append(server)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        fcntl.fcntl(server, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(server, fcntl.F_SETSIG, signal.SIGTERM)
        fcntl.fcntl(server, fcntl.F_SETFL, fcntl.fcntl(server, fcntl.F_GETFL) | os.O_ASYNC)
    if server.poll():
        raise SystemExit


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
