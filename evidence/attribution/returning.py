"""States of the past that a commit may have brought back: before what it takes back, and before a file was removed.

Whoever reverts a removal, or makes a file anew that was there before, wrote none of the lines that were there. A file
of another folder is looked at where it is the only one of its name that was ever removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from evidence.facts.history import Undoings
from evidence.model import Commit

_MOST = 4
"""So many states at most are compared with one commit."""


class Returning:
    """For the commits of one history, newest first."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        self._commits = commits
        self._undoings = Undoings(commits)
        self._known: dict[str, tuple[str, ...]] = {}

    @cached_property
    def by_sha(self) -> Mapping[str, Commit]:
        """The commits by their ids."""
        return {commit.sha: commit for commit in self._commits}

    def states(self, commit: Commit) -> tuple[str, ...]:
        """The commits at which these states stood."""
        if commit.sha not in self._known:
            self._known[commit.sha] = self._states(commit)
        return self._known[commit.sha]

    def _states(self, commit: Commit) -> tuple[str, ...]:
        removed = (
            sha for change in commit.changes if change.status == "A" for sha in self._removed(commit, change.path)
        )
        taken_back = (self.by_sha.get(sha) for sha in (*self._undoings.of(commit), *removed))
        before = (each.parents[0] for each in taken_back if each is not None and each.parents)
        return tuple(dict.fromkeys(before))[:_MOST]

    def _removed(self, commit: Commit, path: str) -> Iterator[str]:
        """The last older commit that removed this file, if any."""
        paths = self._names.get(path.rpartition("/")[2], set())
        known = path if path in paths or len(paths) != 1 else next(iter(paths))
        return self._undoings.older(commit, self._removals.get(known, ()))

    @cached_property
    def _removals(self) -> Mapping[str, Sequence[int]]:
        """The places in the history at which each path was removed."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, commit in enumerate(self._commits):
            for change in commit.changes:
                if change.status == "D":
                    found[change.path].append(place)
        return found

    @cached_property
    def _names(self) -> Mapping[str, set[str]]:
        """The removed paths of each name."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for path in self._removals:
            found[path.rpartition("/")[2]].add(path)
        return found
