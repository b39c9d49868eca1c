"""A person's changes that others accepted: merged and public, in repositories that are not their own.

One request an account on GitHub (GraphQL's search, REST's where that does not answer). GitLab lists merge requests with
a token alone, and without saying which projects are public, so these are asked for by name. Answers are kept for a day:
no conditional request tells whether a search would find more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from evidence.model import ChangeRequest
from evidence.patterns import regex
from evidence.source.forges.app import signed_in
from evidence.source.forges.asking import Asking
from evidence.source.forges.cache import AnswerCache, Marks, items_of
from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.gathered import Gathered
from evidence.source.forges.patience import NotAsked, Unavailable

if TYPE_CHECKING:
    from evidence.source.forges.memo import Memo

MOST_ACCOUNTS = 3
MOST_READ = 100
_KEPT_SECONDS = 86_400
_LOGIN = regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
_PLACE = regex(r"https?://[^/]+/(?P<path>[^#?]{3,512}?)(?:/-/merge_requests|/pull)/(?P<number>[0-9]{1,9})")


class Elsewhere(Struct, frozen=True):
    """Changes in order of their addresses; ``missing`` says why there are none, ``sampled`` why there may be more.
    ``asked`` is whether asking made sense."""

    changes: tuple[ChangeRequest, ...] = ()
    missing: str = ""
    sampled: str = ""
    asked: bool = True


def place_of(url: str) -> tuple[str, int]:
    """Repository and number that a change's address names, ("", 0) for any other text."""
    found = _PLACE.fullmatch(url)
    return (found["path"], int(found["number"])) if found else ("", 0)


def accepted(endpoint: Endpoint, repository: str, logins: Iterable[str], asking: Asking) -> Elsewhere:
    """What the repositories of others took of these accounts; those of ``repository`` (its path) are not elsewhere.

    Never raises: what could not be had is in ``missing``.
    """
    names = sorted({login.casefold() for login in logins if _LOGIN.fullmatch(login)})
    try:
        endpoint = signed_in(endpoint, asking.patience)
        with closing(asking.open_cache()) as cache:
            found = [_of(endpoint, login, asking, cache) for login in names[:MOST_ACCOUNTS]]
    except Unavailable as error:
        return Elsewhere(missing=str(error), asked=not isinstance(error, NotAsked))
    sampled = "; ".join(dict.fromkeys(reason for each in found for reason in each.sampled.values()))
    if len(names) > MOST_ACCOUNTS:
        sampled = sampled or f"{MOST_ACCOUNTS} of {len(names)} accounts were asked about"
    changes = {url: change for each in found for url, change in each.elsewhere.items()}
    here = {url: place_of(url)[0].lower() for url in sorted(changes)}
    others = [url for url, path in here.items() if path not in ("", repository.lower())]
    return Elsewhere(tuple(changes[url] for url in others if here[url].partition("/")[0] not in names), sampled=sampled)


def read_again(endpoint: Endpoint, urls: Sequence[str], asking: Asking) -> dict[str, ChangeRequest]:
    """These changes as they are now, by address; one that is gone is left out. Raises Unavailable where the forge does
    not tell."""
    endpoint = signed_in(endpoint, asking.patience)
    read = _reader(endpoint, asking).one
    found = {}
    for url in urls:
        path, number = place_of(url)
        change = read(path, number) if path else None
        if change is not None:
            found[url] = msgspec.structs.replace(change, url=url)
    return found


def _of(endpoint: Endpoint, login: str, asking: Asking, cache: AnswerCache) -> Gathered:
    """What one account brought: as it was kept, where that is less than a day ago, or asked for."""
    scope, now = f"{endpoint.origin} elsewhere {login}", int(asking.patience.clock())
    known = cache.latest(scope, complete=True)
    if known and known[1].since.isdigit() and 0 <= now - int(known[1].since) < _KEPT_SECONDS:
        return known[2]
    begun = cache.latest(scope, complete=False) if asking.resume else None
    crawl, marks, found = begun[0] if begun else cache.begin(scope), Marks(since=str(now)), Gathered()
    reader = _reader(endpoint, asking)
    from evidence.source.forges.memo import Memo

    listed, total = reader.listed(login, Memo(cache, crawl, marks))
    for change in listed:
        if change.merged and change.author is not None and change.author.login.casefold() == login:
            found.elsewhere[change.url] = change
    if total > MOST_READ:
        found.sampled["elsewhere"] = f"{MOST_READ} of {total:,} changes were read: those that were updated last"
    found.sampled |= reader.sampled
    marks.sampled = found.sampled
    cache.store(crawl, marks, items_of(found), complete=True, anew=True)
    return found


class _Reader(Protocol):
    """How one kind of forge is asked; ``sampled`` is what it left out."""

    sampled: dict[str, str]

    def listed(self, login: str, memo: Memo) -> tuple[list[ChangeRequest], int]:
        """The changes of an account that were merged, updated last first, and how many the forge says there are."""

    def one(self, path: str, number: int) -> ChangeRequest | None:
        """One change; None where it is gone."""


def _reader(endpoint: Endpoint, asking: Asking) -> _Reader:
    if endpoint.kind == "gitlab":
        from evidence.source.forges.gitlab_elsewhere import GitLabElsewhere

        return GitLabElsewhere(endpoint, asking.patience)
    from evidence.source.forges.github_elsewhere import GitHubElsewhere

    return GitHubElsewhere(endpoint, asking.patience)
