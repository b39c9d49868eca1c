"""The digest's subject: who was asked about, what is left open, and who worked in the repository.

No e-mail address is ever told. A candidate who was named by one goes by ``commit:<id>``, which means the author of that
commit, so that a digest can be derived again without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from evidence.citations import iso_date
from evidence.facts.people import Candidate, Contribution, People
from evidence.facts.people.finding import COMMIT

_Key = TypeVar("_Key", str, tuple[str, str])
_MAIN = 10
_BOTS = 20
_OF_EACH = 3


def subject_of(people: People, candidate: Candidate | None, baseline: str = "", upstream: str = "") -> dict[str, Any]:
    """Candidate (None where nobody was asked about), the values asked for, the baseline and a fork's parent; main
    contributors, bots and assistants."""
    return {
        "candidate": _candidate(candidate) if candidate is not None else None,
        "asked": list(candidate.asked) if candidate is not None else [],
        "baseline": baseline or None,
        "upstream": upstream or None,
        "contributors": _told(people.main(_MAIN)),
        "bots": [
            {"name": c.contributor.name, "tool": c.contributor.tool, "commits": c.authored} for c in people.bots[:_BOTS]
        ],
        "assistants": [{"tool": tool, "commits": count} for tool, count in people.assisted],
    }


def together(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The subject of a digest, from what each repository, by its id, tells of people.

    Of several repositories nobody is joined with anybody of another: a person is listed with each repository where they
    are among those with most commits. Bots, tools and assistants are counted over all of them."""
    if len(told) == 1:
        return dict(next(iter(told.values())))
    asked = [{"repository": name, "asked": s["asked"], **s["candidate"]} for name, s in told.items() if s["candidate"]]
    changes = [{"repository": name, **s["change"]} for name, s in told.items() if "change" in s]
    bots = Counter[tuple[str, str]]()
    assistants = Counter[str]()
    for subject in told.values():
        bots.update({(bot["tool"], bot["name"]): bot["commits"] for bot in subject["bots"]})
        assistants.update({one["tool"]: one["commits"] for one in subject["assistants"]})
    return {
        **({"changes": changes} if changes else {}),
        "candidate": {"repositories": asked} if asked else None,
        "contributors": [{"repository": name, **c} for name, s in told.items() for c in s["contributors"][:_OF_EACH]],
        "bots": [{"name": name, "tool": tool, "commits": n} for (tool, name), n in _most(bots)][:_BOTS],
        "assistants": [{"tool": tool, "commits": n} for tool, n in _most(assistants)],
    }


def _most(counted: Counter[_Key]) -> list[tuple[_Key, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))


def _candidate(candidate: Candidate) -> dict[str, Any]:
    """``status`` is found, question (several people fit a name, and nobody was chosen) or not_found."""
    status = "found" if candidate else "question" if candidate.questions else "not_found"
    return {
        "status": status,
        "name": candidate.name,
        "accounts": sorted(candidate.accounts),
        "identities": _told(candidate.matched),
        "questions": [{"asked": q.asked, "choices": _told(q.choices)} for q in candidate.questions],
        "unmatched": list(candidate.unmatched),
        "alike": _told(candidate.alike),
        "mailmap": list(candidate.mailmap),
    }


def _told(contributions: Iterable[Contribution]) -> list[dict[str, Any]]:
    """Contributors as the digest shows them; ``value`` is what ``--candidate`` takes to mean this one alone."""
    return [
        {
            "name": c.contributor.name,
            "names": list(c.contributor.names[1:]),
            "linked": c.contributor.linked,
            "commits": c.authored,
            "coauthored": c.coauthored,
            "first": iso_date(c.first) if c.newest or c.coauthored else "",
            "last": iso_date(c.last) if c.newest or c.coauthored else "",
            "value": f"{COMMIT}{c.newest}" if c.newest else "",
        }
        for c in contributions
    ]
