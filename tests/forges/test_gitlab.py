"""GitLab, through python-gitlab: merge requests with what was said of them, approvals, and what a second look costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.model import Account, Ledger
from evidence.source.forges import digest_of
from tests.forges.asking import asked, noted
from tests.forges.conftest import GITLAB_TOKEN
from tests.forges.data import Said, repository, sha
from tests.forges.fake_github import Answer
from tests.forges.fake_gitlab import FakeGitLab

Start = Callable[..., FakeGitLab]


def test_a_merge_request_carries_its_discussions_and_approvals(gitlab: Start) -> None:
    """Threads on lines, comments, requests for changes and approvals, each with who said it and when."""
    changes = asked(gitlab(repository()), kind="gitlab")
    change = changes.requests[0]
    assert (change.number, change.state, change.author, change.merged_by) == (
        1,
        "merged",
        Account("ada"),
        Account("bob"),
    )
    assert [(r.state, r.author) for r in change.reviews] == [
        ("changes_requested", Account("bob")),
        ("approved", Account("bob")),
    ]
    first, answer = change.threads[0].comments
    assert (first.path, first.line, answer.reply_to) == ("app.py", 7, first.id)
    assert change.threads[0].resolved is True
    assert first.url.endswith("/ada/app/-/merge_requests/1#note_101")
    assert [c.body for c in change.comments] == ["Nice."]
    assert [(i.number, i.closed_by, len(i.comments)) for i in changes.issues] == [
        (n, Account("bob"), 1) for n in (4, 5)
    ]
    assert [r.tag for r in changes.releases] == ["v1.0", "v2.0"]
    assert changes.missing == {}


def test_without_rules_nothing_is_approved_by_nobody(gitlab: Start) -> None:
    """A GitLab without approval rules says "approved" of every merge request: only approvals by people count."""
    server = gitlab(repository())
    for pull in server.repo.pulls:
        pull.reviews = []
    assert all(change.reviews == () for change in asked(server, kind="gitlab").requests)


def test_approvals_are_told_by_either_source(gitlab: Start) -> None:
    """By the list where no system note tells, by the notes where the list is refused."""
    by_list, by_notes = gitlab(repository()), gitlab(repository())
    by_list.notes_approvals = False
    by_notes.approvals = False
    for server in (by_list, by_notes):
        changes = asked(server, kind="gitlab")
        assert changes.missing == {}
        assert all("approved" in [r.state for r in change.reviews] for change in changes.requests)
    assert len([r for r in by_notes.asked if r.path.endswith("/approvals")]) == 1


def test_an_unchanged_project_costs_one_request(gitlab: Start, tmp_path: Path) -> None:
    """One question tells that nothing changed."""
    server = gitlab(repository())
    first = asked(server, kind="gitlab", cache=tmp_path)
    server.asked.clear()
    assert digest_of(asked(server, kind="gitlab", cache=tmp_path)) == digest_of(first)
    assert len(server.asked) == 1


def test_only_what_was_updated_is_read_again(gitlab: Start, tmp_path: Path) -> None:
    """Discussions are asked for of the one merge request that was updated."""
    server = gitlab(repository(pulls=9))
    asked(server, kind="gitlab", cache=tmp_path)
    server.repo.pulls[4].comments.append(Said(999, "bob", "One more thing.", 200))
    server.repo.pulls[4].updated = 200
    server.asked.clear()
    again = asked(server, kind="gitlab", cache=tmp_path)
    assert [r.path.split("/")[-2] for r in server.asked if r.path.endswith("/discussions")] == ["5"]
    assert digest_of(again) == digest_of(asked(server, kind="gitlab"))


@pytest.mark.parametrize(("variable", "header"), [("GITLAB_TOKEN", "PRIVATE-TOKEN"), ("CI_JOB_TOKEN", "JOB-TOKEN")])
def test_a_token_goes_in_its_own_header(
    gitlab: Start, monkeypatch: pytest.MonkeyPatch, variable: str, header: str
) -> None:
    """A personal token and a job's token each have their header, and no address carries one."""
    monkeypatch.setenv(variable, GITLAB_TOKEN)
    server = gitlab(repository())
    asked(server, kind="gitlab")
    assert server.asked
    assert all({k.lower(): v for k, v in r.headers.items()}[header.lower()] == GITLAB_TOKEN for r in server.asked)
    assert not any(GITLAB_TOKEN in f"{r.path}{r.query}{r.body}" for r in server.asked)


@pytest.mark.no_cover
def test_a_large_project_is_sampled_evenly(gitlab: Start) -> None:
    """Without a token no more than the bound is asked, and the ledger says how many of how many were read."""
    server, ledger = gitlab(repository(pulls=150)), Ledger()
    changes = asked(server, ledger, kind="gitlab")
    numbers = [change.number for change in changes.requests]
    assert (numbers[0], numbers[-1]) == (1, 150)
    assert len(server.asked) <= 300
    assert any(f"{len(numbers)} of 150 were read" in reason for _subject, reason in noted(ledger, "forge_sampled"))


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_gitlab_that_fails_leaves_its_parts_missing(gitlab: Start, status: int) -> None:
    """The parts are named, and nothing raises."""
    server = gitlab(repository())
    server.faults.append(lambda request: Answer({"message": "no"}, status, {"Retry-After": "900"}))
    missing = asked(server, kind="gitlab").missing
    assert set(missing) == {"changes", "reviews", "comments", "issues", "releases"}


def test_a_deleted_account_is_nobody_and_a_project_token_a_bot(gitlab: Start) -> None:
    """GitLab's ghost user is None; the accounts of access tokens are bots."""
    server = gitlab(repository(pulls=2))
    server.repo.pulls[0].author, server.repo.pulls[1].author = None, "project_12_bot_0a1b2c"
    first, second = asked(server, kind="gitlab").requests
    assert first.author is None
    assert second.author == Account("project_12_bot_0a1b2c", "bot")


def test_commits_lead_to_accounts(gitlab: Start) -> None:
    """GraphQL tells who stands behind the commits of merge requests, twenty a question; unknown authors stay so."""
    server = gitlab(repository(pulls=45))
    server.repo.pulls[0].commits = [(sha("first"), None), (sha("second"), "ada")]
    changes = asked(server, kind="gitlab")
    assert changes.requests[0].commits == (sha("first"), sha("second"))
    assert changes.committers[sha("second")] == changes.committers[sha("commit 45")] == Account("ada")
    assert sha("first") not in changes.committers
    assert len([request for request in server.asked if request.path == "/api/graphql"]) == 1 + 3


def test_without_graphql_the_accounts_alone_are_lacking(gitlab: Start) -> None:
    """A GitLab that answers no GraphQL (a job's token gets none) gives all else, and the ledger says what is not."""
    server, ledger = gitlab(repository()), Ledger()
    server.has_graphql = False
    changes = asked(server, ledger, kind="gitlab")
    assert (changes.missing, changes.committers) == ({}, {})
    assert all(change.reviews and change.threads for change in changes.requests)
    assert [subject for subject, _reason in noted(ledger, "forge_sampled")] == ["accounts behind commits of id"]
