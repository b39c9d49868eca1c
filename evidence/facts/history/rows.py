"""One commit as the signals of history see it."""

from __future__ import annotations

from msgspec import Struct

from evidence.model import Commit


class Row(Struct, frozen=True):
    """A commit, its author's key (see ``evidence.facts.people``), whether a bot or tool made it, and the
    union of the kinds of its paths (see ``PathKind``)."""

    commit: Commit
    author: str
    bot: bool
    kinds: int

    @property
    def sha(self) -> str:
        """The commit's full id."""
        return self.commit.sha

    @property
    def is_merge(self) -> bool:
        """Whether it has more than one parent."""
        return len(self.commit.parents) > 1

    def touches(self, kinds: int) -> bool:
        """Whether it touches a path of one of these kinds."""
        return bool(self.kinds & kinds)
