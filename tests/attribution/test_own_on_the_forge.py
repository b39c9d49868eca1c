"""Whose doing a thing on the forge is, and what of a forge's signals is one person's own."""

from __future__ import annotations

import msgspec
import pytest

from evidence import detect
from evidence.attribution.own import Own, own
from evidence.attribution.shares import UNKNOWN, of_item
from evidence.facts.conversations import Items
from evidence.facts.project import Project
from evidence.model import Account, Grade, Ledger, Site
from evidence.testkit.forge import read_forge

TOLD = """
- {change: 1, by: ada, merged: 2025-01-03, reviews: ["bob approved: fine"], comments: ["Bob a/x.py: what", "ada: so"]}
- issue: 7
  title: "Postmortem: orders were lost"
  by: ada
  assigned: [bob]
  closed: 2025-01-05
  closed_by: cy
  body: The root cause was a full queue.
  comments: ["bob: Action items: alert on its length.", "cy: Closing, as both are merged."]
- release: v1
- elsewhere: https://github.com/them/lib/pull/3
"""


def _own(login: str, signal_id: str, told: str = TOLD) -> Own:
    project = Project((), {}, changes=read_forge(told.splitlines()))
    signal = next(each for each in detect.signals() if each.id == signal_id)
    _, sites = detect.run(detect.discover(), project, "r", Ledger())[signal_id]
    return own(signal, sites, lambda site: of_item(site, frozenset({login}), project.items), 0.5)


@pytest.mark.parametrize(
    ("item", "login", "high", "role"),
    [
        ("change/1", "ada", 1.0, "author"),
        ("change/1", "bob", 0.0, "reviewer"),
        ("comment/1/1001", "bob", 1.0, "reviewer"),
        ("comment/1/1002", "ada", 1.0, "author"),
        ("comment/1/1001", "ada", 0.0, "none"),
        ("review/1/101", "bob", 1.0, "reviewer"),
        ("issue/7", "ada", 1.0, "author"),
        ("note/7/7001", "bob", 1.0, "author"),
        ("release/v1", "ada", 1.0, "author"),
        ("elsewhere/https://github.com/them/lib/pull/3", "ada", 1.0, "author"),
    ],
)
def test_a_thing_is_its_accounts(item: str, login: str, high: float, role: str) -> None:
    """Each thing on the forge is wholly the account's behind it, in any case of the login, with its role."""
    items = Project((), {}, changes=read_forge(TOLD.splitlines())).items
    share = of_item(Site(path="", clause="x", item=item), frozenset({login}), items)
    assert (share.low, share.high, share.role) == (high, high, role)


def _merged() -> Items:
    """The items of a change that Cy merged and of which an account is gone."""
    changes = read_forge([*TOLD.splitlines(), '- {change: 2, by: ghost, comments: ["ghost: gone", "Ada: still here"]}'])
    requests = [msgspec.structs.replace(r, merged_by=Account("Cy")) if r.number == 1 else r for r in changes.requests]
    return Project((), {}, changes=msgspec.structs.replace(changes, requests=tuple(requests))).items


@pytest.mark.parametrize(
    ("item", "logins", "high", "role"),
    [
        ("change/1", {"cy"}, 0.0, "merger"),
        ("change/1", {"cy", "bob"}, 0.0, "reviewer"),
        ("change/1", {"cy", "ada", "bob"}, 1.0, "author"),
        ("change/1", {"dora"}, 0.0, "none"),
        ("comment/1/1001", {"ada", "bob"}, 0.0, "author"),
        ("review/1/101", {"ada", "bob"}, 0.0, "author"),
        ("review/1/101", {"ada"}, 0.0, "none"),
        ("review/1/101", {"cy", "bob"}, 1.0, "reviewer"),
        ("issue/7", {"bob", "cy"}, 0.0, "none"),
        ("note/7/7002", {"cy"}, 1.0, "author"),
    ],
)
def test_the_part_that_counts_most_is_told(item: str, logins: set[str], high: float, role: str) -> None:
    """Of several parts that a person's accounts have in a thing it is the nearest to its author's; merging and closing
    another's work is none of its making."""
    share = of_item(Site(path="", clause="x", item=item), frozenset(logins), _merged())
    assert (share.low, share.high, share.role, share.basis) == (high, high, role, "linked")


def test_a_thing_of_an_account_that_is_gone_may_be_anybodys() -> None:
    """A deleted account is not known: what it made is not known to be another's either."""
    items = _merged()
    for item in ("change/2", "comment/2/2001"):
        assert of_item(Site(path="", clause="x", item=item), frozenset({"ada"}), items) == UNKNOWN
    share = of_item(Site(path="", clause="x", item="comment/2/2002"), frozenset({"ada"}), items)
    assert (share.high, share.role) == (1.0, "reviewer")


def test_a_name_without_a_thing_is_nobodys_yet() -> None:
    """What the forge did not tell may be anybody's."""
    items = Project((), {}, changes=read_forge(TOLD.splitlines())).items
    assert of_item(Site(path="", clause="x", item="comment/1/9"), frozenset({"ada"}), items) == UNKNOWN


def test_a_part_in_an_incident_is_the_persons_own() -> None:
    """Who was assigned and wrote in it led it, whoever opened it; actions may be anybody's; others have no part."""
    for login, grade in (("ada", Grade.PRACTISED), ("bob", Grade.PRACTISED), ("cy", Grade.PRACTISED), ("dora", None)):
        assert _own(login, "forge.incident_role").grade is grade
    assert _own("bob", "forge.incident_role").measures["led"] == 1
    assert _own("cy", "forge.incident_role").measures["led"] == 0


def test_reviews_are_the_reviewers_own() -> None:
    """The same bar over one person's remarks: who teaches has it, not their authors, nor who wrote one remark."""
    told = "\n".join(
        f"- {{change: {n}, merged: 2025-01-03, comments: ['bob a/x.py: This will deadlock, because order {n} differs.',"
        f" 'bob a/y.py: Could you add a test for case {n}?'{extra}]}}"
        for n, extra in ((1, ", 'cy a/x.py: This leaks the connection.'"), (2, ""), (3, ""))
    )
    assert _own("bob", "forge.review_depth", told).grade is Grade.PRACTISED
    assert _own("cy", "forge.review_depth", told).grade is Grade.TRACE
    assert _own("ada", "forge.review_depth", told).grade is None
