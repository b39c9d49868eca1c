"""Addresses that only the own commits of squashed changes have, and that the forge took for the squash's author.

Many people commit at home under another address than the forge writes into a squash. GitHub names every other author of
a change's commits as a co-author of the squash that it makes, so whoever it does not name is, to it, the author:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from evidence.attribution.squashes import Squashes
from evidence.facts.people import People, automated
from evidence.model import Commit, Person

_FORGE = "github-web"
_SINCE = 1_577_836_800
"""2020, in seconds since the epoch: GitHub names co-authors in squashes since the end of 2019."""


def vouched_for(squashes: Squashes, people: People, keys: Collection[str]) -> frozenset[Person]:
    """The claims of own commits that are taken for these contributors'.

    A squash by the forge vouches for the one address among its change's commits that no commit of the history names;
    where there are two, or squashes of several people share one, nobody knows whose they are.
    """
    authors: defaultdict[str, set[str]] = defaultdict(set)
    claims: defaultdict[str, set[Person]] = defaultdict(set)
    for squash in people.commits:
        if squash.sha not in squashes.heads or not _by_the_forge(squash, people):
            continue
        strangers = {c.author for c in squashes.own(squash.sha) or () if _is_stranger(c.author, people)}
        addresses = {person.email.strip().casefold() for person in strangers}
        for address in addresses:
            claims[address] |= {person for person in strangers if person.email.strip().casefold() == address}
            # of two that it does not name it cannot have taken both for the author
            authors[address].add(people.author(squash).key if len(addresses) == 1 else "")
    return frozenset(
        person
        for address, whose in authors.items()
        if len(whose) == 1 and whose <= set(keys)
        for person in claims[address]
    )


def _by_the_forge(squash: Commit, people: People) -> bool:
    return squash.committed >= _SINCE and people.committer(squash).tool == _FORGE and not people.author(squash).tool


def _is_stranger(person: Person, people: People) -> bool:
    return "@" in person.email and not automated(person) and people.recognised(person) is None
