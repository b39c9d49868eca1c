"""Who else a commit's message names as its author: ``Co-authored-by`` and its kin.

Sources: https://git-scm.com/docs/git-interpret-trailers and
https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.model import Commit, Person
from evidence.patterns import regex

_SHORTEST = len("co-authored-by:x")
# Most messages have none of these: looking for plain pieces first is ten times faster than looking for the lines.
_TRAILER_HINTS = ("uthored-by", "UTHORED-BY", "uthored-By", "ssisted-by", "ssisted-By", "enerated-by", "enerated-By")
_FEWER_HINTS = ("-by", "-By", "-BY", "enerated with")
# git allows space before the colon; people write several names behind it.
_TRAILER = regex(
    r"^[ \t]{0,8}(co-authored-by|assisted-by|generated-by)[ \t]{0,8}:[ \t]*([^<\n]{0,200}(?:<[^\n]{0,1000})?)",
    re.I | re.M,
)
_NAMED = regex(r"([^<>\n]{0,200})<([^<>\n]{0,200})>")
_BETWEEN = regex(r"^\s*(?:[,;&+]\s*)*(?:and\s+)?")
# https://docs.anthropic.com/en/docs/claude-code/settings#attribution-settings: a line of its own above the trailer
_GENERATED_WITH = regex(r"^[^\w\n]{0,8}generated with \[?([A-Za-z ]{2,30}?)\]?(?:\(|\.|$)", re.I | re.M)
_PICKED = regex(r"^\(cherry picked from commit ([0-9a-f]{40})\)", re.M)
_MOST = 50


def may_tell_of_others(commit: Commit) -> bool:
    """Whether a message has a piece without which neither :func:`coauthors` nor :func:`assisted_by` names anybody."""
    return bool(commit.body) and any(map(commit.body.__contains__, _FEWER_HINTS))


def coauthors(commit: Commit) -> tuple[Person, ...]:
    """The people and tools that ``Co-authored-by`` lines name, in their order, each once; at most 50."""
    if len(commit.body) < _SHORTEST:
        return ()
    return tuple(dict.fromkeys(p for word, p in _trailers(commit) if word == "co-authored-by"))[:_MOST]


def assisted_by(commit: Commit) -> tuple[Person, ...]:
    """Whom ``Assisted-by`` and ``Generated-by`` lines and a "Generated with" line name; the address may be empty."""
    named = [p for word, p in _trailers(commit) if word != "co-authored-by"]
    if "enerated with" in commit.body:
        named += [Person(found.strip(), "") for found in _GENERATED_WITH.findall(commit.body)]
    return tuple(dict.fromkeys(named))[:_MOST]


def _trailers(commit: Commit) -> Iterator[tuple[str, Person]]:
    if any(map(commit.body.__contains__, _TRAILER_HINTS)):
        for word, named in _TRAILER.findall(commit.body):
            first, *others = _NAMED.findall(named) or [(named.partition("<")[0], "")]
            for name, email in (first, *((_BETWEEN.sub("", other), address) for other, address in others)):
                if name.strip() or email.strip():
                    yield word.lower(), Person(name.strip(), email.strip())


def picked_from(commit: Commit) -> str:
    """The full id of the commit that ``cherry-pick -x`` wrote down; "" where there is none."""
    found = _PICKED.search(commit.body)
    return found[1] if found else ""
