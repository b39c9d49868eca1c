"""Changes that were squashed into one commit, and the own commits that they had before, where these are here.

A squash names one author. Its change's own commits (``refs/pull/N/head``, ``refs/merge-requests/N/head``) tell who
wrote what of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from evidence.model import Blame, Commit
from evidence.patterns import regex

# How forges write a change's number into the commit that squashes it, and into GitLab's merge of one.
_SQUASHED = regex(r"\((?:#|!)([0-9]{1,9})\)\s*$")
_GITLAB_MERGE = regex(r"^See merge request [^\s!]{0,200}!([0-9]{1,9})\s*$", re.M)
# A change of more commits than this took in another branch; who wrote it is for blame to tell.
_MOST = 250


def squash_numbers(commits: Sequence[Commit], upstream: Collection[str] = ()) -> dict[str, int]:
    """The number of the change that each commit says it squashed, by its id. ``upstream`` are those of another
    repository, which numbers its changes for itself."""
    # GitLab writes it into its merge of the squash
    merges = (c for c in commits if len(c.parents) == 2)
    merged = {c.parents[1]: int(m[1]) for c in merges if (m := _GITLAB_MERGE.search(c.body))}
    found = {}
    for commit in commits:
        if len(commit.parents) == 1 and commit.sha not in upstream:
            number = _SQUASHED.search(commit.subject)
            found[commit.sha] = int(number[1]) if number else merged.get(commit.sha, 0)
    return {sha: number for sha, number in found.items() if number}


class Squashes:
    """The squashes of one history; ``commits`` are its commits, newest first. ``upstream`` are those of another
    repository, which numbers its changes for itself."""

    def __init__(self, blame: Blame, commits: Sequence[Commit], upstream: Collection[str] = ()) -> None:
        self._blame, self._commits, self._upstream = blame, commits, upstream
        self._own: dict[str, Sequence[Commit] | None] = {}

    @cached_property
    def heads(self) -> dict[str, str]:
        """The last own commit of each squashed change, by the id of the squash."""
        heads = self._blame.change_heads
        if not heads:
            return {}
        known = {commit.sha for commit in self._commits}
        named = {sha: heads.get(number, "") for sha, number in self.numbers.items()}
        return {sha: head for sha, head in named.items() if head and head not in known}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """See :func:`squash_numbers`."""
        return squash_numbers(self._commits, self._upstream)

    @cached_property
    def _beside(self) -> Mapping[str, Commit]:
        return self._blame.beside(sorted(set(self.heads.values())))

    @property
    def all(self) -> tuple[Commit, ...]:
        """The own commits of all squashed changes, newest first."""
        return tuple(self._beside.values())

    def own(self, sha: str) -> Sequence[Commit] | None:
        """The own commits of the change that this commit squashed, the last one first; none where it is no squash, None
        where they are too many to be one change's."""
        if sha not in self.heads:
            return ()
        if sha not in self._own:
            self._own[sha] = self._behind(self.heads[sha])
        return self._own[sha]

    def _behind(self, head: str) -> Sequence[Commit] | None:
        found: dict[str, Commit] = {}
        ahead = [head]
        while ahead:
            commit = self._beside.get(ahead.pop())
            if commit is None or commit.sha in found:
                continue
            found[commit.sha] = commit
            ahead.extend(commit.parents)
            if len(found) > _MOST:
                return None
        return tuple(found.values())
