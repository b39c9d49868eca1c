"""From the standing of commits and accounts to the share of a site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evidence.attribution.standing import Standing
from evidence.facts.conversations import Item, Items
from evidence.model import Account, ChangeRequest, Share, Site

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


def of_item(site: Site, accounts: frozenset[str], items: Items) -> Share:
    """The share of something on the forge (see ``Site.item``): its account is the forge's own word."""
    item = items.find(site.item)
    roles = _roles(item, items.change(item.number)) if item is not None else {}
    if item is None or not roles:
        return UNKNOWN
    if _on_their_own(item, items.change(item.number), accounts):
        return Share(0.0, 0.0, "linked", "author", left_out="own_change")
    for role in ("author", "reviewer", "merger"):
        if not accounts.isdisjoint(roles.get(role, ())):
            whole = role == "author" or (role == "reviewer" and item.kind in ("comment", "review"))
            return Share(float(whole), float(whole), "linked", role)
    if roles.get("author") == set():  # an account that is gone may have been anybody's
        return UNKNOWN
    return Share(0.0, 0.0, "linked", "none")


def _on_their_own(item: Item, change: ChangeRequest | None, accounts: frozenset[str]) -> bool:
    """Whether a remark is on a change that another account of theirs made: nobody reviews themselves."""
    told = [item.account, change.author] if change is not None and item.kind in ("comment", "review") else []
    logins = {account.login.casefold() for account in told if account is not None}
    return len(logins) == 2 and logins <= accounts


def _roles(item: Item, change: ChangeRequest | None) -> dict[str, set[str]]:
    """Logins in lower case by their role in an item; empty where nobody's account is known."""
    if item.kind == "change" and change is not None:
        return _named(author=[change.author], reviewer=[r.author for r in change.reviews], merger=[change.merged_by])
    if item.account is None:
        return {}
    if item.kind in ("comment", "review") and (change is None or item.account != change.author):
        return _named(reviewer=[item.account])
    return _named(author=[item.account])


def _named(**roles: Iterable[Account | None]) -> dict[str, set[str]]:
    return {role: {a.login.casefold() for a in accounts if a is not None} for role, accounts in roles.items()}
