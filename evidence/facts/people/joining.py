"""Which claims of name and address are one person's: the same address, the same account, and nothing else."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from evidence.facts.people.accounts import noreply_account
from evidence.model import Person

# What converters and careless settings write where somebody has no address: it is nobody's, so it joins nobody.
# https://foss.heptapod.net/mercurial/hg-git (authors without one), and the hint that git itself prints:
# https://github.com/git/git/blob/master/ident.c
_NOBODYS = frozenset(
    {"none@none", "unknown@unknown", "you@example.com", "root@localhost", "root@localhost.localdomain"}
)


def joined(people: Mapping[Person, str], accounts: Mapping[Person, str]) -> dict[str, str]:
    """Every address and account that was seen -> the first one that is the same person's.

    ``people`` maps claims to the tool that makes them ("" for people); ``accounts`` maps claims to the ``host/login``
    that the forge links them to.
    """
    found = _Joined()
    for person, tool in people.items():
        node = node_of(person, tool)
        found.add(node)
        for other in () if tool else _noreply(person):
            found.join(node, other)
        if person in accounts:
            found.join(node, f"account {accounts[person]}")
    return found.roots()


def _noreply(person: Person) -> Iterable[str]:
    account = noreply_account(person.email)
    if account is not None:
        yield f"account {account.host}/{account.login}"
        if account.number:
            yield f"number {account.host}/{account.number}"


def node_of(person: Person, tool: str) -> str:
    """What a claim is known by: a tool by itself, people by their address, or by name and text where it is none."""
    if tool:
        return f"tool {tool if tool != 'bot' else 'bot ' + plain(person.name)}"
    somebodys = "@" in person.email and person.email.strip().casefold() not in _NOBODYS
    return address(person.email) if somebodys else f"name {plain(person.name)} {address(person.email)}"


def address(email: str) -> str:
    """The node of an e-mail address."""
    return f"mail {email.strip().casefold()}"


def plain(name: str) -> str:
    """A name as names are compared: without case and runs of spaces, however its accents are encoded."""
    return unicodedata.normalize("NFC", " ".join(name.split()).casefold())


class _Joined:
    """Names that mean the same, joined two by two; each group goes by the name that came first."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._order: dict[str, int] = {}

    def add(self, node: str) -> None:
        self._parent.setdefault(node, node)
        self._order.setdefault(node, len(self._order))

    def join(self, one: str, other: str) -> None:
        self.add(one)
        self.add(other)
        keep, drop = sorted((self._root(one), self._root(other)), key=self._order.__getitem__)
        self._parent[drop] = keep

    def _root(self, node: str) -> str:
        while (above := self._parent[node]) != node:
            self._parent[node] = self._parent[above]
            node = above
        return node

    def roots(self) -> dict[str, str]:
        """Each name -> the first of its group."""
        return {node: self._root(node) for node in self._parent}
