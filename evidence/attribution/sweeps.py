"""Formatting sweeps: commits that left a file's words as they were. Nobody wrote a line in them; blame looks through.

A sweep through many files is found before blame is asked, from the list of changed files, so that one answer looks
through it; one that owns cited lines of a few files is found by these lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from evidence.attribution.limits import limits
from evidence.attribution.mechanical import listed_revisions, only_formatted
from evidence.model import Blame, Commit, Origin

_IGNORE_REVS = ".git-blame-ignore-revs"
_SAMPLE = 3
"""So many files of a wide commit are compared first: a change of every file's head (a year, a licence) is no sweep."""


class Sweeps:
    """The sweeps of one history; ``commits`` are its commits, newest first, and ``commit`` is the scanned one."""

    def __init__(self, blame: Blame, commit: str, commits: Sequence[Commit]) -> None:
        self._blame, self._commit, self._history = blame, commit, commits
        self._known: dict[tuple[str, str, str], bool] = {}
        self._compared = 0

    @cached_property
    def _by_sha(self) -> dict[str, Commit]:
        return {commit.sha: commit for commit in self._history}

    @cached_property
    def _listed(self) -> frozenset[str]:
        place = (self._commit, _IGNORE_REVS)
        return listed_revisions(self._blame.contents([place]).get(place, b""))

    def includes(self, origin: Origin) -> bool:
        """Whether the commit of these lines only formatted the file that they are in."""
        commit = self._by_sha.get(origin.commit)
        if commit is None or not origin.before or not self._may_be(commit):
            return False
        key = (commit.sha, origin.path, origin.before)
        if key not in self._known:
            within = self._compared < limits().sweep_checks
            self._compared += within
            self._known[key] = within and self._formatted(commit, origin.path, origin.before)
        return self._known[key]

    def _may_be(self, commit: Commit) -> bool:
        if len(commit.parents) != 1:
            return False
        small = len(self._history) <= limits().sweep_commits
        return small or len(commit.changes) >= limits().sweep_files or commit.sha in self._listed

    def _formatted(self, commit: Commit, path: str, before: str) -> bool:
        old, new = (commit.parents[0], before), (commit.sha, path)
        content = self._blame.contents([old, new])
        listed = commit.sha in self._listed
        return len(content) == 2 and only_formatted(content[old], content[new], listed=listed)

    def through(self, paths: Collection[str]) -> dict[str, set[str]]:
        """The sweeps that went through many of these files, by file."""
        found: dict[str, set[str]] = {path: set() for path in paths}
        for commit, touched in self._wide(paths):
            key = [(commit.sha, path, path) for path in touched]
            sample = {key[0], key[len(key) // 2], key[-1]}
            for one in sample:
                self._known[one] = self._formatted(commit, *one[1:])
            if 2 * sum(self._known[one] for one in sample) < len(sample):
                continue
            for one in key:
                if one not in self._known:
                    self._known[one] = self._formatted(commit, *one[1:])
                if self._known[one]:
                    found[one[1]].add(commit.sha)
        return found

    def _wide(self, paths: Collection[str]) -> Iterator[tuple[Commit, list[str]]]:
        """Commits that may have swept through many of these files, the newest first, and which files."""
        many = limits().sweep_files
        if len(paths) < many:
            return
        wanted = frozenset(paths)
        # A path that was made twice may have been another file then.
        made = Counter(c.path for commit in self._history for c in commit.changes if c.status == "A")
        left = limits().sweep_checks
        for commit in self._history:
            if len(commit.changes) < many or not self._may_be(commit):
                continue
            touched = sorted(c.path for c in commit.changes if c.status == "M" and c.path in wanted)
            touched = [path for path in touched if made[path] < 2]
            if len(touched) < many:
                continue
            left -= _SAMPLE
            if left < 0:
                return
            yield commit, touched
