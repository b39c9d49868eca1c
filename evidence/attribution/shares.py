"""From the standing of commits and accounts to the share of a site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evidence.attribution.standing import Standing
from evidence.model import Changes, Share, Site

NOBODY = Share(0.0, 0.0, "claimed", "none")
UNKNOWN = Share(0.0, 0.0, "claimed", "none", unknown=1.0)


def of_lines(lines: Iterable[Standing | None], left_out: Mapping[str, int]) -> Share:
    """The share of a cited range: one standing a line, None where its history is not known. ``left_out`` counts lines
    that the candidate's commits brought and that are not their work, by why."""
    told = list(lines)
    count = max(len(told), 1)
    wrote = [one for one in told if one is not None and one.wrote]
    low = sum(one.linked for one in wrote) / count
    high = len(wrote) / count
    return Share(
        low=_rounded(low),
        high=_rounded(high),
        basis="linked" if wrote and low == high else "claimed",
        role=("author" if any(one.role != "co-author" for one in wrote) else "co-author") if wrote else "none",
        unknown=_rounded(told.count(None) / count),
        left_out=max(sorted(left_out), key=left_out.__getitem__, default=""),
    )


def _rounded(part: float) -> float:
    return round(part, 4)


def of_commit(standing: Standing) -> Share:
    """The share of a cited commit: all of it or nothing. A merge belongs to whoever made it; who only put another's
    commit in place has a role and no share."""
    part = float(standing.wrote)
    return Share(part if standing.linked else 0.0, part, "linked" if standing.linked else "claimed", standing.role)


def of_item(site: Site, accounts: frozenset[str], changes: Changes | None) -> Share:
    """The share of something on the forge (see ``Site.item``): its account is the forge's own word."""
    kind, _, rest = site.item.partition("/")
    number, _, part = rest.partition("/")
    roles = _roles(changes, kind, number, part) if changes is not None else {}
    if not roles:
        return UNKNOWN
    for role in ("author", "reviewer", "merger"):
        if not accounts.isdisjoint(roles.get(role, ())):
            whole = role == "author" or (role == "reviewer" and kind in ("comment", "review"))
            return Share(float(whole), float(whole), "linked", role)
    return Share(0.0, 0.0, "linked", "none")


def _roles(changes: Changes, kind: str, number: str, part: str) -> dict[str, set[str]]:
    """Logins in lower case by their role in an item; empty where it is not there."""
    if kind == "issue":
        return next((_named(author=[i.author]) for i in changes.issues if str(i.number) == number), {})
    if kind == "release":
        return next((_named(author=[r.author]) for r in changes.releases if r.tag == number), {})
    change = next((c for c in changes.requests if str(c.number) == number), None)
    if change is None:
        return {}
    if kind == "change":
        return _named(author=[change.author], reviewer=[r.author for r in change.reviews], merger=[change.merged_by])
    if kind == "review":
        return next((_named(reviewer=[r.author]) for r in change.reviews if r.id == part), {})
    comments = [*change.comments, *(c for thread in change.threads for c in thread.comments)]
    found = next((c.author for c in comments if c.id == part), None)
    return _named(**{"author" if found == change.author else "reviewer": [found]}) if found else {}


def _named(**roles: Iterable[object]) -> dict[str, set[str]]:
    found = {}
    for role, accounts in roles.items():
        found[role] = {login.casefold() for a in accounts if (login := getattr(a, "login", ""))}
    return found
