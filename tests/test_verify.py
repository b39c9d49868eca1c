"""Verification: a digest that tells the truth passes, and one altered byte of it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from evidence.citations import cite
from evidence.differences import Problem, compare
from evidence.model import (
    Cell,
    CellStatus,
    Commit,
    CommitCitation,
    Digest,
    EvidenceError,
    Finding,
    Grade,
    LedgerEntry,
    Level,
    Outcome,
    Person,
    Polarity,
    SignalResult,
    Site,
)
from evidence.model import Repository as Record
from evidence.report.json_form import from_json, to_json
from evidence.seal import SEAL, seal, seal_holds
from evidence.source.choosing import LACKING
from evidence.verify import cites_commits, layout, verify
from tests.in_memory import COMMIT, TOKEN, Repository, site

FILES = {
    "app.py": b"from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n",
    "settings.py": f"TOKEN = '{TOKEN}'\n".encode(),
}
OLDER = "0" * 39 + "1"
SOMEONE = Person("A", "a@example.org")
COMMITS = {OLDER: Commit(OLDER, (), SOMEONE, 1_700_000_000, SOMEONE, 1_700_000_000, "Add the app", "", ())}
SITES = (
    Site(path="app.py", start=4, end=5, clause="defined", subject="create_app"),
    site("leaked", "settings.py"),
    Site(path="", clause="added", commit=OLDER),
)


def repository() -> Repository:
    """The repository that the digest tells the truth of."""
    found = Repository(FILES)
    found.reached = {COMMIT, OLDER}
    return found


def honest() -> Digest:
    """A small digest in which everything is so."""
    cited = cite(SITES, repository(), "r", COMMITS)
    finding = Finding(
        id="f1",
        signal="flask.app_factory",
        repository="r",
        detector="detectors.flask.factory",
        outcome=Outcome.FOUND,
        grade=Grade.PRACTISED,
        polarity=Polarity.FOR,
        measures={"factories": 1},
        statement="One factory, `create_app`, is called.",
        reason=None,
        site_count=3,
        sites=SITES,
    )
    signal = SignalResult(
        id="flask.app_factory",
        title="Application factory",
        competency="app-structure",
        outcome=Outcome.FOUND,
        grade=Grade.PRACTISED,
        own_grade=None,
        polarity=Polarity.FOR,
        reason=None,
        statement=finding.statement,
        findings=("f1",),
        citations=tuple(cited[each] for each in SITES),
    )
    cell = Cell(
        competency="app-structure",
        level=Level.MID,
        status=CellStatus.SUPPORTED,
        contradicted=False,
        marker="Builds the application in a function.",
        rule="flask.app_factory >= practised",
        reason=None,
        findings=("f1",),
        against=(),
        probes=("Why a factory?", "What does it cost?"),
    )
    record = Record(
        id="r",
        url="https://forge.test/o/r",
        host="forge.test",
        name="o/r",
        commit=COMMIT,
        default_branch="main",
        committed="2024-01-01T00:00:00Z",
        flask=True,
        files=2,
        commits=1,
    )
    return seal(
        Digest(
            schema_version="1",
            tool={"name": "evidence", "version": "0.1.0"},
            complete=True,
            inputs={"python": "3.11", "options": {"profile": None}},
            subject={"candidate": None, "profile": None},
            repositories=(record,),
            competencies=(),
            signals=(signal,),
            findings=(finding,),
            cells=(cell,),
        )
    )


def with_signal(digest: Digest, **changes: Any) -> Digest:
    """The digest with its one signal changed, sealed again as a forger would."""
    return seal(replace(digest, signals=(replace(digest.signals[0], **changes),)))


def with_citation(digest: Digest, index: int, **changes: Any) -> Digest:
    """The digest with one citation changed, sealed again as a forger would."""
    citations = list(digest.signals[0].citations)
    citations[index] = replace(citations[index], **changes)
    return with_signal(digest, citations=tuple(citations))


def problems(content: bytes) -> list[Problem]:
    """What the plain check says of a file."""
    digest = from_json(content)
    return [*layout(digest, content), *verify(digest, repository(), COMMITS)]


# ------------------------------------------------------------------------------------------------ the seal


def test_an_honest_digest_passes() -> None:
    """Nothing is said of a digest in which everything is so."""
    assert problems(to_json(honest())) == []


def test_the_seal_survives_the_way_through_a_file() -> None:
    """What was sealed in memory is sealed when read back."""
    assert seal_holds(from_json(to_json(honest())))
    assert seal(honest()) == honest()


def test_any_altered_byte_fails() -> None:
    """Whatever single byte is changed, the file is no digest any more or the check finds it."""
    content = to_json(honest())
    for place in range(0, len(content), 5):
        for other in (b"0", b"x", b" "):
            altered = content[:place] + other + content[place + 1 :]
            if altered != content:
                assert _fails(altered), (place, altered[max(place - 40, 0) : place + 40])


def _fails(content: bytes) -> bool:
    try:
        return bool(problems(content))
    except EvidenceError:
        return True


@pytest.mark.parametrize(
    "alter",
    [
        lambda text: text.replace('"grade": "practised"', '"grade": "sustained"'),
        lambda text: text.replace("One factory", "Two factories"),
        lambda text: text.replace('"status": "supported"', '"status": "partly"'),
        lambda text: text.replace('"factories": 1', '"factories": 9'),
        lambda text: text.replace('"complete": true', '"complete": false'),
        lambda text: text.replace(SEAL, "another_key"),
    ],
)
def test_an_edited_digest_fails(alter: Callable[[str], str]) -> None:
    """A grade, a sentence, a status or a measure that somebody improved is found without any repository."""
    content = to_json(honest()).decode()
    assert alter(content) != content
    assert problems(alter(content).encode())


def test_nothing_hides_in_the_layout() -> None:
    """A key given twice, which other readers would take the other way, is found."""
    content = to_json(honest()).replace(b'"complete": true', b'"complete": false,\n  "complete": true')
    assert [str(each) for each in problems(content)] == [
        "digest: the file is not laid out as evidence writes it: it was edited or re-formatted."
    ]


# ------------------------------------------------------------------------------------- against the repository


@pytest.mark.parametrize(
    ("index", "changes", "named"),
    [
        (0, {"excerpt": "def create_app():\n    return Flask(__name__) "}, "excerpt"),
        (0, {"sha256": "0" * 64}, "sha256"),
        (0, {"blob": "0" * 40}, "blob"),
        (0, {"url": "https://elsewhere.test/"}, "url"),
        (0, {"masked": True}, "masked"),
        (0, {"start_line": 3}, "sha256"),
        (0, {"path": "none.py"}, "no such file"),
        (0, {"commit": OLDER}, "cites commit"),
        (1, {"excerpt": "TOKEN = ''"}, "excerpt"),
        (1, {"sha256": "0" * 64}, "sha256"),
        (2, {"subject": "Add everything"}, "subject"),
        (2, {"authored": "2001-01-01"}, "authored"),
        (2, {"commit": "f" * 40}, "no reference"),
    ],
)
def test_a_forged_citation_fails(index: int, changes: dict[str, Any], named: str) -> None:
    """Every field of a citation is derived again, so sealing the digest anew does not help."""
    found = verify(with_citation(honest(), index, **changes), repository(), COMMITS)
    assert any(named in str(each) and not each.unread for each in found)


def test_the_names_of_forged_places_are_shown() -> None:
    """A problem says which signal and which lines it is about, with what was said and what is so."""
    forged = with_citation(honest(), 0, sha256="0" * 64)
    (problem,) = verify(forged, repository(), COMMITS)
    assert problem.place == "flask.app_factory, app.py:4-5"
    assert "0" * 64 in problem.sentence


def test_a_commit_that_no_reference_reaches_fails() -> None:
    """A fork's commits, which a forge serves under the parent's address, are not the repository's."""
    elsewhere = repository()
    elsewhere.reached = {OLDER}
    assert [str(each) for each in verify(honest(), elsewhere, COMMITS)] == [
        f"commit {COMMIT}: no reference of the repository reaches it."
    ]


def test_content_that_is_missing_is_told_from_content_that_differs() -> None:
    """A partial clone that lacks the blob proves nothing either way."""
    partial = Repository(FILES, gone=("app.py",))
    partial.reached = {COMMIT, OLDER}
    (problem,) = verify(honest(), partial, COMMITS)
    assert problem.unread
    assert "does not hold" in problem.sentence


def test_history_is_asked_for_only_where_commits_are_cited() -> None:
    """Checking files needs no walk through the history."""
    digest = honest()
    files_only = [c for c in digest.signals[0].citations if not isinstance(c, CommitCitation)]
    assert cites_commits(digest)
    assert not cites_commits(with_signal(digest, citations=tuple(files_only)))


# ------------------------------------------------------------------------------------------ derived again


def test_the_same_digest_derived_again_is_no_difference() -> None:
    """Scanning again gives the same."""
    assert compare(honest(), honest()) == ()


def test_a_forged_grade_is_found_by_deriving_it_again() -> None:
    """Sealed anew, an improved grade and sentence pass the plain check, and not the full one."""
    forged = with_signal(honest(), grade=Grade.SUSTAINED, statement="Many factories.")
    assert verify(forged, repository(), COMMITS) == ()
    assert [each.place for each in compare(forged, honest())] == ["signals flask.app_factory"] * 2


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"findings": ()}, "findings f1"),
        ({"cells": ()}, "cells app-structure Mid"),
        ({"complete": False}, "digest"),
        ({"subject": {"candidate": None, "profile": "api-first"}}, "subject"),
    ],
)
def test_every_part_is_compared(changes: dict[str, Any], place: str) -> None:
    """What is missing, added or changed anywhere in the digest is a difference."""
    forged = seal(replace(honest(), **changes))
    for found in (compare(forged, honest()), compare(honest(), forged)):
        assert {each.place for each in found} == {place}
        assert not any(each.unread for each in found)


def test_what_no_commit_holds_is_not_compared() -> None:
    """Another default branch, as a clone on a side branch has, is no difference."""
    (record,) = honest().repositories
    assert compare(honest(), seal(replace(honest(), repositories=(replace(record, default_branch="side"),)))) == ()


def test_how_repositories_were_chosen_is_not_compared() -> None:
    """Scanning the chosen ones again says nothing of a page that was not listed whole; what was read is compared."""

    def noting(subject: str) -> Digest:
        entry = LedgerEntry(code="forge_sampled", subject=subject, reason="the forge did not tell")
        return seal(replace(honest(), ledger=(*honest().ledger, entry)))

    assert compare(noting(f"{LACKING} github.com/ada"), honest()) == ()
    (place,) = {each.place for each in compare(noting("reviews"), honest())}
    assert place.startswith("ledger forge_sampled reviews")


def test_a_repository_under_another_name_is_told_in_one_line() -> None:
    """Everything would differ with the name, so the name is what is said; it proves nothing."""
    (record,) = honest().repositories
    (problem,) = compare(honest(), seal(replace(honest(), repositories=(replace(record, id="local/copy"),))))
    assert problem.unread
    assert "local/copy" in problem.sentence


def test_another_version_is_said_and_proves_nothing() -> None:
    """With another tool or Python the question cannot be asked the same way: that is no difference of the digest."""
    other = seal(replace(honest(), tool={"name": "evidence", "version": "9.0"}, inputs={"python": "3.99"}))
    found = compare(honest(), other)
    assert [(each.place, each.unread) for each in found] == [("inputs", True), ("tool", True)]
    assert '"0.1.0"' in found[1].sentence
    assert '"9.0"' in found[1].sentence
