"""Counted lines of a few commits: one git process over those that were asked for, white space and moves apart.

Counting costs ten times the rest of a history (see docs/decisions/history.md), so nobody asks for all of it. In a
partial clone the old contents are missing; those commits are left out, and the ledger says how many.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from evidence.facts.secrets.masking import mask
from evidence.model import Ledger, LineCount
from evidence.patterns import regex
from evidence.source.child import Child
from evidence.source.git import MIB, Git
from evidence.source.objects import sizes
from evidence.source.quoting import path_text

_LOG = (
    "log", "--no-walk=unsorted", "--stdin", "-z", "--format=%x01%H", "--root", "--no-textconv", "--no-ext-diff",
    "--no-show-signature", "--no-mailmap", "--no-notes", "--no-decorate", "--no-color", "--no-diff-merges",
    "--ignore-submodules=all",
)  # fmt: skip
_COUNTED = ("--numstat", "-w", "-M")
_NAMED = ("--raw", "--no-abbrev", "--no-renames")
# Nobody wrote these by hand, and a lock file's ten thousand lines cost more than all the code of its commit.
_LEFT_OUT = (
    "*.lock", "*package-lock.json", "*npm-shrinkwrap.json", "*pnpm-lock.yaml", "*.min.js", "*.min.css", "*.map",
    "*.svg", "*.po", "*.pot", "*.snap", "*node_modules/*", "*site-packages/*",
)  # fmt: skip
_PATHS = ("--", ".", *(f":(exclude,icase){pattern}" for pattern in _LEFT_OUT))
_LINES = regex(rb"(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
_MOST_FILES = 2_000
_MOST_OUTPUT = 16 * MIB


class LineCounter:
    """Counts lines on demand, in a repository that stays open as long as this does."""

    def __init__(self, git: Git, spool: Path, ledger: Ledger) -> None:
        self._git, self._spool, self._ledger = git, spool, ledger
        self._begun: tuple[tuple[str, ...], _Running] | None = None

    def begin(self, shas: Sequence[str]) -> None:
        """Let git count these commits while others work; :meth:`count` collects it when asked for the same ones."""
        if shas and self._begun is None:
            self._begun = (tuple(shas), self._start(_COUNTED, shas))

    def count(self, shas: Sequence[str]) -> dict[str, LineCount]:
        """The counts of these commits, as far as their files are there; the ledger tells what was counted.
        Lock files and the like are left out."""
        if not shas:
            return {}
        counted, whole = self._counted(shas)
        if not whole:
            left = [sha for sha in shas if sha not in counted]
            counted |= self._counted(self._with_files(left))[0]
        reason = "changed lines are counted for a sample, spread evenly over the history and its main authors"
        self._ledger.note("lines_sampled", "commits", reason, len(counted))
        if lost := len(shas) - len(counted):
            self._ledger.note("lines_not_counted", "commits", "files of these commits are not in this copy", lost)
        return counted

    def _counted(self, shas: Sequence[str]) -> tuple[dict[str, LineCount], bool]:
        begun, self._begun = self._begun, None
        out, code = begun[1].result() if begun and begun[0] == tuple(shas) else self._log(_COUNTED, shas)
        found = dict(_records(out))
        if code != 0 and found:
            found.popitem()  # git ends within the commit that it cannot read
        return found, code == 0

    def _with_files(self, shas: Sequence[str]) -> list[str]:
        """Those of which every file, before and after, is there."""
        needed: dict[str, set[str]] = {}
        out, code = self._log(_NAMED, shas)
        for sha, names in _touched(out):
            needed[sha] = names
        if code != 0 and needed:
            needed.popitem()
        there = sizes(self._git, sorted(set().union(*needed.values()))) if needed else {}
        return [sha for sha in shas if sha in needed and needed[sha] <= there.keys()]

    def _log(self, options: Sequence[str], shas: Sequence[str]) -> tuple[bytes, int]:
        return self._start(options, shas).result() if shas else (b"", 0)

    def _start(self, options: Sequence[str], shas: Sequence[str]) -> _Running:
        limits = self._git.bounded(seconds=60.0, file=_MOST_OUTPUT)
        handle, name = tempfile.mkstemp(dir=self._spool)
        with os.fdopen(handle, "wb") as out, tempfile.TemporaryFile(dir=self._spool) as asked:
            asked.write("".join(f"{sha}\n" for sha in shas).encode())
            asked.seek(0)
            child = self._git.start(*_LOG, *options, *_PATHS, stdin=asked, stdout=out, limits=limits)
        return _Running(self._git, child, Path(name))


class _Running:
    """git at work, writing into a file of the spool (which goes with everything in it when the repository is
    closed)."""

    def __init__(self, git: Git, child: Child, out: Path) -> None:
        self._git, self._child, self._out = git, child, out

    def result(self) -> tuple[bytes, int]:
        """What git wrote, once it has ended, and its exit code."""
        code = self._child.wait()
        self._git.end(self._child)
        with open(self._out, "rb") as out:
            content = out.read(_MOST_OUTPUT)
        self._out.unlink()
        return content, code


def _commits(out: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Each commit's id and tokens. A count or a status begins with a digit, a dash or a colon, so no path can pass for
    the mark that begins a commit: paths are only met where the token before has announced them."""
    sha, tokens, expected = "", list[bytes](), 0
    for token in out.split(b"\0"):
        if expected:
            expected -= 1
            tokens.append(token)
        elif (token := token.lstrip(b"\n")).startswith(b"\x01"):
            if sha:
                yield sha, tokens
            sha, tokens = token[1:].decode("ascii", "replace"), []
        elif token:
            tokens.append(token)
            expected = 1 if token.startswith(b":") else 2 if token.count(b"\t") == 2 and token.endswith(b"\t") else 0
    if sha:
        yield sha, tokens


def _records(out: bytes) -> Iterator[tuple[str, LineCount]]:
    for sha, tokens in _commits(out):
        files: list[tuple[str, int, int]] = []
        more = (0, 0)
        rest = iter(tokens)
        for token in rest:
            found = _LINES.fullmatch(token)
            if found is None:
                continue
            name = found[3]
            if not name:  # a move: the old path and the new one follow
                next(rest, b"")
                name = next(rest, b"")
            added, removed = _number(found[1]), _number(found[2])
            if len(files) < _MOST_FILES and (added, removed) != (0, 0):
                files.append((mask(path_text(name)), added, removed))
            elif len(files) >= _MOST_FILES:
                more = (more[0] + max(added, 0), more[1] + max(removed, 0))
        yield sha, LineCount(tuple(files), more)


def _number(raw: bytes) -> int:
    return -1 if raw == b"-" else min(int(raw), 10**9)


def _touched(out: bytes) -> Iterator[tuple[str, set[str]]]:
    """Each commit's id and the blobs before and after it (submodules apart)."""
    for sha, tokens in _commits(out):
        names: set[str] = set()
        for token in tokens[::2]:
            fields = token.removeprefix(b":").split(b" ")
            if len(fields) == 5:
                pairs = zip(fields[:2], fields[2:4], strict=True)
                names.update(
                    oid.decode("ascii", "replace") for mode, oid in pairs if mode != b"160000" and oid.strip(b"0")
                )
        yield sha, names
