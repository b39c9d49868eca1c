"""From lines to the commits that wrote them: blame, looking through sweeps, squashes and reverts, and along copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from evidence.attribution.copies import Copy, copies, weight
from evidence.attribution.limits import limits
from evidence.attribution.plain import plain_lines
from evidence.attribution.returning import Returning
from evidence.attribution.squashes import Squashes
from evidence.attribution.sweeps import Sweeps
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
        self._returning = Returning(commits)
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
        copied, behind = _Fresh(traced), _Fresh(traced)
        parents: dict[str, tuple[str, ...]] = {}
        for _ in range(limits().rounds):
            self._look_through_sweeps(traced, swept)
            moved = self._follow_copies(traced, copied, swept)
            # what stood elsewhere before a squash is not of the squash: its own commits come after the copies
            if not self._look_behind(traced, behind, swept, parents) and not moved:
                break
        return traced

    def _beyond(
        self,
        traced: dict[str, Lines],
        further: Mapping[str, Collection[int]],
        swept: Mapping[str, set[str]],
        parents: Mapping[str, Sequence[str]],
    ) -> None:
        """Ask again where these lines of each path come from, looking through the swept commits and along further
        parents. git begins at the commit that brought them: what is newer has been told already."""
        inquiries: list[tuple[Inquiry, str, dict[int, list[int]]]] = []
        for path, numbers in further.items():
            brought: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
            for number in sorted(numbers):
                origin = traced[path][number]
                brought[origin.commit, origin.path][origin.line].append(number)
            without = tuple(sorted(swept.get(path, ())))
            for (sha, name), ours in brought.items():
                inquiries.append((Inquiry(sha, name, tuple((n, n) for n in ours), without), path, ours))
        self._take(traced, inquiries, parents)

    def _take(
        self,
        traced: dict[str, Lines],
        inquiries: Sequence[tuple[Inquiry, str, Mapping[int, Sequence[int]]]],
        parents: Mapping[str, Sequence[str]],
    ) -> None:
        """Ask, and give each of our lines of a path, by the line there, the origin that is told."""
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
            lines = {path: [n for n, o in traced[path].items() if o.commit in fresh[path]] for path in left}
            self._beyond(traced, lines, swept, {})

    def _look_behind(
        self,
        traced: dict[str, Lines],
        fresh: _Fresh,
        swept: Mapping[str, set[str]],
        parents: dict[str, tuple[str, ...]],
    ) -> bool:
        """Ask again with states that a commit brought back, and a squashed change's own commits, as further parents: a
        line goes to them only where its very content stands there. ``parents`` grows; whether any line was asked about
        is told."""
        told = False
        for _ in range(limits().rounds):
            lines: dict[str, list[int]] = {}
            for path, numbers in fresh.lines().items():
                commits = {traced[path][number].commit for number in numbers}
                parents.update((sha, more) for sha in commits - parents.keys() if (more := self._sources(sha)))
                lines[path] = [number for number in numbers if traced[path][number].commit in parents]
            lines = {path: numbers for path, numbers in lines.items() if numbers}
            if not lines:
                break
            told = True
            self._beyond(traced, lines, swept, parents)
        return told

    def _sources(self, sha: str) -> tuple[str, ...]:
        commit = self._returning.by_sha.get(sha)
        if commit is None or len(commit.parents) != 1:
            return ()
        own = (self._squashes.heads[sha],) if sha in self._squashes.heads and self._tells(commit) else ()
        return self._returning.states(commit) + own

    def _follow_copies(self, traced: dict[str, Lines], fresh: _Fresh, swept: Mapping[str, set[str]]) -> bool:
        """Give lines that a commit copied or moved to whoever wrote them; whether there were any is told."""
        told = False
        for _ in range(limits().rounds):
            # of one source all lines are asked for at once
            found: dict[tuple[str, str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
            for commit, brought in self._brought(traced, fresh.lines()):
                for path, name, ours in brought:
                    for copy in self._copies(commit, name, ours):
                        for i in range(copy.count):
                            found[commit.parents[0], copy.source, path][copy.there + i] += ours[copy.here + i]
            if not found:
                break
            told = True
            inquiries = [
                (Inquiry(before, source, tuple((n, n) for n in back), tuple(sorted(swept[path]))), path, back)
                for (before, source, path), back in found.items()
            ]
            self._take(traced, inquiries, {})
        return told

    def _brought(
        self, traced: Mapping[str, Lines], among: Mapping[str, Collection[int]]
    ) -> list[tuple[Commit, list[tuple[str, str, dict[int, list[int]]]]]]:
        """What commits that may have copied brought of these lines, those first that brought many and changed few
        files: our path, the path there, and our lines by the line there."""
        brought: dict[str, dict[tuple[str, str], dict[int, list[int]]]] = defaultdict(lambda: defaultdict(dict))
        for path, numbers in among.items():
            for number in numbers:
                origin = traced[path][number]
                brought[origin.commit][path, origin.path].setdefault(origin.line, []).append(number)
        found = []
        for sha, places in brought.items():
            commit = self._returning.by_sha.get(sha)
            sources = len(_changed_before(commit)) if commit is not None and len(commit.parents) == 1 else 0
            if commit is not None and 0 < sources <= limits().copied_from:
                lines = sum(map(len, places.values()))
                found.append((sources / lines, commit, [(*place, ours) for place, ours in places.items()]))
        return [(commit, there) for _, commit, there in sorted(found, key=lambda each: (each[0], each[1].sha))]

    def _copies(self, commit: Commit, path: str, ours: Collection[int]) -> Sequence[Copy]:
        """Blocks of these lines of a file that stand in another one which the commit changed, before it did."""
        text = self._plain([(commit.sha, path)]).get(path, [])
        lines = {there: text[there - 1] for there in ours if there <= len(text)}
        before, others = commit.parents[0], [other for other in _changed_before(commit) if other != path]
        unread = sum((before, other) not in self._read for other in others)
        if weight(lines.values()) <= limits().copied_characters or self._searched + unread > limits().copied_files:
            return ()
        self._searched += unread
        return copies(lines, self._plain([(before, other) for other in others]), limits().copied_characters)

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


class _Fresh:
    """Lines whose origin one step has not seen yet; each is told once."""

    def __init__(self, traced: Mapping[str, Lines]) -> None:
        self._traced = traced
        self._seen: dict[str, Lines] = {path: {} for path in traced}

    def lines(self) -> dict[str, list[int]]:
        """Their numbers, by path."""
        found = {}
        for path, lines in self._traced.items():
            seen = self._seen[path]
            found[path] = [number for number, origin in lines.items() if seen.get(number) != origin]
            seen.update(lines)
        return found


def _changed_before(commit: Commit) -> list[str]:
    """Files of a commit's parent that the commit changed or took away."""
    return [change.path for change in commit.changes if change.status in "MDT"]
