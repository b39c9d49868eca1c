"""Inside a scan's process: the pipeline, with its progress sent home. Knows no database and no Flask."""

from __future__ import annotations

import ctypes
import hashlib
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from evidence.model import Digest, EvidenceError
from evidence.pipeline import ScanRequest

_PR_SET_PDEATHSIG = 1
_SEND_SECONDS = 0.1
_MEMORY = "It needed more memory than a scan may take here ({} MiB)."
PLAIN, ANONYMOUS = "plain", "anonymous"
_home: list[Connection] = []


@dataclass(frozen=True)
class Bounds:
    """What a process may take: ``folder`` is its only place for files, ``memory`` is MiB of address space, ``nice`` is
    how far it stands back for those who read."""

    folder: Path
    memory: int
    seconds: int
    nice: int = 10


@dataclass(frozen=True)
class Answer:
    """What came of it: ``content``, or one sentence about why there is none."""

    content: Any = None
    sentence: str = ""


def begin(home: Connection, bounds: Bounds) -> None:
    """Make this process what it is to be: its own session, bounded, and gone when the server is gone."""
    os.setsid()
    end_with_server()
    if bounds.nice:
        _give_way(bounds.nice)
    # Only the soft limit: the pool and git inherit it and set tighter ones of their own.
    _soft(resource.RLIMIT_AS, bounds.memory << 20)
    _soft(resource.RLIMIT_CORE, 0)
    os.environ["TMPDIR"] = tempfile.tempdir = str(bounds.folder)
    _home.append(home)
    _send("process", os.getpid())


def end_with_server() -> None:
    """Have the kernel end this process when the thread of the server that started it is gone."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _give_way(nice: int) -> None:
    """Leave the processors to those who read: this process, and all that it starts, takes what they do not need."""
    with suppress(OSError, AttributeError):
        os.nice(nice)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _soft(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _send(*message: Any) -> None:
    # The server may be gone; then so are we, soon.
    with suppress(OSError):
        _home[0].send(message)


class Telling:
    """Progress that goes to the server, a few times a second at most."""

    def __init__(self, *, warnings: bool = True) -> None:
        self._warnings = warnings
        self._pending = 0
        self._sent = 0.0

    def source(self, number: int, total: int, name: str) -> None:
        """Of several sources, the one that is read from now on."""
        self._flush()
        _send("source", number, total, name)

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins."""
        self._flush()
        _send("stage", name, total)

    def advance(self, count: int = 1) -> None:
        """So many steps more."""
        self._pending += count
        if time.monotonic() - self._sent >= _SEND_SECONDS:
            self._flush()

    def warn(self, sentence: str) -> None:
        """Something that the reader should know."""
        if self._warnings:
            _send("warn", sentence)

    def _flush(self) -> None:
        if self._pending:
            _send("advance", self._pending)
        self._pending, self._sent = 0, time.monotonic()


def _answered(work: Callable[[], Any], memory: int) -> Answer:
    """What ``work`` gives, or the sentence to show. A defect is named by its kind alone: its text may quote."""
    try:
        return Answer(work())
    except EvidenceError as error:
        return Answer(sentence=str(error))
    except MemoryError:
        return Answer(sentence=_MEMORY.format(memory))
    except OSError as error:
        return Answer(sentence=f"The machine that scans has a problem: {error.strerror or 'input or output failed'}.")
    except Exception as error:
        return Answer(sentence=f"{type(error).__name__}: this is a defect in evidence, not in what was scanned.")


@dataclass(frozen=True)
class Product:
    """A finished scan: the digest's JSON form, and its pages with slots, plain and without names."""

    content: bytes
    pages: dict[str, str]


@dataclass(frozen=True)
class Known:
    """The sources stand at commits that have been read before."""

    standing: str


def standing_of(commits: Iterable[str]) -> str:
    """What tells that the same commits were read: a hash of them; "" where one of them is not known."""
    all_of_them = sorted(set(commits))
    return hashlib.sha256(" ".join(all_of_them).encode()).hexdigest() if all(all_of_them) else ""


def scanned(request: ScanRequest, bounds: Bounds, known: frozenset[str], key: bytes) -> Answer:
    """A :class:`Product`, :class:`Known` where the sources stand as one of the ``known`` tells, or the sentence about
    why there is neither. ``key`` makes the pseudonyms."""

    def work() -> Product | Known:
        from evidence.pipeline import commits_of, scan
        from evidence.report.json_form import to_json

        telling = Telling()
        if known:
            telling.stage("Asking for the latest commit", None)
            standing = standing_of(commits_of(request, Telling(warnings=False)))
            if standing in known:
                return Known(standing)
        digest = scan(request, telling)
        telling.stage("Writing the page", None)
        return Product(to_json(digest), pages_of(digest, key))

    return _answered(work, bounds.memory)


def pages_of(digest: Digest, key: bytes) -> dict[str, str]:
    """The digest's pages with slots, by form."""
    from evidence.anonymous import anonymised
    from evidence.web.slots import with_slots

    return {PLAIN: with_slots(digest), ANONYMOUS: with_slots(anonymised(digest, key))}


def printed(content: bytes, bounds: Bounds) -> Answer:
    """The PDF of the digest whose JSON form is ``content``."""

    def work() -> bytes:
        from evidence.report.json_form import from_json
        from evidence.report.pdf import to_pdf

        return to_pdf(from_json(content))

    return _answered(work, bounds.memory)
