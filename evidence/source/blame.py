"""Who wrote which lines: ``git blame`` of the lines asked about only, one process per file, two at a time.

Lines are followed through renames and moves within their file (``-M``), and white space is not taken for work (``-w``).
``-C``, which compares each line's commit with every other file that it changed, costs thirty times as much as all the
rest: who asks looks for copies where a commit can have made one (``evidence/attribution/copies.py``).

git blames over a commit-graph with changed paths that is written into our own repository while files are parsed. A line
whose history is not there (a partial clone) has no origin; the other lines have theirs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path

from evidence.model import Commit, Inquiry, Origin
from evidence.patterns import regex
from evidence.source.child import Child
from evidence.source.git import MIB, Git
from evidence.source.log import LOG, WITHOUT_CHANGES, read_commits
from evidence.source.mending import shallow_boundary
from evidence.source.objects import Lookup
from evidence.source.quoting import path_bytes, path_text
from evidence.source.series import run_series

_FLAGS = ("--incremental", "--no-textconv", "-w", "-M")
_CONFIG = ("blame.ignoreRevsFile=", "core.commitGraph=true")
_AT_ONCE = 2
_SECONDS = 60.0
_OUTPUT = 16 * MIB
# Of a series, one that takes longer (processor seconds) or writes more is asked again by itself.
_SHORT = 20
_TOGETHER = 64 * MIB
# With git's own 10 bits a path, one commit in a hundred seems to have changed a file and costs as much as one that did.
# Whoever reads the graph finds these settings in it.
_FILTERS = {"GIT_TEST_BLOOM_SETTINGS_BITS_PER_ENTRY": "24", "GIT_TEST_BLOOM_SETTINGS_NUM_HASHES": "8"}
_CHUNK = regex(rb"([0-9a-f]{40}) ([0-9]+) ([0-9]+) ([0-9]+)(?:\n|$)")
_CHANGE_HEAD = regex(r"refs/(?:remotes/[^/]+/)?(?:pull|pr|merge-requests)/([0-9]{1,9})(?:/head)?")


class GitBlame:
    """The blame of a repository of ours at one commit; ``references`` are the names that the repository itself has."""

    def __init__(self, git: Git, commit: str, spool: Path, references: Mapping[str, str]) -> None:
        self._git, self._commit, self._spool, self._references = git, commit, spool, references
        self._graph: Child | None = None
        self._started = False
        self._heads: dict[int, str] = {}

    def know(self, heads: Mapping[int, str]) -> None:
        """Further own commits of changes, by number, that are here and that no reference names."""
        self._heads.update(heads)

    def start(self) -> None:
        """Let git write the commit-graph while others work; harmless when it has begun.

        It is of our own making: graphs that a scanned repository brings are claims and stay out of sight. A shallow
        repository has none, and where trees are missing git gives up and blame does without.
        """
        if self._started or shallow_boundary(self._git):
            return
        self._started = True
        with tempfile.TemporaryFile(dir=self._spool) as asked:
            asked.write(f"{self._commit}\n".encode())
            asked.seek(0)
            words = ("commit-graph", "write", "--stdin-commits", "--changed-paths", "--no-progress")
            limits = self._git.bounded(seconds=300.0)
            self._graph = self._git.start(*words, stdin=asked, env=_FILTERS, config=_CONFIG, limits=limits)

    def ready(self) -> None:
        """Wait for the commit-graph."""
        self.start()
        if self._graph is not None:
            while self._graph.stdout.read(MIB):
                pass
            self._graph.wait()
            self._git.end(self._graph)
            self._graph = None

    def trace(
        self, inquiries: Sequence[Inquiry], parents: Mapping[str, Sequence[str]] | None = None
    ) -> list[dict[int, Origin]]:
        """See :class:`evidence.model.Blame`."""
        self.ready()
        with tempfile.NamedTemporaryFile("w", dir=self._spool, suffix=".grafts") as grafts:
            env = self._grafted(grafts.name, parents or {})
            limits = self._git.bounded(seconds=_SECONDS * (1 + len(inquiries) / 20), cpu=_SHORT, file=_TOGETHER)
            commands = [_words(inquiry, merged(inquiry.ranges)) for inquiry in inquiries]
            told = run_series(
                self._git, commands, at_once=_AT_ONCE, folder=self._spool, env=env, config=_CONFIG, limits=limits
            )
            both = zip(inquiries, told, strict=True)
            return [self._traced(one, env) if out is None else read_incremental(out) for one, out in both]

    def _grafted(self, name: str, parents: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """A graft file of ours that gives commits their further parents; git then leaves the commit-graph aside."""
        if not parents:
            return {}
        own = self.commits(list(parents))
        lines = (" ".join([sha, *own[sha].parents, *more]) for sha, more in sorted(parents.items()) if sha in own)
        Path(name).write_text("".join(f"{line}\n" for line in lines))
        return {"GIT_GRAFT_FILE": name}

    def _traced(self, inquiry: Inquiry, env: dict[str, str]) -> dict[int, Origin]:
        ranges = merged(inquiry.ranges)
        found, whole = self._blamed(inquiry, ranges, env)
        # One range whose history is not there must not hide the others.
        for one in [] if whole or len(ranges) < 2 else _missing(ranges, found):
            found.update(self._blamed(inquiry, [one], env)[0])
        return found

    def _blamed(
        self, inquiry: Inquiry, ranges: Iterable[tuple[int, int]], env: dict[str, str]
    ) -> tuple[dict[int, Origin], bool]:
        """What one process tells, and whether it came to its end."""
        limits = self._git.bounded(seconds=_SECONDS, output=_OUTPUT)
        ran = self._git.run(*_words(inquiry, ranges), env=env, config=_CONFIG, limits=limits)
        return read_incremental(ran.out), ran.code == 0

    def contents(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """See :class:`evidence.model.Blame`."""
        found = {}
        for commit, path in dict.fromkeys(places):
            name = os.fsdecode(path_bytes(path))
            answer = None if "\n" in name else self._lookup.get(f"{commit}:{name}")
            if answer is not None and answer.kind == "blob":
                found[commit, path] = answer.content
        return found

    @cached_property
    def _lookup(self) -> Lookup:
        """One process for all objects that are asked for; it ends with the repository."""
        return Lookup(self._git, MIB)

    def commits(self, shas: Sequence[str]) -> dict[str, Commit]:
        """See :class:`evidence.model.Blame`."""
        asked = "".join(f"{sha}\n" for sha in dict.fromkeys(shas)).encode()
        if not asked:
            return {}
        ran = self._git.run(*LOG, *WITHOUT_CHANGES, "--no-walk=unsorted", "--ignore-missing", "--stdin", stdin=asked)
        return {commit.sha: commit for commit in read_commits(BytesIO(ran.out))}

    def beside(self, heads: Sequence[str]) -> dict[str, Commit]:
        """See :class:`evidence.model.Blame`."""
        if not heads:
            return {}
        asked = "".join(f"{sha}\n" for sha in (*dict.fromkeys(heads), f"^{self._commit}")).encode()
        words = (*LOG, *WITHOUT_CHANGES, "--ignore-missing", "--stdin")
        ran = self._git.run(*words, stdin=asked, config=_CONFIG)
        return {commit.sha: commit for commit in read_commits(BytesIO(ran.out))}

    @property
    def change_heads(self) -> dict[int, str]:
        """See :class:`evidence.model.Blame`."""
        return {**self._kept_heads, **self._heads} if self._heads else self._kept_heads

    @cached_property
    def _kept_heads(self) -> dict[int, str]:
        matches = ((_CHANGE_HEAD.fullmatch(name), oid) for name, oid in sorted(self._references.items()))
        return {int(match[1]): oid for match, oid in matches if match}


def _words(inquiry: Inquiry, ranges: Iterable[tuple[int, int]]) -> list[str]:
    """What git is asked."""
    through = [f"--ignore-rev={sha}" for sha in inquiry.without]
    places = [word for start, end in ranges for word in ("-L", f"{start},{end}")]
    return ["blame", *_FLAGS, *through, *places, inquiry.commit, "--", os.fsdecode(path_bytes(inquiry.path))]


def read_incremental(out: bytes) -> dict[int, Origin]:
    """Lines and their origins from the output of ``git blame --incremental``, as far as it is whole.

    The format is in git-blame(1): a line with the commit, the line there, the line here and how many, then headers, of
    which ``previous`` and ``filename`` (always the last) are read.
    """
    found: dict[int, Origin] = {}
    # only the key itself follows a line break: a subject or a path holds none
    head, *ends = out.split(b"\nfilename ")
    for end in ends:
        name, whole, following = end.partition(b"\n")
        chunk = _CHUNK.match(head)
        if chunk and whole:
            at = head.find(b"\nprevious ")
            before = _unquoted(head[at + len(b"\nprevious ") + 41 :].partition(b"\n")[0]) if at >= 0 else ""
            commit, path = chunk[1].decode(), _unquoted(name)
            there, here, count = (int(number) for number in chunk.groups()[1:])
            found.update((here + i, Origin(commit, path, there + i, before)) for i in range(count))
        head = following
    return found


def _unquoted(raw: bytes) -> str:
    """A path in blame's output: as it is, or quoted by git where it has odd bytes."""
    if raw.startswith(b'"'):
        return path_text(path_bytes(raw.decode("ascii", "replace")))
    return path_text(raw)


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same lines as few ranges in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((max(start, 1), max(end, start, 1)) for start, end in ranges):
        if found and start <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _missing(ranges: list[tuple[int, int]], found: Mapping[int, Origin]) -> list[tuple[int, int]]:
    """Those of the ranges of which some line has no origin."""
    return [r for r in ranges if any(number not in found for number in range(r[0], r[1] + 1))]
