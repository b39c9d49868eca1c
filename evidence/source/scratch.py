"""The temporary folder of one scan: made when it starts, gone when it ends, however it ends."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from evidence.model import EvidenceError
from evidence.source.git import Git, child_environment

_PREFIX = "evidence-scan-"


@dataclass(frozen=True)
class Scratch:
    """One scan's folder: ``repository`` is the bare repository of ours, ``temporary`` takes spooled output."""

    root: Path

    @property
    def repository(self) -> Path:
        return self.root / "repository"

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"

    def environment(self) -> dict[str, str]:
        """The environment of git processes that work here."""
        return child_environment(self.root / "home", self.temporary)


@contextmanager
def scratch() -> Iterator[Scratch]:
    """A fresh folder under TMPDIR, removed at the end of the block, at exit of the program, and on SIGTERM or SIGHUP.

    What a scan that was killed outright left behind is removed by the next one.
    """
    with _ends_on_signals():
        try:
            root = Path(tempfile.mkdtemp(prefix=_PREFIX))
        except OSError as error:
            raise EvidenceError(
                f"The temporary folder cannot be written ({error.strerror}): set TMPDIR to one that can."
            ) from None
        goodbye = partial(_remove, root)
        atexit.register(goodbye)
        try:
            with _held(root):
                _sweep(root)
                for name in ("home", "temporary"):
                    (root / name).mkdir()
                yield Scratch(root)
        finally:
            _remove(root)
            atexit.unregister(goodbye)


@contextmanager
def closing(git: Git) -> Iterator[Git]:
    """``git``, with its processes gone when the block ends."""
    try:
        yield git
    finally:
        git.close()


def _remove(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)


@contextmanager
def _held(root: Path) -> Iterator[None]:
    """A lock that dies with this process tells others that the folder is in use. Children do not inherit it."""
    with open(root / "lock.new", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(root / "lock.new", root / "lock")  # under this name it is never seen unlocked
        yield


def _sweep(own: Path) -> None:
    """Remove folders of scans that were killed: ours by owner and name, and locked by nobody."""
    for folder in own.parent.glob(_PREFIX + "*"):
        with suppress(OSError):
            if folder == own or folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with open(folder / "lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack, so that every ``finally`` runs; a handler of the host program stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
