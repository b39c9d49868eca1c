"""From lines to the commits that wrote them: blame, looking through sweeps, squashes and reverts, and along copies."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from evidence.attribution.copies import copies
from evidence.attribution.limits import limits
from evidence.attribution.mechanical import listed_revisions, only_formatted
from evidence.facts.people import reverted
from evidence.model import Blame, Commit, Inquiry, Origin

Lines = dict[int, Origin]
_IGNORE_REVS = ".git-blame-ignore-revs"
# How forges write a change's number into the commit that squashes it, and into GitLab's merge of one.
_SQUASHED = re.compile(r"\((?:#|!)([0-9]{1,9})\)\s*$")
_GITLAB_MERGE = re.compile(r"^See merge request [^\s!]{0,200}!([0-9]{1,9})\s*$", re.M)


class Tracer:
    """Traces lines of the files of one commit; ``commits`` are its history, newest first."""

    def __init__(self, blame: Blame, commit: str, commits: Sequence[Commit]) -> None:
        self._blame, self._commit = blame, commit
        self._history = commits
        self._swept: dict[tuple[str, str, str], bool] = {}
        self._compared = 0
        self._searched = 0

    def trace(self, wanted: Mapping[str, Iterable[tuple[int, int]]]) -> dict[str, Lines]:
        """The origin of each line; a line whose history is not there is left out."""
        asked = {path: Inquiry(self._commit, path, tuple(ranges)) for path, ranges in wanted.items()}
        found = dict(zip(asked, self._blame.trace(list(asked.values())), strict=True))
        traced = {path: dict(lines) for path, lines in found.items()}
        self._look_through_sweeps(asked, traced)
        self._look_behind_squashes(asked, traced)
        self._follow_copies(traced)
        return traced

    @cached_property
    def _by_sha(self) -> dict[str, Commit]:
        return {commit.sha: commit for commit in self._history}

    @cached_property
    def _listed(self) -> frozenset[str]:
        place = (self._commit, _IGNORE_REVS)
        return listed_revisions(self._blame.contents([place]).get(place, b""))

    def _again(
        self, asked: Mapping[str, Inquiry], paths: Sequence[str], parents: Mapping[str, Sequence[str]]
    ) -> dict[str, Lines]:
        again = self._blame.trace([asked[path] for path in paths], parents)
        return {path: dict(lines) for path, lines in zip(paths, again, strict=True) if lines}

    def _look_through_sweeps(self, asked: dict[str, Inquiry], traced: dict[str, Lines]) -> None:
        paths = list(asked)
        for _ in range(limits().rounds):
            left = []
            for path in paths:
                swept = sorted({o.commit for o in traced[path].values() if self._is_sweep(o)} - {*asked[path].without})
                if swept:
                    one = asked[path]
                    asked[path] = Inquiry(one.commit, one.path, one.ranges, (*one.without, *swept))
                    left.append(path)
            if not left:
                return
            traced.update(self._again(asked, left, {}))
            paths = left

    def _is_sweep(self, origin: Origin) -> bool:
        """Whether a commit only formatted the file that these lines are in."""
        commit = self._by_sha.get(origin.commit)
        if commit is None or not origin.before or len(commit.parents) != 1:
            return False
        listed = commit.sha in self._listed
        if not listed and len(commit.changes) < limits().sweep_files:
            return False
        key = (commit.sha, origin.path, origin.before)
        if key not in self._swept:
            self._swept[key] = self._compared < limits().sweep_checks and self._formatted(commit, origin, listed)
        return self._swept[key]

    def _formatted(self, commit: Commit, origin: Origin, listed: bool) -> bool:
        self._compared += 1
        old, new = (commit.parents[0], origin.before), (commit.sha, origin.path)
        content = self._blame.contents([old, new])
        return len(content) == 2 and only_formatted(content[old], content[new], listed=listed)

    def _look_behind_squashes(self, asked: Mapping[str, Inquiry], traced: dict[str, Lines]) -> None:
        """Ask again with the commits before a revert, and a squashed change's own commits, as further parents: a line
        goes to them only where its very content stands there."""
        parents: dict[str, tuple[str, ...]] = {}
        paths = list(asked)
        for _ in range(limits().rounds):
            behind = {path: self._behind(traced[path].values()) for path in paths}
            fresh = {sha: more for found in behind.values() for sha, more in found.items() if sha not in parents}
            if not fresh:
                return
            parents.update(fresh)
            paths = [path for path in paths if not fresh.keys().isdisjoint(behind[path])]
            traced.update(self._again(asked, paths, parents))

    def _behind(self, origins: Iterable[Origin]) -> dict[str, tuple[str, ...]]:
        found = {}
        for sha in sorted({origin.commit for origin in origins}):
            commit = self._by_sha.get(sha)
            if commit is not None and len(commit.parents) == 1 and (more := self._sources(commit)):
                found[sha] = more
        return found

    def _sources(self, commit: Commit) -> tuple[str, ...]:
        undone = self._by_sha.get(reverted(commit))
        if undone is not None and undone.parents:
            return undone.parents[:1]
        number = _SQUASHED.search(commit.subject)
        change = int(number[1]) if number else self._merged_as.get(commit.sha, 0)
        head = self._blame.change_heads.get(change, "")
        return (head,) if head and head not in self._by_sha else ()

    @cached_property
    def _merged_as(self) -> dict[str, int]:
        """The number of the merge request under which GitLab merged a squash commit, by that commit."""
        merges = (c for c in self._history if len(c.parents) == 2)
        return {c.parents[1]: int(m[1]) for c in merges if (m := _GITLAB_MERGE.search(c.body))}

    def _follow_copies(self, traced: dict[str, Lines]) -> None:
        left = {path: set(lines) for path, lines in traced.items()}
        for _ in range(limits().rounds):
            inquiries: list[tuple[Inquiry, str, dict[int, int]]] = []
            for path in left:
                inquiries += [(i, path, back) for i, back in self._copied(traced[path], left[path])]
            if not inquiries:
                return
            left = defaultdict(set)
            for (_, path, back), lines in zip(inquiries, self._blame.trace([i for i, _, _ in inquiries]), strict=True):
                moved = {back[number]: origin for number, origin in lines.items() if number in back}
                traced[path].update(moved)
                left[path] |= moved.keys()

    def _copied(self, lines: Lines, among: set[int]) -> Iterable[tuple[Inquiry, dict[int, int]]]:
        """What to ask of the sources of these lines, and to which line of ours each line there belongs."""
        brought: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        for number in sorted(among):
            origin = lines[number]
            brought[origin.commit, origin.path][origin.line] = number
        for (sha, path), ours in brought.items():
            commit = self._by_sha.get(sha)
            others = _changed_before(commit, path) if commit is not None else ()
            if commit is None or not 0 < len(others) <= limits().copied_from:
                continue
            yield from self._sought(commit, path, others, ours)

    def _sought(
        self, commit: Commit, path: str, others: Sequence[str], ours: dict[int, int]
    ) -> Iterable[tuple[Inquiry, dict[int, int]]]:
        if self._searched + len(others) > limits().copied_files:
            return
        self._searched += len(others)
        before = commit.parents[0]
        content = dict(self._blame.contents([(commit.sha, path), *((before, other) for other in others)]))
        text = content.pop((commit.sha, path), b"").split(b"\n")
        lines = {there: text[there - 1] for there in ours if there <= len(text)}
        sources = {name: source.split(b"\n") for (_, name), source in content.items()}
        for copy in copies(lines, sources, limits().copied_characters):
            back = {copy.there + i: ours[copy.here + i] for i in range(copy.count)}
            yield Inquiry(before, copy.source, ((copy.there, copy.there + copy.count - 1),)), back


def _changed_before(commit: Commit, path: str) -> tuple[str, ...]:
    """Other files of a commit's parent that the commit changed or took away."""
    if len(commit.parents) != 1:
        return ()
    return tuple(change.path for change in commit.changes if change.status in "MDT" and change.path != path)
