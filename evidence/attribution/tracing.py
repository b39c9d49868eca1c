"""From lines to the commits that wrote them: blame, looking through sweeps, squashes and reverts, and along copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property

from evidence.attribution.copies import copies
from evidence.attribution.limits import limits
from evidence.attribution.plain import plain_lines
from evidence.attribution.squashes import Squashes
from evidence.attribution.sweeps import Sweeps
from evidence.facts.people import reverted
from evidence.model import Blame, Commit, Inquiry, Origin

Lines = dict[int, Origin]
_HELD = 16 << 20
"""Bytes of files that are kept at most while copies are looked for."""


class Tracer:
    """Traces lines of the files of one commit; ``commits`` are its history, newest first.

    ``tells`` says of a squash whether it matters which of its change's own commits wrote a line: where it does not, the
    squash stands for them all, and blame is spared."""

    def __init__(
        self,
        blame: Blame,
        commit: str,
        commits: Sequence[Commit],
        squashes: Squashes | None = None,
        tells: Callable[[Commit], bool] = lambda squash: True,
    ) -> None:
        self._blame, self._commit = blame, commit
        self._history = commits
        self._squashes, self._tells = squashes or Squashes(blame, commits), tells
        self._sweeps = Sweeps(blame, commit, commits)
        self._searched = 0
        self._read: dict[tuple[str, str], list[bytes]] = {}
        self._held = 0

    def trace(self, wanted: Mapping[str, Iterable[tuple[int, int]]]) -> dict[str, Lines]:
        """The origin of each line; a line whose history is not there is left out."""
        swept = self._sweeps.through(wanted)
        asked = [
            Inquiry(self._commit, path, tuple(ranges), tuple(sorted(swept[path]))) for path, ranges in wanted.items()
        ]
        traced = {path: dict(lines) for path, lines in zip(wanted, self._blame.trace(asked), strict=True)}
        self._look_through_sweeps(traced, swept)
        self._look_behind_squashes(traced, swept)
        self._follow_copies(traced)
        return traced

    @cached_property
    def _by_sha(self) -> dict[str, Commit]:
        return {commit.sha: commit for commit in self._history}

    def _beyond(
        self,
        traced: dict[str, Lines],
        further: Mapping[str, Collection[str]],
        swept: Mapping[str, set[str]],
        parents: Mapping[str, Sequence[str]],
    ) -> None:
        """Ask again where the lines of each path come from that these commits brought, looking through the swept ones
        and along further parents. git begins at the commit itself: what is newer has been told already."""
        inquiries: list[tuple[Inquiry, str, dict[int, list[int]]]] = []
        for path, shas in further.items():
            brought: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
            for number, origin in sorted(traced[path].items()):
                if origin.commit in shas:
                    brought[origin.commit, origin.path][origin.line].append(number)
            without = tuple(sorted(swept.get(path, ())))
            for (sha, name), ours in brought.items():
                inquiries.append((Inquiry(sha, name, tuple((n, n) for n in ours), without), path, ours))
        again = self._blame.trace([inquiry for inquiry, _, _ in inquiries], parents)
        for (_, path, ours), lines in zip(inquiries, again, strict=True):
            traced[path].update((n, origin) for there, origin in lines.items() for n in ours.get(there, ()))

    def _look_through_sweeps(self, traced: dict[str, Lines], swept: dict[str, set[str]]) -> None:
        """Give the lines of formatting sweeps to whoever wrote them. ``swept`` are the sweeps of each path that were
        looked through, and grows."""
        left = list(traced)
        for _ in range(limits().rounds):
            fresh = {
                path: {o.commit for o in set(traced[path].values()) if self._sweeps.includes(o)} - swept[path]
                for path in left
            }
            left = [path for path in left if fresh[path]]
            if not left:
                return
            for path in left:
                swept[path] |= fresh[path]
            self._beyond(traced, {path: fresh[path] for path in left}, swept, {})

    def _look_behind_squashes(self, traced: dict[str, Lines], swept: Mapping[str, set[str]]) -> None:
        """Ask again with the commits before a revert, and a squashed change's own commits, as further parents: a line
        goes to them only where its very content stands there."""
        parents: dict[str, tuple[str, ...]] = {}
        left = list(traced)
        for _ in range(limits().rounds):
            behind = {path: self._behind(traced[path].values()) for path in left}
            fresh = {sha: more for found in behind.values() for sha, more in found.items() if sha not in parents}
            if not fresh:
                return
            parents.update(fresh)
            left = [path for path in left if not fresh.keys().isdisjoint(behind[path])]
            self._beyond(traced, {path: fresh.keys() & behind[path].keys() for path in left}, swept, parents)

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
        return (self._squashes.heads[commit.sha],) if commit.sha in self._squashes.heads and self._tells(commit) else ()

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
        text = self._plain([(commit.sha, path)]).get(path, [])
        lines = {there: text[there - 1] for there in ours if there <= len(text)}
        sources = self._plain([(before, other) for other in others]) if any(lines.values()) else {}
        for copy in copies(lines, sources, limits().copied_characters):
            back = {copy.there + i: ours[copy.here + i] for i in range(copy.count)}
            yield Inquiry(before, copy.source, ((copy.there, copy.there + copy.count - 1),)), back

    def _plain(self, places: Sequence[tuple[str, str]]) -> dict[str, list[bytes]]:
        """Files of one commit without white space, by path. Lines of many files come from one commit, so its files are
        kept for a while."""
        missing = [place for place in places if place not in self._read]
        for place, content in self._blame.contents(missing).items():
            self._held += len(content)
            self._read[place] = plain_lines(content)
        found = {place[1]: self._read[place] for place in places if place in self._read}
        if self._held > _HELD:
            self._read.clear()
            self._held = 0
        return found


def _changed_before(commit: Commit, path: str) -> tuple[str, ...]:
    """Other files of a commit's parent that the commit changed or took away."""
    if len(commit.parents) != 1:
        return ()
    return tuple(change.path for change in commit.changes if change.status in "MDT" and change.path != path)
