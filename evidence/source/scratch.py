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
from functools import partial
from pathlib import Path
from types import FrameType

from msgspec import Struct

from evidence.model import EvidenceError
from evidence.source.git import Git, child_environment
from evidence.source.uninterrupted import uninterrupted

_PREFIX = "evidence-scan-"


class Scratch(Struct, frozen=True):
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
            with uninterrupted():
                root, lock = _made()
                goodbye = atexit.register(partial(_remove, root))
        except OSError as error:
            raise EvidenceError(
                f"The temporary folder cannot be written ({error.strerror}): set TMPDIR to one that can."
            ) from None
        try:
            _sweep(root)
            for name in ("home", "temporary"):
                (root / name).mkdir()
            yield Scratch(root)
        finally:
            _remove(root)
            os.close(lock)
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


def _made() -> tuple[Path, int]:
    """A new folder and the lock on it, which dies with this process and tells others that the folder is in use.

    Another scan may sweep the folder away before it is locked: then it is gone once the lock is ours, and we try again.
    Children do not inherit the lock.
    """
    while True:
        root = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError):
            lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if root.exists():
                return root, lock
            os.close(lock)


def _sweep(own: Path) -> None:
    """Remove folders of scans that were killed: ours by owner and name, and locked by nobody."""
    for folder in own.parent.glob(_PREFIX + "*"):
        with suppress(OSError):
            if folder == own or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)
            finally:
                os.close(lock)


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
