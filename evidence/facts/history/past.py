"""The history of one repository as detectors ask for it: rows, people's work, the main line, the sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, reduce
from operator import attrgetter, or_

from evidence.facts.history.areas import Areas
from evidence.facts.history.drives import Drive, drives
from evidence.facts.history.mainline import Landing, by_other, landing, mainline
from evidence.facts.history.path_kinds import Kinds, PathKind
from evidence.facts.history.pictured import pictured
from evidence.facts.history.repairs import Repair, repairs
from evidence.facts.history.rows import Row
from evidence.facts.history.sample import spread
from evidence.facts.history.sizes import Size, size_of
from evidence.facts.history.undoing import Undoings
from evidence.facts.people import People
from evidence.model import History, LineCount, Person, RepositoryHistory

# A sample of which fewer were counted stands for nothing.
_FEWEST_COUNTED = 0.5
_PATH = attrgetter("path")


class Past:
    """Commits as rows, newest first; each further question is answered when first asked."""

    def __init__(self, people: People, history: History, paths: Iterable[str]) -> None:
        self.people, self._history, self._paths = people, history, paths
        self._kinds = Kinds()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every commit, those of bots and merges too."""
        kinds = self._kinds
        authors: dict[Person, tuple[str, bool]] = {}
        found = []
        for commit in self.people.commits:
            known = authors.get(commit.author)
            if known is None:
                author = self.people.author(commit)
                known = authors[commit.author] = (author.key, bool(author.tool))
            touched = reduce(or_, map(kinds.__getitem__, map(_PATH, commit.changes)), 0) if commit.changes else 0
            found.append(Row(commit, known[0], known[1], touched))
        return tuple(found)

    @cached_property
    def work(self) -> tuple[Row, ...]:
        """What people did: no bots, no merges, no commits without changes."""
        return tuple(row for row in self.rows if row.commit.changes and not row.bot)

    @cached_property
    def _mainline(self) -> list[tuple[Row, tuple[Row, ...]]]:
        return mainline(self.rows)

    def landings(self) -> Iterator[Landing]:
        """Every change of the main line, newest first, with the commits that it brought."""
        return (landing(row, brought) for row, brought in self._mainline)

    def by_other(self, change: Landing) -> bool:
        """Whether somebody else than its authors merged a change or is named as its reviewer."""
        return by_other(change, self.people)

    @cached_property
    def areas(self) -> Areas:
        """The domains of the code base at the scanned commit, and the area of each path."""
        return Areas(self._paths, self._kinds)

    @cached_property
    def _chosen(self) -> list[Row]:
        return spread([row for row in self.work if row.commit.parents], lambda row: row.author)

    def choose(self) -> list[str]:
        """The sample: ids of the commits whose lines are counted."""
        return [row.sha for row in self._chosen]

    def begin(self) -> None:
        """Let the sample's lines be counted, while others work."""
        self._history.begin_counting(self.choose())

    @cached_property
    def _counts(self) -> Mapping[str, LineCount]:
        return self._history.line_counts(self.choose())

    @cached_property
    def lines_are_counted(self) -> bool:
        """Whether the sample's lines could be counted (a partial clone lacks the old contents)."""
        return not self._chosen or len(self._counts) >= _FEWEST_COUNTED * len(self._chosen)

    @cached_property
    def sample(self) -> tuple[Row, ...]:
        """A sample of what people did, without first commits and without those that change nothing but white space."""
        return tuple(row for row in self._chosen if row.sha not in self._counts or not self._is_blank(row))

    def _is_blank(self, row: Row) -> bool:
        changes = row.commit.changes
        if self._counts[row.sha].files or any(change.status != "M" for change in changes):
            return False
        return any(self._kinds[change.path] != PathKind.FOREIGN for change in changes)

    def counted_lines(self) -> dict[str, tuple[int, int]]:
        """Lines added and removed by each counted commit, by its id; binary files count nothing."""
        return {
            sha: (
                sum(max(a, 0) for _, a, _ in count.files) + count.beyond[0],
                sum(max(r, 0) for _, _, r in count.files) + count.beyond[1],
            )
            for sha, count in self._counts.items()
        }

    @cached_property
    def sizes(self) -> dict[str, Size]:
        """How large each commit of the sample is, by its id, as far as its lines could be counted."""
        counted = ((row, self._counts.get(row.sha)) for row in self.sample)
        return {row.sha: size_of(row.commit, count, self._kinds) for row, count in counted if count is not None}

    @cached_property
    def touched(self) -> list[tuple[Row, tuple[str, ...]]]:
        """What people did, newest first, with the areas that each commit touches (of code and beside it), in order."""
        areas = self.areas
        found = []
        for row in self.work:
            names = set(map(areas.__getitem__, map(_PATH, row.commit.changes)))
            names.discard("")
            found.append((row, tuple(sorted(names)) if len(names) > 1 else tuple(names)))
        return found

    def work_by_area(self) -> Iterator[tuple[Row, list[str]]]:
        """What people did in the application's code, newest first, with the areas of code that each commit touches."""
        code = frozenset(self.areas.code)
        return ((row, [area for area in areas if area in code]) for row, areas in self.touched)

    def pictured(self) -> RepositoryHistory | None:
        """The counts that pictures of this history show; None where nobody did anything."""
        commits = {row.author: row.commit for row in self.work}
        return pictured(self.touched, self.areas.code, lambda key: self.people.author(commits[key]).name)

    @cached_property
    def undoings(self) -> Undoings:
        """What each commit says that it takes back."""
        return Undoings(self.people.commits)

    @cached_property
    def _undone(self) -> frozenset[str]:
        """Ids of the commits that later ones say they revert, unless these were reverted themselves."""
        found: set[str] = set()
        for commit in self.people.commits:
            if commit.sha not in found:
                found.update(self.undoings.of(commit))
        return frozenset(found)

    def repairs(self) -> Iterator[Repair]:
        """Reverts, hotfixes and incidents, with what mends them."""
        return repairs(self.work, self.undoings, self._undone, self._kinds)

    def drives(self) -> tuple[Drive, ...]:
        """Series of commits that carry one change through the code."""
        return drives(self.work, self._undone, self._kinds)
