"""What the text of a commit refers to: the request it came through, issues it closes, who reviewed it.

Commits of every forge are read by their default wording; a team that writes its own is seen only as far as it keeps
these. Sources: GitHub "About merge methods" and "Linking a pull request to an issue", GitLab "Commit message
templates" and "Crosslinking issues", Bitbucket and Azure DevOps merge messages, Gerrit's ``Reviewed-on`` footer,
Phabricator's ``Differential Revision`` line, bors and git's own ``Reviewed-by`` trailers.
"""

from __future__ import annotations

import re

from evidence.model import Commit, Person
from evidence.patterns import regex

_IN_SUBJECT = regex(
    r"\([#!](?P<a>\d{1,9})\)\s*$"
    r"|^Merge (?:pull|merge) request [#!](?P<b>\d{1,9})\b"
    r"|^(?:Auto merge of|Merge|Merge PR|Merge MR) [#!](?P<c>\d{1,9})\b"
    r"|^Merged in \S{1,200} \(pull request #(?P<d>\d{1,9})\)"
    r"|^Merged PR (?P<e>\d{1,9}):"
)
_IN_BODY = regex(
    r"^(?:See merge request \S{0,200}!(?P<a>\d{1,9})"
    r"|Reviewed-on: https?://\S{1,200}?/(?P<b>\d{1,9})/?"
    r"|Differential Revision: \S{0,200}D(?P<c>\d{1,9})"
    r"|PR-URL: \S{1,200}/(?P<d>\d{1,9})"
    r"|Pull[- ]Request: \S{0,200}?#?(?P<e>\d{1,9}))\s*$",
    re.MULTILINE,
)
_HINTS = ("See merge request", "Reviewed-on", "Differential Revision", "PR-URL", "Pull-Request", "Pull Request")
_BRANCH = regex(r"^Merge pull request #\d{1,9} from ([A-Za-z0-9-]{1,39})/")
_REVIEWERS = regex(
    r"^(?:Reviewed|Approved|Acked)-by:[ \t]*([^<\n]{1,100}?)[ \t]*(?:<([^>\n]{1,200})>)?[ \t]*$", re.M | re.I
)
_CLOSES = regex(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|implement(?:s|ed)?)\b:? {0,2}"
    r"(?:[\w.-]{1,80}/[\w.-]{1,80})?#(\d{1,9})\b",
    re.I,
)


def request_number(commit: Commit) -> int:
    """The number of the pull or merge request that brought a commit to the main line; 0 where its text names none."""
    found = _IN_SUBJECT.search(commit.subject)
    if found is None and any(hint in commit.body for hint in _HINTS):
        found = _IN_BODY.search(commit.body)
    return int(next(g for g in found.groups() if g)) if found else 0


def branch_owner(commit: Commit) -> str:
    """The account from whose fork or repository a merged branch came, in lower case; "" where the text tells none."""
    found = _BRANCH.match(commit.subject)
    return found[1].lower() if found else ""


def reviewers(commit: Commit) -> tuple[Person, ...]:
    """Those whom ``Reviewed-by``, ``Approved-by`` and ``Acked-by`` lines name; the address may be empty."""
    if "-by:" not in commit.body.lower():
        return ()
    return tuple(dict.fromkeys(Person(name, email) for name, email in _REVIEWERS.findall(commit.body)))


def issues_closed(commit: Commit) -> tuple[int, ...]:
    """Numbers of issues that the text says it closes or fixes, in their order."""
    if "#" not in commit.subject and "#" not in commit.body:
        return ()
    return tuple(dict.fromkeys(int(n) for n in _CLOSES.findall(f"{commit.subject}\n{commit.body}")))
