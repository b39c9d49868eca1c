"""Addresses that only the own commits of squashed changes have, and that the forge took for the squash's author.

Many people commit at home under another address than the forge writes into a squash. GitHub names every other author of
a change's commits as a co-author of the squash that it makes, so whoever it does not name is, to it, the author:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

from evidence.attribution.squashes import Squashes
from evidence.facts.people import People, automated
from evidence.model import Commit, Person

_FORGE = "github-web"
_NEARLY_ALWAYS = 0.9
_SINCE = 1_577_836_800
"""2020, in seconds since the epoch: GitHub names co-authors in squashes since the end of 2019."""


def vouched_for(squashes: Squashes, people: People, keys: Collection[str]) -> frozenset[Person]:
    """The claims of own commits that are taken for these contributors'.

    A squash by the forge vouches for the one address among its change's commits that has written no commit of the
    history and that it does not name. Where there are two, where squashes of several people share one more than now and
    then, or where the same person's squash names it elsewhere, nobody knows whose they are.
    """
    writing = {one.contributor.key for one in people.contributions if one.newest}
    authors: defaultdict[str, Counter[str]] = defaultdict(Counter)
    claims: defaultdict[str, set[Person]] = defaultdict(set)
    for squash in people.commits:
        if squash.sha not in squashes.heads or not _by_the_forge(squash, people):
            continue
        author, named = people.author(squash).key, {one.key for one in people.coauthors(squash)}
        unnamed: set[str] = set()
        for person in {commit.author for commit in squashes.own(squash.sha) or ()}:
            one = people.recognised(person)
            if "@" not in person.email or automated(person) or (one is not None and one.key in writing):
                continue
            address = person.email.strip().casefold()
            claims[address].add(person)
            if one is not None and one.key in named:
                authors[address][f"not {author}"] += 1
            else:
                unnamed.add(address)
        for address in unnamed:
            # of two that it does not name it cannot have taken both for the author
            authors[address][author if len(unnamed) == 1 else ""] += 1
    theirs = {address for address, whose in authors.items() if _of_one(whose, keys)}
    return frozenset(person for address in theirs for person in claims[address])


def _of_one(whose: Counter[str], keys: Collection[str]) -> bool:
    """Whether an address was taken for one contributor nearly always (whoever merges may edit what the forge wrote),
    who is among these, and was never named beside them."""
    taken = Counter({one: count for one, count in whose.items() if not one.startswith("not ")})
    (one, count), *_ = taken.most_common(1) or [("", 0)]
    return one in set(keys) and count >= _NEARLY_ALWAYS * taken.total() and f"not {one}" not in whose


def _by_the_forge(squash: Commit, people: People) -> bool:
    return squash.committed >= _SINCE and people.committer(squash).tool == _FORGE and not people.author(squash).tool
