"""The history of one repository as detectors ask for it: rows, people's work, the main line, the sample."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from evidence.facts.history.mainline import Landing, by_other, landing, mainline
from evidence.facts.history.path_kinds import kind_of
from evidence.facts.history.rows import Row
from evidence.facts.history.sample import sample
from evidence.facts.people import People
from evidence.model import Person


class Past:
    """Commits as rows, newest first; each further question is answered when first asked."""

    def __init__(self, people: People) -> None:
        self.people = people

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every commit, those of bots and merges too."""
        kinds = _Kinds()
        authors: dict[Person, tuple[str, bool]] = {}
        found = []
        for commit in self.people.commits:
            known = authors.get(commit.author)
            if known is None:
                author = self.people.author(commit)
                known = authors[commit.author] = (author.key, bool(author.tool))
            touched = 0
            for change in commit.changes:
                touched |= kinds[change.path]
            found.append(Row(commit, *known, touched))
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
    def sample(self) -> tuple[Row, ...]:
        """The commits of which changed lines are counted."""
        return sample(self.work)


class _Kinds(dict[str, int]):
    """The kind of each path, looked at once."""

    def __missing__(self, path: str) -> int:
        found = self[path] = int(kind_of(path))
        return found
