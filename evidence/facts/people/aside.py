"""A candidate whose commits stand beside the history alone: own commits of changes that somebody else squashed.

They are looked for among these where the history itself does not know a value of ``--candidate``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from evidence.facts.people.finding import as_asked, find, is_known
from evidence.facts.people.people import People
from evidence.facts.people.records import Candidate


def found_aside(found: Candidate, people: People, values: Sequence[str], others: Callable[[], People]) -> Candidate:
    """``found`` among ``people``, and for the values that fit nobody there whoever they fit among ``others``, the
    people of the commits beside the history, which are asked for only then."""
    asked = dict.fromkeys(v.strip() for v in values if v.strip())
    left = [value for value in asked if not is_known(people, value)] if found.unmatched else []
    if not left:
        return found
    aside = others()
    more = find(aside, left)
    questions = (*found.questions, *more.questions)
    claims = frozenset(c.author for c in aside.commits if aside.author(c).key in more.keys)
    strange = set(map(as_asked, left))
    return replace(
        found,
        asked=tuple(dict.fromkeys((*(value for value in found.asked if value not in strange), *more.asked))),
        keys=frozenset() if questions else found.keys,
        accounts=frozenset() if questions else found.accounts | more.accounts,
        aside=frozenset() if questions else claims,
        name=found.name or more.name,
        matched=(*found.matched, *more.matched),
        questions=questions,
        unmatched=tuple(v for v in found.unmatched if v in more.unmatched),
    )
