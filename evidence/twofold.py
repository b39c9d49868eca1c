"""Divides work that only reads between this process and, where that is safe, a fork of it.

A fork has all that this process has without a copy of it, so it can do half of the work. Both take numbers from one
queue until none is left; what comes of a number must not depend on who took it. What the fork did not finish is done
here, so nothing that happens to it changes anything but the time.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, NoReturn, TypeVar

import msgspec

from evidence.facts.workers.orphans import be_forked, die_with_parent, forking

PATIENCE = 120.0
"""Seconds that the fork may need after this process has nothing left to do; large repositories need one or two."""

_NUMBER = 2
# What a pipe takes before anybody reads, on the systems that this forks on.
_MOST = (64 << 10) // _NUMBER
_LENGTH = 8
_Result = TypeVar("_Result")


def in_two(
    work: Callable[[int], _Result],
    count: int,
    kind: type[_Result],
    *,
    processes: int,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[_Result]:
    """``work(n)`` for each n below ``count``, in order. ``kind`` is what the fork's results are read as; ``processes``
    below 2 allows no fork. ``meanwhile`` is done in this process first, while the fork is at work."""
    told: dict[int, _Result] = {}
    if processes > 1 and 1 < count <= _MOST and _may_fork():
        told = dict(_divided(work, count, msgspec.msgpack.Decoder(tuple[int, kind]), meanwhile))  # type: ignore[valid-type]
    else:
        meanwhile()
    return [told[number] if number in told else work(number) for number in range(count)]


def _may_fork() -> bool:
    """Elsewhere than on Linux forking is not safe, nor with a second thread: it could hold a lock for ever."""
    return sys.platform.startswith("linux") and threading.active_count() == 1


def _divided(
    work: Callable[[int], _Result],
    count: int,
    decoder: msgspec.msgpack.Decoder[tuple[int, _Result]],
    meanwhile: Callable[[], object],
) -> list[tuple[int, _Result]]:
    """What came of the numbers that this process took, and of those that the fork told of."""
    with _queue(count) as queue, tempfile.TemporaryFile(buffering=0) as file:
        with _forked(lambda: _tell(((n, work(n)) for n in _taken(queue)), file)) as ended:
            meanwhile()
            done = [(n, work(n)) for n in _taken(queue)]
            select.select([ended], [], [], PATIENCE)
        return [*done, *_heard(file, decoder)]


@contextmanager
def _queue(count: int) -> Iterator[int]:
    """A descriptor from which this process and its forks read numbers below ``count``, each number once."""
    reading, writing = os.pipe()
    try:
        os.write(writing, b"".join(number.to_bytes(_NUMBER, "big") for number in range(count)))
        os.close(writing)
        yield reading
    finally:
        os.close(reading)


def _taken(queue: int) -> Iterator[int]:
    while number := os.read(queue, _NUMBER):
        yield int.from_bytes(number, "big")


@contextmanager
def _forked(work: Callable[[], None]) -> Iterator[int]:
    """A fork of this process that does ``work`` and nothing after it; killed, if it still runs, on leaving.

    The descriptor can be read from when it has ended."""
    ended, held = os.pipe()
    parent, child = os.getpid(), 0
    try:
        with forking():
            child = os.fork()
            if child == 0:
                _only(work, parent)
            os.close(held)
        yield ended
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(ended)


def _only(work: Callable[[], None], parent: int) -> NoReturn:
    """Be the fork: work, and end without undoing what the parent will undo."""
    try:
        be_forked()
        die_with_parent(parent)
        work()
    finally:
        os._exit(0)


def _tell(all_told: Iterator[tuple[int, object]], file: IO[bytes]) -> None:
    for told in all_told:
        packed = msgspec.msgpack.encode(told)
        file.write(len(packed).to_bytes(_LENGTH, "big") + packed)


def _heard(file: IO[bytes], decoder: msgspec.msgpack.Decoder[tuple[int, _Result]]) -> Iterator[tuple[int, _Result]]:
    """What the fork told as far as it came."""
    file.seek(0)
    while len(length := file.read(_LENGTH)) == _LENGTH:
        try:
            yield decoder.decode(file.read(int.from_bytes(length, "big")))
        except msgspec.DecodeError:
            return
