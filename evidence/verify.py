"""Holding a digest against the repository it cites: is every citation there, and does all else follow?

Three questions, in this order: is the digest the one that was written (its own checksum); does each citation open on
the very bytes it names, at a commit that the repository's references reach; and, when asked, does scanning again give
the same findings and cells. Nothing here trusts the digest: whatever it says is derived anew and compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from evidence.citations import Citable, cite
from evidence.differences import Problem, difference
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
from evidence.seal import seal_holds

_ELSEWHERE = "elsewhere/"
# The part of a forge's answers in which a citation's thing stands.
_PART = {PullRequestCitation: "changes", ReviewCommentCitation: "comments", IssueCitation: "issues"}


class Checkable(Citable, Protocol):
    """What checking needs of a repository, opened at the digest's commit."""

    def contains(self, commit: str) -> bool:
        """Whether some reference of the repository reaches this commit."""
        ...


def verify(
    digest: Digest, repository: Checkable, commits: Mapping[str, Commit], changes: Changes | None = None
) -> tuple[Problem, ...]:
    """Everything that the digest's checksum and the repository deny, in a fixed order; empty when all of it holds.

    ``commits`` are the repository's commits by hash; they are asked only where :func:`cites_commits`. ``changes`` is
    what its forge tells now, None where it was not asked.
    """
    return (*whole(digest), *held(digest, repository, commits, changes))


def whole(digest: Digest) -> Iterator[Problem]:
    """What the digest denies by itself: its checksum, and citations of what it is not of."""
    yield from _checksum(digest)
    known = {repository.id for repository in digest.repositories}
    for signal, citation in _cited(digest):
        if citation.repository not in known:
            yield Problem(f"{signal}, {citation.url}", f"it cites {citation.repository}, which the digest is not of.")


def held(
    digest: Digest, repository: Checkable, commits: Mapping[str, Commit], changes: Changes | None = None
) -> Iterator[Problem]:
    """What one repository and its forge deny of a digest of it alone (see :func:`part_of`, :func:`verify`)."""
    yield from _reach(digest, repository, commits)
    yield from _citations(digest, repository, commits)
    yield from _on_the_forge(digest, changes)


def part_of(digest: Digest, repository: str) -> Digest:
    """What a digest says of one of its repositories."""
    signals = [
        msgspec.structs.replace(signal, citations=tuple(c for c in signal.citations if c.repository == repository))
        for signal in digest.signals
    ]
    return msgspec.structs.replace(
        digest,
        repositories=tuple(each for each in digest.repositories if each.id == repository),
        signals=tuple(signals),
        findings=tuple(each for each in digest.findings if each.repository == repository),
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


def _cited(digest: Digest) -> Iterator[tuple[str, Citation]]:
    """All citations, with their signals."""
    for signal in digest.signals:
        for citation in signal.citations:
            yield signal.id, citation


def _opened(digest: Digest) -> Iterator[tuple[str, FileCitation | CommitCitation]]:
    """The citations that git alone can check, with their signals."""
    for signal, citation in _cited(digest):
        if isinstance(citation, FileCitation | CommitCitation):
            yield signal, citation


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
    for signal, citation in _cited(digest):
        if not isinstance(citation, FileCitation | CommitCitation):
            yield signal, citation


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
            yield difference(place, field, theirs[field], ours.get(field), "the repository gives")
