"""GitHub by REST: without a token, or where GraphQL does not answer; what it costs, and how a sample is drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from evidence.model import Account, Ledger
from evidence.source.forges import digest_of
from tests.forges.asking import asked, noted
from tests.forges.conftest import TOKEN
from tests.forges.data import Reviewed, repository, sha
from tests.forges.fake_github import Answer, FakeGitHub, Request

Start = Callable[..., FakeGitHub]


def no_graphql(request: Request) -> Answer | None:
    """GraphQL is not there."""
    return Answer({"message": "Not Found"}, 404) if request.path.endswith("/graphql") else None


def test_without_a_token_a_small_repository_is_read_whole(github: Start) -> None:
    """Changes, reviews, threads and comments are those that GraphQL gives."""
    server = github(repository())
    changes, ledger = asked(server), Ledger()
    change = changes.requests[0]
    assert [r.state for r in change.reviews] == ["changes_requested", "approved"]
    assert [(c.id, c.reply_to, c.line) for c in change.threads[0].comments] == [("101", "", 7), ("102", "101", 7)]
    assert [c.body for c in change.comments] == ["Nice."]
    assert [(i.number, len(i.comments)) for i in changes.issues] == [(4, 1), (5, 1)]
    assert changes.committers[sha("merge 3")] == Account("ada")
    assert (changes.missing, noted(ledger, "forge_sampled")) == ({}, [])
    assert not any("Authorization" in request.headers for request in server.asked)


@pytest.mark.no_cover
def test_without_a_token_a_large_one_is_sampled_evenly_within_the_limit(github: Start) -> None:
    """The sample reaches from the oldest to the newest change, and the ledger says how many and what a token adds."""
    server, ledger = github(repository(pulls=200)), Ledger()
    changes = asked(server, ledger)
    assert len(server.asked) <= 60
    numbers = [change.number for change in changes.requests]
    assert (numbers[0], numbers[-1]) == (1, 200)
    gaps = [b - a for a, b in pairwise(numbers)]
    assert max(gaps) - min(gaps) <= 1
    assert all(change.reviews and change.threads and change.comments for change in changes.requests)
    ((subject, reason),) = [line for line in noted(ledger, "forge_sampled") if line[0].startswith("changes")]
    assert subject == "changes of id"
    assert f"{len(numbers)} of 200 were read" in reason
    assert "GH_TOKEN" in reason
    assert digest_of(asked(server)) == digest_of(changes)


def test_the_limit_that_the_forge_tells_is_kept(github: Start) -> None:
    """With 20 requests left in the hour, no more are made."""
    server = github(repository(pulls=50))
    server.extra = {"X-RateLimit-Remaining": "20"}
    changes = asked(server)
    assert len(server.asked) <= 21
    assert changes.missing == {}
    assert changes.requests


def test_rest_stands_in_for_graphql(github: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """300 changes with reviews, threads and comments are read in at most 330 requests."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    server = github(repository(pulls=300))
    server.faults.append(no_graphql)
    changes = asked(server)
    assert len(server.asked) <= 330
    assert len(changes.requests) == 300
    assert all(c.reviews and c.threads and c.comments for c in changes.requests)


def test_a_second_scan_without_a_token_asks_twice(github: Start, tmp_path: Path) -> None:
    """Nothing changed: two conditional requests, and the same answers."""
    server = github(repository())
    first = asked(server, cache=tmp_path)
    server.asked.clear()
    assert digest_of(asked(server, cache=tmp_path)) == digest_of(first)
    assert len(server.asked) == 2


def test_what_broke_off_is_not_asked_again(github: Start, tmp_path: Path) -> None:
    """After a cut in the middle of the reviews, --resume asks for none that were there."""
    server = github(repository(pulls=12))
    cut: list[str] = []

    def broken(request: Request) -> Answer | None:
        if request.path.endswith("/8/reviews"):
            cut.append(request.path)
            return Answer({"message": "Not Found"}, 404)
        return None

    server.faults.append(broken)
    assert "reviews" in asked(server, cache=tmp_path).missing
    before = {request.path for request in server.asked if "reviews" in request.path}
    server.faults.clear()
    server.asked.clear()
    assert asked(server, cache=tmp_path, resume=True).missing == {}
    again = {request.path for request in server.asked if "reviews" in request.path}
    assert again & before == set(cut)


def test_a_pending_review_is_nobodys_and_a_deleted_user_no_failure(github: Start) -> None:
    """A review that was not handed in is left out, and whoever deleted the account is None."""
    server = github(repository(pulls=1))
    server.repo.pulls[0].reviews += [
        Reviewed(7, "bob", "PENDING", "Not yet.", 3),
        Reviewed(8, None, "DISMISSED", "", 3),
    ]
    reviews = asked(server).requests[0].reviews
    assert [(r.id, r.state, r.author and r.author.login) for r in reviews][2:] == [("8", "dismissed", None)]


def test_a_remark_on_a_removed_line_says_so(github: Start) -> None:
    """A comment by REST names its own side of the comparison."""
    repo = repository()
    repo.pulls[0].threads[0][0].removed = True
    first, second = asked(github(repo)).requests[:2]
    assert [c.removed for c in first.threads[0].comments] == [True, False]
    assert not any(c.removed for c in second.threads[0].comments)


def test_a_bound_on_the_accounts_of_commits_is_told(github: Start) -> None:
    """Without a token three pages of commits are read: the ledger says so, and what a token would add."""
    server, ledger = github(repository()), Ledger()
    server.repo.history = [(sha(f"c{n}"), "ada") for n in range(301)]
    assert len(asked(server, ledger).committers) == 300
    ((subject, reason),) = noted(ledger, "forge_sampled")
    assert subject == "accounts behind commits of id"
    assert ("newest 300 were read" in reason, "GH_TOKEN" in reason) == (True, True)
