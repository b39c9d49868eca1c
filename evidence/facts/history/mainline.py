"""How changes came to the main line: the chain of first parents, and what each of its merges brought."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from evidence.facts.history.messages import branch_owner, request_number, reviewers
from evidence.facts.history.rows import Row
from evidence.facts.people import People, automated
from evidence.model import Person


class Landing(Struct, frozen=True):
    """One change of the main line. ``brought`` are the commits it consists of (itself unless it is a merge), ``author``
    is the key of the person who wrote most of them, and ``bot`` says that only bots and tools did."""

    row: Row
    brought: tuple[Row, ...]
    author: str
    bot: bool

    @property
    def request(self) -> int:
        """The number of the pull or merge request that it came through; 0 without one."""
        return request_number(self.row.commit)


def mainline(rows: Sequence[Row]) -> list[tuple[Row, tuple[Row, ...]]]:
    """The chain of first parents from the newest commit, newest first, each with the commits that it brought."""
    by_sha = {row.commit.sha: row for row in rows}
    chain: list[Row] = []
    row = rows[0] if rows else None
    while row is not None:
        chain.append(row)
        parents = row.commit.parents
        row = by_sha.get(parents[0]) if parents else None
    taken = {row.commit.sha for row in chain}
    # What an older merge brought is not brought again by a later one.
    return [(row, _brought(row, by_sha, taken)) for row in reversed(chain)][::-1]


def _brought(row: Row, by_sha: Mapping[str, Row], taken: set[str]) -> tuple[Row, ...]:
    """The commits that a merge adds to what was there before it; ``taken`` grows by them."""
    if not row.is_merge:
        return (row,)
    found: list[Row] = []
    stack = list(row.commit.parents[1:])
    while stack:
        sha = stack.pop()
        side = by_sha.get(sha)
        if sha in taken or side is None:
            continue
        taken.add(sha)
        if not side.is_merge:
            found.append(side)
        stack.extend(side.commit.parents)
    return tuple(found)


def landing(row: Row, brought: tuple[Row, ...]) -> Landing:
    """A change of the main line with its author."""
    if not brought or brought == (row,):
        return Landing(row, brought, row.author, row.bot)
    counted = Counter(side.author for side in brought if not side.bot)
    author = min(counted, key=lambda key: (-counted[key], key)) if counted else row.author
    return Landing(row, brought, author, not counted)


def by_other(change: Landing, people: People) -> bool:
    """Whether somebody who wrote nothing of a change merged it, or is named as its reviewer, as its commits tell.

    Equal names without accents, and a branch from the merger's own fork, are one person under two addresses.
    """
    commits = [side.commit for side in change.brought if not side.bot]
    if not commits:
        return False
    wrote = frozenset[str]().union(*map(people.writers, commits))
    names = {folded(commit.author.name) for commit in commits}
    addresses = {commit.author.email.casefold() for commit in commits}
    for reviewer in reviewers(change.row.commit):
        if (
            folded(reviewer.name) not in names
            and reviewer.email.casefold() not in addresses
            and not automated(reviewer)
        ):
            return True
    owner = branch_owner(change.row.commit)
    # A merge commit is written by who merges; of a squash the committer does it, as a rule a tool of the forge.
    claim = change.row.commit.author if change.row.is_merge else change.row.commit.committer
    merger = people.contributor(claim)
    return not merger.tool and merger.key not in wrote and folded(claim.name) not in names and not _is(claim, owner)


def _is(claim: Person, login: str) -> bool:
    """Whether a name or an address carries this login."""
    local = claim.email.casefold().partition("@")[0].rpartition("+")[2]
    return bool(login) and login in (local, claim.name.casefold())


def folded(name: str) -> str:
    """A name without case, accents and spaces, so that ``Valdés`` and ``Valdes`` do not review each other."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(c for c in plain if c.isalnum()).casefold()
