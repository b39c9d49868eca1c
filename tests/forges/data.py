"""A repository on a forge as plain data, from which the fake forges write their answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


def moment(hours: float) -> str:
    """So many hours after the start, as forges write it."""
    return (START + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def sha(text: str) -> str:
    """A commit id that depends on the text alone."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


@dataclass
class Said:
    """A comment; in a thread it has a place."""

    id: int
    author: str | None
    body: str
    at: float
    edited: float = 0
    path: str = ""
    line: int = 0
    removed: bool = False
    commit: str = ""
    reply_to: int = 0


@dataclass
class Reviewed:
    """A review; ``state`` as GraphQL has it."""

    id: int
    author: str | None
    state: str
    body: str
    at: float
    commit: str = ""


@dataclass
class Pull:
    """A pull request."""

    number: int
    author: str | None = "ada"
    title: str = "Change"
    body: str = "Because."
    state: str = "MERGED"
    at: float = 0
    updated: float = 0
    draft: bool = False
    commits: list[tuple[str, str | None]] = field(default_factory=list)
    reviews: list[Reviewed] = field(default_factory=list)
    threads: list[list[Said]] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    @property
    def head(self) -> str:
        """The last commit of the branch."""
        return self.commits[-1][0] if self.commits else sha(f"head {self.number}")


@dataclass
class Ticket:
    """An issue."""

    number: int
    author: str | None = "ada"
    title: str = "It breaks"
    body: str = "Steps."
    state: str = "CLOSED"
    at: float = 0
    updated: float = 0
    comments: list[Said] = field(default_factory=list)
    closed_by: str = "bob"
    fixed_by: int = 0


@dataclass
class Published:
    """A release."""

    tag: str
    at: float
    draft: bool = False
    body: str = "Notes."


@dataclass
class Taken:
    """A change that another repository took."""

    path: str
    number: int
    author: str = "ada"
    title: str = "Repair it there"
    body: str = "Because it broke here."
    at: float = 1


@dataclass
class Repo:
    """All of it. ``history`` are commits with the login behind each, newest first; ``taken`` is what other repositories
    took; ``fork_of`` what this one was forked from ("" for one that is not shown)."""

    name: str = "ada/app"
    pulls: list[Pull] = field(default_factory=list)
    issues: list[Ticket] = field(default_factory=list)
    releases: list[Published] = field(default_factory=list)
    history: list[tuple[str, str | None]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    fork_of: str | None = None


def repository(pulls: int = 3, issues: int = 2) -> Repo:
    """Changes by ada, reviewed by bob in a thread that she answers, and issues between them; the newest last."""
    repo = Repo(releases=[Published("v1.0", 5), Published("v2.0", 9), Published("next", 10, draft=True)])
    for at in range(1, pulls + 1):
        commit = sha(f"commit {at}")
        place = {"path": "app.py", "line": 7, "commit": commit}
        thread = [
            Said(at * 100 + 1, "bob", "This races with the cleanup: hold the lock.", at + 0.2, **place),  # type: ignore[arg-type]
            Said(at * 100 + 2, "ada", "Done.", at + 0.3, reply_to=at * 100 + 1, **place),  # type: ignore[arg-type]
        ]
        repo.pulls.append(
            Pull(
                at, title=f"Change {at}", at=at, updated=at + 0.5, commits=[(commit, "ada")], closes=[pulls + 1],
                reviews=[Reviewed(at * 100 + 3, "bob", "CHANGES_REQUESTED", "Please look again.", at + 0.2, commit),
                         Reviewed(at * 100 + 4, "bob", "APPROVED", "", at + 0.4, commit)],
                threads=[thread], comments=[Said(at * 100 + 5, "eve", "Nice.", at + 0.1)], labels=["bug"],
            )
        )  # fmt: skip
        repo.history.insert(0, (sha(f"merge {at}"), "ada"))
    for at in range(pulls + 1, pulls + issues + 1):
        comment = Said(at * 100 + 1, "bob", "Seen here too.", at + 0.1)
        repo.issues.append(Ticket(at, at=at, updated=at + 0.2, comments=[comment], fixed_by=1))
    return repo
