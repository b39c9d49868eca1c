"""One generation of worker processes of the extraction pool."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, cast
from warnings import catch_warnings, simplefilter

from evidence.facts.workers import worker as _worker
from evidence.facts.workers.orphans import forking
from evidence.facts.workers.worker import Answer, Extract, Item

_REAP_SECONDS = 5.0
# From here on the executor does so itself when workers die (CPython's issue 94777).
_UNBLOCKED = (3, 11, 5)
# An item that waits for a busy machine is no hang: what does nothing is charged this part of the clock only.
_WAITING = 6
# Linux takes 107 bytes for the address of a socket, and multiprocessing adds "/pymp-12345678/listener-12345678".
_LONGEST_FOLDER = 70


class Crew:
    """One generation of worker processes and the shared memory in which they say what they are at."""

    def __init__(self, extract: Extract, workers: int) -> None:
        context = _context()
        self._roster = _Roster(context)
        self._desk = context.RawArray("d", workers * _worker.FIELDS)
        self._executor = ProcessPoolExecutor(
            workers,
            mp_context=cast(BaseContext, self._roster),
            initializer=_worker.begin,
            initargs=(extract, self._desk, context.Value("i", 0), _forking(context)),
        )
        self._futures: list[Future[list[Answer]]] = []
        self._heard = monotonic()

    def submit(self, number: int, items: list[Item], heavy: bool) -> Future[list[Answer]] | None:
        """Hand a batch over; None when the workers are dead."""
        self._heard = monotonic()
        try:
            with catch_warnings(), forking():
                # Forking happens in the first submit, before the executor starts threads of its own.
                simplefilter("ignore", DeprecationWarning)
                future = self._executor.submit(_worker.work, number, items, heavy)
        except BrokenProcessPool:
            return None
        self._futures = [*(f for f in self._futures if not f.done()), future]
        return future

    def _rows(self) -> list[list[float]]:
        cells = list(self._desk)
        return [cells[i : i + _worker.FIELDS] for i in range(0, len(cells), _worker.FIELDS)]

    def in_work(self) -> set[tuple[int, int]]:
        """(batch, item) of every worker that is, or died, in the middle of an item."""
        return {(int(batch), int(item)) for _, batch, item, started, _ in self._rows() if started}

    def kill_overdue(self, seconds: float) -> set[tuple[int, int]]:
        """Kill the workers whose item takes more processor time than this, or stands still; (batch, item) of those."""
        now, rows = monotonic(), self._rows()
        late = {
            int(pid): (int(batch), int(item))
            for pid, batch, item, since, used in rows
            if since and now - since > seconds and _spent(int(pid), now - since, used) > seconds
        }
        idle = not any(row[3] for row in rows) and now - self._heard > 3 * seconds
        self._roster.kill(None if idle else set(late))
        return set(late.values())

    def close(self) -> None:
        """Kill and reap every worker.

        The executor must have seen the deaths before it is asked to shut down: a worker killed while it waits for work
        holds the lock of the queue, and an orderly shutdown would wait for the others, who wait for the lock.
        """
        self._roster.kill(None)
        _give_back(self._futures)
        _end_answers(self._executor)
        wait(self._futures, timeout=_REAP_SECONDS)
        if sys.version_info >= _UNBLOCKED:
            self._executor.shutdown(wait=True, cancel_futures=True)
        else:
            _shut_down(self._executor)


def _give_back(futures: Iterable[Future[list[Answer]]]) -> None:
    """Release the locks of futures that this thread holds.

    It holds one where a signal's exception came between taking it and the block that would have released it, and then
    whoever tells the future of its worker's death would wait for ever.
    """
    for future in futures:
        lock: Any = future._condition
        while lock._is_owned():
            lock.release()


def _end_answers(executor: Any) -> None:
    """Close this process's end of the pipe that the workers, who are dead, wrote their answers into.

    One that was killed in the middle of an answer left a part of it there, and the executor's thread would wait for the
    rest as long as anybody could write it."""
    if executor._result_queue is not None:
        executor._result_queue._writer.close()


def _shut_down(executor: Any) -> None:
    """Shut an older executor down, whose thread may be writing a batch that the dead will never read.

    Only when that thread stands still is the other end of its pipe closed: two threads that close one end at a time
    may close a file that was opened in between.
    """
    queue, thread = executor._call_queue, executor._executor_manager_thread
    executor.shutdown(wait=False, cancel_futures=True)
    if thread is not None:
        thread.join(_REAP_SECONDS)
        if thread.is_alive():
            queue._reader.close()
            thread.join()


class _Roster:
    """A multiprocessing context that remembers the processes it made."""

    def __init__(self, context: BaseContext) -> None:
        self._context = context
        self._processes: list[BaseProcess] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:
        """A process of the context, written down."""
        process: BaseProcess = self._context.Process(*args, **kwargs)  # type: ignore[attr-defined]
        self._processes.append(process)
        return process

    def kill(self, pids: set[int] | None) -> None:
        """Kill the started ones among these (None: all)."""
        for process in self._processes:
            if process.pid is not None and (pids is None or process.pid in pids):
                process.kill()


def _spent(pid: int, passed: float, used: float) -> float:
    """Seconds to charge to an item that began ``passed`` seconds ago, when its worker had used so much of a processor.

    Processor time, so that the same file meets the same bound on a busy machine; the clock where the system does not
    tell, and a part of the clock for whoever does nothing at all."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            user, system = stat.read().rpartition(")")[2].split()[11:13]
    except (OSError, ValueError):
        return passed
    return max((int(user) + int(system)) / os.sysconf("SC_CLK_TCK") - used, passed / _WAITING)


def _forking(context: BaseContext) -> int:
    """The id of the process whose children the workers are; 0 where a server of the context forks them."""
    return os.getpid() if context.get_start_method() == "fork" else 0


def _context() -> BaseContext:
    """Fork where nothing speaks against it; a server that never had a second thread where this process has one.

    The server listens in the temporary folder: where no address can be as long as that folder's name, each worker
    starts anew instead."""
    if not sys.platform.startswith("linux"):
        return get_context("spawn")
    if threading.active_count() == 1:
        return get_context("fork")
    return get_context("forkserver" if is_roomy() else "spawn")


def is_roomy() -> bool:
    """Whether a server of processes can listen in the temporary folder, which has a short enough name."""
    return len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_FOLDER
