"""Asks the detectors what they see: in this process, and where that is safe in a fork of it beside.

Detectors only read facts, so a fork, which has them all without a copy, can do half of the work. Both take families of
detectors (the modules of one package, which ask for the same facts) from one queue until none is left. What each saw
depends on the facts alone, so it does not matter who took what. Whatever the fork did not finish is done here.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, NoReturn

import msgspec

from evidence.api import Detector, Project, Site
from evidence.facts.workers.orphans import die_with_parent, forking

PATIENCE = 120.0
"""Seconds that the fork may need after this process has nothing left to do; large repositories need one or two."""

_NUMBER = 2
_LENGTH = 8


class Seen(msgspec.Struct, frozen=True):
    """What one detector saw: its sites by signal, each once and in order, or why it stopped; and its seconds."""

    sites: dict[str, list[Site]]
    failure: str
    seconds: float


class _Told(msgspec.Struct, frozen=True):
    """What a process has to tell of one family."""

    family: int
    seen: list[Seen]


def observe(detectors: Sequence[Detector], project: Project, processes: int = 1) -> list[Seen]:
    """What each detector saw, in their order. ``processes`` above 1 allows a fork and changes nothing else."""
    families = _families(detectors)

    def look(family: int) -> _Told:
        return _Told(family, [_look(detectors[n], project) for n in families[family]])

    told: dict[int, _Told] = {}
    if processes > 1 and len(families) > 1:
        project.join()  # waits for what is counted in the background too, and so ends the threads that watch it
        told = {t.family: t for t in _in_two(look, len(families))} if _may_fork() else {}
    seen: dict[int, Seen] = {}
    for family, numbers in enumerate(families):
        seen.update(zip(numbers, (told.get(family) or look(family)).seen, strict=True))
    return [seen[number] for number in range(len(detectors))]


def _families(detectors: Sequence[Detector]) -> list[list[int]]:
    """The detectors' numbers by package, large families first: so the two processes end at about the same time."""
    packages: dict[str, list[int]] = {}
    for number, detector in enumerate(detectors):
        packages.setdefault(detector.__name__.rpartition(".")[0], []).append(number)
    return sorted(packages.values(), key=lambda family: (-len(family), family))


def _look(detector: Detector, project: Project) -> Seen:
    start = time.perf_counter()
    sites: dict[str, list[Site]] = {}
    failure = ""
    try:
        sites = _sites(detector, project)
    except Exception as error:  # whatever a plugin does wrong, the scan goes on
        failure = f"stopped with {type(error).__name__}"
    return Seen(sites, failure, time.perf_counter() - start)


def _sites(detector: Detector, project: Project) -> dict[str, list[Site]]:
    found: dict[str, set[Site]] = {}
    declared = {s.id for s in detector.SIGNALS}
    for answered, site in detector.detect(project):
        if answered.id not in declared or site.clause not in answered.clauses:
            raise ValueError(f"undeclared signal or clause: {answered.id} {site.clause}")
        found.setdefault(answered.id, set()).add(site)
    return {name: sorted(sites, key=Site.order) for name, sites in found.items()}


# ---------------------------------------------------------------------------------------------- the second process


def _may_fork() -> bool:
    """Elsewhere than on Linux forking is not safe, nor with a second thread: it could hold a lock for ever."""
    return sys.platform.startswith("linux") and threading.active_count() == 1


def _in_two(look: Callable[[int], _Told], count: int) -> list[_Told]:
    """The families 0 to ``count`` as looked at here or in the fork; those that the fork failed to tell are missing."""
    with _queue(count) as queue, tempfile.TemporaryFile(buffering=0) as file:
        with _forked(lambda: _tell(map(look, _taken(queue)), file)) as ended:
            told = [look(family) for family in _taken(queue)]
            select.select([ended], [], [], PATIENCE)
        return [*told, *_heard(file)]


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
    parent = os.getpid()
    with forking():
        child = os.fork()
        if child == 0:
            _only(work, parent)
    os.close(held)
    try:
        yield ended
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ended)


def _only(work: Callable[[], None], parent: int) -> NoReturn:
    """Be the fork: work, and end without undoing what the parent will undo."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent(parent)
        work()
    finally:
        os._exit(0)


def _tell(all_told: Iterator[_Told], file: IO[bytes]) -> None:
    for told in all_told:
        packed = msgspec.msgpack.encode(told)
        file.write(len(packed).to_bytes(_LENGTH, "big") + packed)


def _heard(file: IO[bytes]) -> Iterator[_Told]:
    """What the fork told as far as it came."""
    file.seek(0)
    while len(length := file.read(_LENGTH)) == _LENGTH:
        try:
            yield msgspec.msgpack.decode(file.read(int.from_bytes(length, "big")), type=_Told)
        except msgspec.DecodeError:
            return
