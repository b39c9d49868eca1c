"""Which commits a commit says that it takes back: by id, by the number of their request, or by their subject.

git writes ``This reverts commit ID`` (a short id with ``--reference``), GitHub's button ``Reverts owner/name#N``,
GitLab's ``This reverts merge request !N``; where a squash kept nothing but its subject, that quotes the subject of what
it takes back. Sources: https://git-scm.com/docs/git-revert,
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/reverting-a-pull-request
and https://docs.gitlab.com/user/project/merge_requests/revert_changes/
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from evidence.facts.history.messages import request_number
from evidence.model import Commit
from evidence.patterns import regex

_BY_ID = regex(r"^This reverts commit ([0-9a-f]{7,40})\b", re.M)
_BY_NUMBER = regex(
    r"^(?:Reverts (?:[\w.-]{1,100}/[\w.-]{1,100})?#|This reverts merge request [^\s!]{0,200}!)([0-9]{1,9})\b", re.M
)
_BY_SUBJECT = regex(r"^(Revert|Reapply) \"(.{1,500})\"(?: \([#!][0-9]{1,9}\))?$")
_FULL = 40
_MOST = 20


class Undoings:
    """What the commits of one history, newest first, say that they take back."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        self._commits = commits

    def of(self, commit: Commit) -> tuple[str, ...]:
        """Ids of the commits that this one says it takes back, in its order, at most 20: a full id as it is told, all
        else as far as an older commit fits."""
        if "everts " not in commit.body and not commit.subject.startswith(("Revert ", "Reapply ")):
            return ()
        found = [*self._by_id(commit), *self._by_number(commit)] or [*self._by_subject(commit)]
        return tuple(dict.fromkeys(found))[:_MOST]

    def older(self, commit: Commit, places: Sequence[int]) -> Iterator[str]:
        """The newest that is older than this commit, of those at these places in the history (in order), if any."""
        at = bisect_right(places, self._places.get(commit.sha, len(self._commits)))
        yield from (self._commits[place].sha for place in places[at : at + 1])

    def _by_id(self, commit: Commit) -> Iterator[str]:
        for told in _BY_ID.findall(commit.body):
            if len(told) == _FULL:
                yield told
                continue
            at = bisect_left(self._ids, told)
            fitting = [sha for sha in self._ids[at : at + 2] if sha.startswith(told)]
            yield from fitting if len(fitting) == 1 else ()

    def _by_number(self, commit: Commit) -> Iterator[str]:
        for told in _BY_NUMBER.findall(commit.body):
            yield from self.older(commit, self._numbers.get(int(told), ()))

    def _by_subject(self, commit: Commit) -> Iterator[str]:
        found = _BY_SUBJECT.match(commit.subject)
        if found:
            quoted = found[2] if found[1] == "Revert" else f'Revert "{found[2]}"'
            yield from self.older(commit, self._subjects.get(quoted, ()))

    @cached_property
    def _ids(self) -> list[str]:
        return sorted(commit.sha for commit in self._commits)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {commit.sha: place for place, commit in enumerate(self._commits)}

    @cached_property
    def _numbers(self) -> Mapping[int, Sequence[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for place, commit in enumerate(self._commits):
            if number := request_number(commit):
                found[number].append(place)
        return found

    @cached_property
    def _subjects(self) -> Mapping[str, Sequence[int]]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        for place, commit in enumerate(self._commits):
            found[commit.subject].append(place)
        return found
