"""People as facts over commits: who is one person, who is a bot, what each did, and whom ``--candidate`` means.

people      the people of a history, and what each did      automation  bots, tools and assistants (automation.toml)
joining     which claims are one person's                   trailers    whom a message names beside its author
doubts      what a history cannot tell (doubts.toml)         aside       who is only in changes that were squashed
finding     from values of ``--candidate`` to people        accounts    accounts behind noreply addresses
"""

from evidence.facts.people.aside import found_aside
from evidence.facts.people.automation import automated, kind_of
from evidence.facts.people.doubts import authorship_doubt
from evidence.facts.people.finding import everyone, find, logins, sure_logins
from evidence.facts.people.people import People, shown_name
from evidence.facts.people.records import Candidate, Contribution, Contributor, Question
from evidence.facts.people.trailers import picked_from

__all__ = [
    "Candidate",
    "Contribution",
    "Contributor",
    "People",
    "Question",
    "authorship_doubt",
    "automated",
    "everyone",
    "find",
    "found_aside",
    "kind_of",
    "logins",
    "picked_from",
    "shown_name",
    "sure_logins",
]
