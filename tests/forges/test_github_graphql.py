"""GitHub by GraphQL: what becomes of its answers, what they cost, and what is asked the second time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.model import Account, Ledger
from evidence.source.forges import digest_of
from tests.forges.asking import asked, noted
from tests.forges.conftest import TOKEN
from tests.forges.data import Said, repository, sha
from tests.forges.fake_github import FakeGitHub

Start = Callable[..., FakeGitHub]


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a token."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)


def test_a_change_carries_its_reviews_threads_and_comments(github: Start) -> None:
    """Everything that was said of a change is in its record, with who said it, where and when."""
    changes = asked(github(repository()))
    change = changes.requests[0]
    assert (change.number, change.title, change.state, change.author) == (1, "Change 1", "merged", Account("ada"))
    assert [r.state for r in change.reviews] == ["changes_requested", "approved"]
    first, answer = change.threads[0].comments
    assert (first.id, first.path, first.line, first.commit) == ("101", "app.py", 7, sha("commit 1"))
    assert (answer.reply_to, answer.author) == ("101", Account("ada"))
    assert [c.body for c in change.comments] == ["Nice."]
    assert change.closes == (4,)
    assert changes.missing == {}


def test_issues_releases_and_committers_come_along(github: Start) -> None:
    """Issues name the change that closed them, drafts of releases stay out, and commits lead to accounts."""
    changes = asked(github(repository()))
    assert [(i.number, i.closed_by, i.changes) for i in changes.issues] == [(n, Account("bob"), (1,)) for n in (4, 5)]
    assert [r.tag for r in changes.releases] == ["v1.0", "v2.0"]
    assert changes.committers[sha("commit 1")] == changes.committers[sha("merge 3")] == Account("ada")


def test_three_hundred_changes_cost_fifteen_requests(github: Start) -> None:
    """300 changes with reviews, threads and comments are read in at most 15 requests."""
    server = github(repository(pulls=300, issues=50))
    changes = asked(server)
    assert len(changes.requests) == 300
    assert all(c.reviews and c.threads and c.comments for c in changes.requests)
    assert len(server.asked) <= 15


def test_an_unchanged_repository_costs_two_requests_and_no_rate_limit(github: Start, tmp_path: Path) -> None:
    """The second scan asks whether anything changed, and nothing else; it tells the same."""
    server = github(repository())
    first = asked(server, cache=tmp_path)
    server.asked.clear()
    server.limited = 0
    second = asked(server, cache=tmp_path)
    assert (len(server.asked), server.limited) == (2, 0)
    assert digest_of(first) == digest_of(second)


def test_only_what_was_updated_is_asked_again(github: Start, tmp_path: Path) -> None:
    """After one new comment a page of what was updated last is read, and the records are those of a fresh look."""
    server = github(repository(pulls=80))
    asked(server, cache=tmp_path)
    server.repo.pulls[4].comments.append(Said(999, "bob", "One more thing.", 200))
    server.repo.pulls[4].updated = 200
    server.asked.clear()
    again = asked(server, cache=tmp_path)
    assert len(server.asked) == 3
    assert again.requests[4].comments[-1].body == "One more thing."
    assert digest_of(again) == digest_of(asked(server))


def test_a_deleted_issue_leads_to_a_fresh_look(github: Start, tmp_path: Path) -> None:
    """Where fewer things are counted than are known, everything is read anew."""
    server = github(repository(issues=4))
    asked(server, cache=tmp_path)
    del server.repo.issues[1]
    server.repo.pulls[0].updated = 300
    assert digest_of(asked(server, cache=tmp_path)) == digest_of(asked(server))


def test_a_remark_on_a_removed_line_says_so(github: Start) -> None:
    """The side of the comparison is asked for with the thread: the line is one of the state before."""
    repo = repository()
    for said in repo.pulls[0].threads[0]:
        said.removed = True
    first, second = asked(github(repo)).requests[:2]
    assert [c.removed for c in first.threads[0].comments] == [True, True]
    assert not any(c.removed for c in (*second.threads[0].comments, *first.comments))


def test_a_bound_on_the_accounts_of_commits_is_told(github: Start) -> None:
    """Of a history longer than is asked about, the ledger says how far the accounts were read; of others nothing."""
    server, ledger = github(repository()), Ledger()
    server.repo.history = [(sha(f"c{n}"), "ada") for n in range(1_000)]
    assert len(asked(server, ledger).committers) == 1_003
    assert noted(ledger, "forge_sampled") == []
    server.repo.history.append((sha("first"), "bob"))
    assert sha("first") not in asked(server, ledger).committers
    assert noted(ledger, "forge_sampled") == [("accounts behind commits of id", "those of the newest 1,000 were read")]
