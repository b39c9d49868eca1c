"""The commits of a repository, newest first: one git process, started early and collected late.

Nothing else depends on it: a history that cannot be read in full is what could be read of it, and a line in the ledger.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from evidence.model import Commit, Ledger, LineCount
from evidence.source.child import Child
from evidence.source.git import MIB, Git
from evidence.source.line_counts import LineCounter
from evidence.source.log import LOG, WITH_CHANGES, read_commits
from evidence.source.mending import Mender, shallow_boundary

MOST_COMMITS = 250_000
# As many as the signals of history look at on the main line: with fewer, a share of them would be a share of the cut.
FEWEST_OF_A_SHALLOW = 200
MOST_OUTPUT = 64 * MIB  # nearly five times what 26,000 commits of a large application need
# git holds all changes of one commit in memory, about 200 bytes each: so much less than others get is enough for half a
# million, and stops a tree that repeats itself without end.
_SPARED_MEMORY = 208 * MIB
_PAUSE = 0.004
_PIECE = MIB // 4


class History(Struct, frozen=True):
    """Commits reachable from the scanned one, newest first, as ``git log`` orders them. Merges carry no changes.
    ``lacking`` says why nothing can be told from so little ("" where that is not so)."""

    commits: tuple[Commit, ...]
    counter: LineCounter | None = None
    lacking: str = ""

    def begin_counting(self, shas: Sequence[str]) -> None:
        """Let git count the lines of these commits while others work; :meth:`line_counts` collects it."""
        if self.counter:
            self.counter.begin(shas)

    def line_counts(self, shas: Sequence[str]) -> dict[str, LineCount]:
        """Counted lines of these commits (full ids), as far as their files are there; the repository must be open."""
        return self.counter.count(shas) if self.counter else {}

    def dates(self, paths: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """For each path, the sorted times (seconds since the epoch) of the commits that touch it."""
        found: dict[str, list[int]] = {path: [] for path in paths}
        for commit in self.commits:
            for change in commit.changes:
                if change.path in found:
                    found[change.path].append(commit.committed)
        return {path: tuple(sorted(times)) for path, times in found.items()}


class HistoryReading:
    """A history on its way: git writes into a scratch file while others work; :meth:`result` collects it."""

    def __init__(self, git: Git, commit: str, spool: Path, ledger: Ledger) -> None:
        self._git, self._commit, self._spool, self._ledger = git, commit, spool, ledger
        self._child: Child | None = None
        self._file = spool / "history"

    def start(self) -> None:
        """Start git unless it runs already."""
        if self._child is None:
            memory = self._git.limits.memory - _SPARED_MEMORY
            limits = self._git.bounded(seconds=900.0, file=MOST_OUTPUT, memory=memory)
            bound = f"--max-count={MOST_COMMITS + 1}"
            with open(self._file, "wb") as out:
                self._child = self._git.start(*LOG, *WITH_CHANGES, bound, self._commit, "--", stdout=out, limits=limits)

    def is_ready(self) -> bool:
        """Whether git has begun and ended, so that nobody waits for :meth:`result`."""
        return self._child is not None and self._child.process.poll() is not None

    def result(self) -> History:
        """Wait for git and read what it wrote. Never fails: what is missing is in the ledger."""
        self.start()
        assert self._child is not None  # noqa: S101
        with open(self._file, "rb") as file:
            commits = list(read_commits(_Growing(file, self._child)))
        code = self._child.wait()
        if "out of memory" in self._child.said().lower():
            code = -signal.SIGKILL  # trying the same again would end the same way
        self._git.end(self._child)
        os.unlink(self._file)
        if code != 0:
            # After a signal git's last record may be half written.
            commits = Mender(self._git, self._commit, self._spool, self._ledger).mend(
                commits[:-1] if code < 0 else commits, code
            )
        if len(commits) > MOST_COMMITS:
            self._ledger.note("history_truncated", "commits", f"only the newest {MOST_COMMITS} commits are read")
            del commits[MOST_COMMITS:]
        boundary = shallow_boundary(self._git)
        if boundary:
            self._ledger.note("history_incomplete", "shallow clone", "commits before the clone's boundary are not here")
            # A commit of the boundary would seem to add every file.
            commits = [replace(c, changes=()) if c.sha in boundary else c for c in commits]
        counter = LineCounter(self._git, self._spool, self._ledger)
        return History(tuple(commits), counter, _lacking(len(commits), bool(boundary)))


class _Growing:
    """A file that git still writes: reading waits for more until git has ended, so that both work at once."""

    def __init__(self, file: BinaryIO, child: Child) -> None:
        self._file, self._child = file, child

    def read(self, size: int, /) -> bytes:
        """The next bytes, none only at the end. Small pieces would cost more to take apart than to wait for."""
        pieces, left = [], size
        while left > size - _PIECE:
            ended = self._child.process.poll() is not None
            pieces.append(self._file.read(left))
            left -= len(pieces[-1])
            if ended:
                break
            if not pieces[-1]:
                time.sleep(_PAUSE)
        return b"".join(pieces)


def _lacking(count: int, shallow: bool) -> str:
    """Why a history says nothing: it is not there, or so much of it was cut off that the rest stands for nothing."""
    if not count:
        return "no commit of the history could be read"
    if shallow and count < FEWEST_OF_A_SHALLOW:
        return f"the copy is shallow: only its newest {count:,} commits are here"
    return ""
