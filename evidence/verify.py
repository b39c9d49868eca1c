"""Holding a digest against the repository it cites: is every citation there, and does all else follow?

Three questions, in this order: is the digest the one that was written (its own checksum); does each citation open on
the very bytes it names, at a commit that the repository's references reach; and, when asked, does scanning again give
the same findings and cells. Nothing here trusts the digest: whatever it says is derived anew and compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from evidence.citations import Citable, cite
from evidence.facts.conversations import ForgeCitation, Items, cited_item, item_of
from evidence.model import (
    Changes,
    Citation,
    Commit,
    CommitCitation,
    Digest,
    FileCitation,
    IssueCitation,
    PullRequestCitation,
    ReviewCommentCitation,
    Site,
)
from evidence.report.json_form import to_json
from evidence.seal import SEAL, seal_holds

_SHOWN_CHARACTERS = 100
# What identifies a record of each list of the digest, so that a difference can be named.
_KEYS = {
    "repositories": ("id",),
    "competencies": ("id",),
    "signals": ("id",),
    "findings": ("id",),
    "cells": ("competency", "level"),
    "ledger": ("code", "subject", "reason"),
}
_ELSEWHERE = "elsewhere/"
# The part of a forge's answers in which a citation's thing stands.
_PART = {PullRequestCitation: "changes", ReviewCommentCitation: "comments", IssueCitation: "issues"}
# The checksum differs with anything else, the options are those that the digest itself asked for, and the default
# branch is a setting of the repository's that no commit holds.
_NOT_COMPARED = (SEAL, "options", "default_branch")
_NAMELESS = "without a public address a repository goes by its folder's name, so give both the same."
# Where these differ, scanning again answers another question: no difference of the digest, and no proof of it.
_OTHER_QUESTION = ("tool", "inputs")


class Checkable(Citable, Protocol):
    """What checking needs of a repository, opened at the digest's commit."""

    def contains(self, commit: str) -> bool:
        """Whether some reference of the repository reaches this commit."""
        ...


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold. ``unread`` marks what could not be looked at: it is no difference, and no proof."""

    place: str
    sentence: str
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


def verify(
    digest: Digest, repository: Checkable, commits: Mapping[str, Commit], changes: Changes | None = None
) -> tuple[Problem, ...]:
    """Everything that the digest's checksum and the repository deny, in a fixed order; empty when all of it holds.

    ``commits`` are the repository's commits by hash; they are asked only where :func:`cites_commits`. ``changes`` is
    what its forge tells now, None where it was not asked.
    """
    return (
        *_checksum(digest),
        *_reach(digest, repository, commits),
        *_citations(digest, repository, commits),
        *_on_the_forge(digest, changes),
    )


def layout(digest: Digest, content: bytes) -> Iterator[Problem]:
    """Whether the file is, to the byte, what is written for this digest: nothing else can hide in it, such as a key
    given twice, of which other readers take the other one."""
    if to_json(digest) != content:
        yield Problem("digest", "the file is not laid out as evidence writes it: it was edited or re-formatted.")


def cites_commits(digest: Digest) -> bool:
    """Whether the history is needed to check this digest."""
    return any(isinstance(citation, CommitCitation) for _signal, citation in _opened(digest))


def _checksum(digest: Digest) -> Iterator[Problem]:
    if not seal_holds(digest):
        yield Problem(
            "digest", "its content does not fit its own checksum: something in it was changed after it was written."
        )


def _reach(digest: Digest, repository: Checkable, commits: Mapping[str, Commit]) -> Iterator[Problem]:
    """A forge serves the commits of every fork under the parent's address: only references tell them apart.

    What leads to the scanned commit is reached where that one is, and asking for each by itself is slow.
    """
    cited = {citation.commit for _signal, citation in _opened(digest)} - commits.keys()
    for commit in sorted(cited | {each.commit for each in digest.repositories}):
        if not repository.contains(commit):
            yield Problem(f"commit {commit}", "no reference of the repository reaches it.")


def _opened(digest: Digest) -> Iterator[tuple[str, FileCitation | CommitCitation]]:
    """The citations that git alone can check, with their signals."""
    for signal in digest.signals:
        for citation in signal.citations:
            if isinstance(citation, FileCitation | CommitCitation):
                yield signal.id, citation


def _citations(digest: Digest, repository: Checkable, commits: Mapping[str, Commit]) -> Iterator[Problem]:
    """Each citation compared with the one that its place gives today."""
    commit = repository.snapshot.commit
    paths = {blob.path for blob in repository.snapshot.blobs}
    anew = {
        name: cite([_site(c) for _signal, c in _opened(digest) if c.repository == name], repository, name, commits)
        for name in sorted({citation.repository for _signal, citation in _opened(digest)})
    }
    for signal, citation in _opened(digest):
        place = f"{signal}, {_where(citation)}"
        derived = anew[citation.repository].get(_site(citation))
        if isinstance(citation, FileCitation) and citation.commit != commit:
            yield Problem(place, f"it cites commit {citation.commit}, and the digest was made of {commit}.")
        elif derived is not None:
            yield from _compared(place, citation, derived)
        elif isinstance(citation, CommitCitation):
            yield Problem(place, "the history of the scanned commit does not have this commit.")
        elif citation.path in paths:
            yield Problem(place, "the repository at hand does not hold this file's content.", unread=True)
        else:
            yield Problem(place, "there is no such file at this commit.")


def cites_the_forge(digest: Digest) -> bool:
    """Whether the forge is needed to check this digest."""
    return any(_told(digest))


def _told(digest: Digest) -> Iterator[tuple[str, ForgeCitation]]:
    """The citations that only the forge can check, with their signals."""
    for signal in digest.signals:
        for citation in signal.citations:
            if not isinstance(citation, FileCitation | CommitCitation):
                yield signal.id, citation


def cited_elsewhere(digest: Digest) -> tuple[str, ...]:
    """The addresses of cited changes in repositories of others."""
    known = {site.item for finding in digest.findings for site in finding.sites if site.item.startswith(_ELSEWHERE)}
    return tuple(sorted({each.url for _signal, each in _told(digest) if f"{_ELSEWHERE}{each.url}" in known}))


def _on_the_forge(digest: Digest, changes: Changes | None) -> Iterator[Problem]:
    """Each comment, change and issue compared with what the forge shows now: edited or deleted is "changed since"."""
    told = list(_told(digest))
    if told and changes is None:
        sentence = (
            f"{len(told)} of them are of the forge, which was not asked: whether they changed since is not known."
        )
        yield Problem("citations", sentence, unread=True)
        return
    items = Items(changes)
    elsewhere = cited_elsewhere(digest)
    for signal, citation in told:
        place = f"{signal}, {citation.url}"
        away = citation.url in elsewhere
        names = (f"{_ELSEWHERE}{citation.url}",) if away else item_of(citation)
        item = next((found for name in names if (found := items.find(name)) is not None), None)
        now = cited_item(item, citation.clause, citation.repository) if item is not None else None
        unread = _unread(changes, "elsewhere" if away else _PART[type(citation)])
        if now is None and unread:
            yield Problem(place, f"the forge could not be asked for it: {unread}.", unread=True)
        elif now is None:
            yield Problem(place, "changed since: the forge does not show it any more.")
        elif _text_of(now) != _text_of(citation):
            yield Problem(place, "changed since: its text is not the one that was cited.")


def _unread(changes: Changes | None, part: str) -> str:
    """Why the forge did not tell of a part, "" where it did."""
    return changes.missing.get(part, "") if changes is not None else ""


def _text_of(citation: ForgeCitation) -> tuple[str, ...]:
    """What of a citation an edit would change: the text itself, by its hash where nothing in it is masked."""
    return (citation.sha256, citation.excerpt, getattr(citation, "title", ""))


def _site(citation: FileCitation | CommitCitation) -> Site:
    if isinstance(citation, CommitCitation):
        return Site(path="", clause=citation.clause, commit=citation.commit)
    return Site(path=citation.path, start=citation.start_line, end=citation.end_line, clause=citation.clause)


def _where(citation: FileCitation | CommitCitation) -> str:
    if isinstance(citation, CommitCitation):
        return f"commit {citation.commit}"
    return f"{citation.path}:{citation.start_line}-{citation.end_line}"


def _compared(place: str, citation: FileCitation | CommitCitation, derived: Citation) -> Iterator[Problem]:
    """Every field of the two that differs. Who wrote the lines is not the citation's to prove."""
    theirs, ours = msgspec.structs.asdict(citation), msgspec.structs.asdict(derived)
    for field in theirs:
        if field != "share" and theirs[field] != ours.get(field):
            yield _difference(place, field, theirs[field], ours.get(field), "the repository gives")


def _difference(place: str, field: str, said: object, found: object, source: str) -> Problem:
    return Problem(place, f"{field}: the digest says {_short(said)}, {source} {_short(found)}.")


def _short(value: object) -> str:
    text = "nothing" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def compare(digest: Digest, again: Digest) -> tuple[Problem, ...]:
    """Every difference between a digest and the one that the same scan gives now.

    Where the tool, its plugins or Python have another version, that is said, and it proves nothing either way.
    """
    named, now = ([each.id for each in one.repositories] for one in (digest, again))
    if named != now:
        sentence = f"the digest is of {_short(named)}, and here that is {_short(now)}: {_NAMELESS}"
        return (Problem("repositories", sentence, unread=True),)
    said, found = _records(digest), _records(again)
    problems = []
    for place, field in sorted(said.keys() | found.keys()):
        theirs, ours = said.get((place, field)), found.get((place, field))
        if theirs != ours:
            problem = _difference(place, field, theirs, ours, "scanning again gives")
            problems.append(replace(problem, unread=place in _OTHER_QUESTION))
    return tuple(problems)


def _records(digest: Digest) -> dict[tuple[str, str], Any]:
    """The digest as (place, field) -> value: one place for each record of each list, one for each open map."""
    flat: dict[tuple[str, str], Any] = {}
    for section, value in msgspec.to_builtins(digest).items():
        if section in _KEYS:
            for record in value:
                place = " ".join([section, *(str(record[key]) for key in _KEYS[section])])
                flat.update({(place, field): each for field, each in record.items()})
        elif isinstance(value, dict):
            flat.update({(section, field): each for field, each in value.items()})
        else:
            flat["digest", section] = value
    return {(place, field): value for (place, field), value in flat.items() if field not in _NOT_COMPARED}
