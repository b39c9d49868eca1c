"""One process that works on hostile input: started, listened to, and ended in time with everything that it started."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from evidence.web.running.bounded import Bounds, begin
from evidence.web.running.forks import context
from evidence.web.running.work import Answer

_TICK_SECONDS = 0.25
_GRACE_SECONDS = 2.0
PREFIX = "work-"

Heard = Callable[[tuple[Any, ...]], None]
Wanted = Callable[[], bool]


class Ended(Exception):
    """The process was ended from outside; ``str()`` is the sentence to show, empty where it was asked for."""


def run_apart(call: Callable[..., Answer], *given: Any, bounds: Bounds, heard: Heard, wanted: Wanted) -> Answer:
    """``call(*given)`` in a process of its own within ``bounds``.

    ``heard`` gets what it tells of its progress; as soon as ``wanted`` is false it is ended. Raises :class:`Ended`.
    """
    started = context()
    mine, its = started.Pipe(duplex=False)
    server, held = started.Pipe(duplex=False)
    given_first = (its, server, bounds, dict(os.environ))
    executor = ProcessPoolExecutor(1, mp_context=started, initializer=begin, initargs=given_first)
    watch = _Watch(mine, heard)
    try:
        future = executor.submit(call, *given)
        its.close()
        server.close()
        return watch.until_done(future, time.monotonic() + bounds.seconds, wanted, bounds.seconds)
    finally:
        watch.end()
        executor.shutdown(wait=True, cancel_futures=True)
        mine.close()
        held.close()


class _Watch:
    def __init__(self, connection: Connection, heard: Heard) -> None:
        self._connection, self._heard = connection, heard
        self._process = 0
        self._future: Future[Answer] | None = None

    def until_done(self, future: Future[Answer], deadline: float, wanted: Wanted, seconds: int) -> Answer:
        self._future = future
        while not wait([future], timeout=_TICK_SECONDS).done:
            self._listen()
            if not wanted():
                raise Ended("")
            if time.monotonic() > deadline:
                raise Ended(f"It took longer than it may take here ({seconds} seconds), and was stopped.")
        self._listen()
        error = future.exception()
        if error is not None:
            raise Ended("The process was ended by the machine: it may have run out of memory.")
        return future.result()

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while self._connection.poll():
                message = self._connection.recv()
                if message[0] == "process":
                    self._process = int(message[1])
                else:
                    self._heard(message)

    def end(self) -> None:
        """End the process if it still works: kindly first, so that it clears up, then all of it at once."""
        if self._future is None or self._future.done():
            return
        self._listen()
        if not self._process:
            wait([self._future], timeout=_GRACE_SECONDS)
            self._listen()
        if self._process:
            _signal(self._process, signal.SIGTERM)
            if not wait([self._future], timeout=_GRACE_SECONDS).done:
                for each in (*_descendants(self._process), self._process):
                    _signal(each, signal.SIGKILL)


def _signal(process: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)


def _descendants(process: int) -> list[int]:
    """What this process started, and what those did: git has sessions of its own, so no one group holds them all."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parents.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(int(entry.parent.name))
    found, waiting = [], [process]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A folder for one process, gone with everything in it when the block ends."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove what processes of an earlier run of this server left behind."""
    for folder in parent.glob(f"{PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)
