"""Recordings of GitHub replayed on this machine: what they hold that no forge would, and what is read all the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.model import Account
from evidence.source.forges import digest_of
from tests.forges.asking import asked
from tests.forges.conftest import TOKEN
from tests.forges.data import repository
from tests.forges.fake_github import Answer, FakeGitHub, Request

Start = Callable[..., FakeGitHub]
Change = Callable[[Request, Answer], Answer]


def replayed(server: FakeGitHub, change: Change) -> None:
    """Let every answer of the server go through ``change`` first."""

    def fault(request: Request) -> Answer | None:
        server.faults.remove(fault)
        try:
            answer = server.answer(request)
        finally:
            server.faults.append(fault)
        server.asked.pop()
        return change(request, answer)

    server.faults.append(fault)


def without(*paths: str) -> Change:
    """Some addresses were not recorded."""
    return lambda request, answer: Answer({"message": "Not Found"}, 404) if request.path.endswith(paths) else answer


@pytest.fixture
def with_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a token."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)


@pytest.mark.parametrize("rest", ["", "/api/v3"])
@pytest.mark.parametrize("graphql", ["/graphql", "/api/graphql"])
def test_either_layout_of_either_api_is_found(github: Start, with_token: None, rest: str, graphql: str) -> None:
    """REST at the root or under /api/v3 and GraphQL at either of its places: the records are the same."""
    server = github(repository(), prefix=rest)
    usual = "/api/graphql" if rest else "/graphql"

    def moved(request: Request) -> Answer | None:
        if request.path.endswith("graphql") and graphql != usual:
            if request.path != graphql:
                return Answer({"message": "Not Found"}, 404)
            request.path = usual
        return None

    server.faults.append(moved)
    changes = asked(server)
    assert (len(changes.requests), changes.missing) == (3, {})
    assert any(request.path == usual and request.body for request in server.asked)


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_the_list_of_issues_may_be_lacking(
    github: Start, monkeypatch: pytest.MonkeyPatch, token: bool, prefix: str
) -> None:
    """Without the very list that tells whether anything changed, changes and reviews are read all the same."""
    if token:
        monkeypatch.setenv("GH_TOKEN", TOKEN)
    server = github(repository(), prefix=prefix)
    replayed(server, without("/issues", "graphql"))
    changes = asked(server)
    assert set(changes.missing) == {"issues"}
    assert [len(change.reviews) for change in changes.requests] == [2, 2, 2]
    assert all(change.threads and change.comments for change in changes.requests)


def test_addresses_in_answers_may_be_the_recorded_forges(github: Start) -> None:
    """Whatever host and prefix the addresses within answers have, what was said of a change is asked for by number."""
    for prefix, origin in (("/api/v3", "https://api.github.com"), ("", "https://ghe.example/api/v3")):
        server = github(repository(), prefix=prefix)

        def foreign(_request: Request, answer: Answer, own: str = server.origin, other: str = origin) -> Answer:
            text = json.dumps(answer.body).replace(f"{own}/repos", f"{other}/repos").replace(own, "https://github.com")
            return Answer(json.loads(text), answer.status)

        replayed(server, foreign)
        changes = asked(server)
        assert changes.missing == {}
        assert [len(change.reviews) for change in changes.requests] == [2, 2, 2]
        assert changes.requests[0].threads[0].comments[0].url == "https://github.com/ada/app/pull/1#discussion_r101"


def test_what_a_recording_leaves_out_is_not_asked_for(github: Start) -> None:
    """Users without a type, changes without labels or a head, items without ids: no request for any of it."""

    def trimmed(value: Any) -> Any:
        if isinstance(value, list):
            return [trimmed(each) for each in value]
        if isinstance(value, dict):
            kept = ("id", "type", "labels", "assignees", "head", "base", "draft", "extra")
            return {key: trimmed(each) for key, each in value.items() if key not in kept} | {"new_field": {"a": [None]}}
        return value

    whole = github(repository())
    asked(whole)
    server = github(repository())
    server.repo.pulls[0].comments[0].author = "dependabot"
    replayed(server, lambda _request, answer: Answer(trimmed(answer.body), answer.status, answer.headers))
    changes = asked(server)
    assert changes.missing == {}
    assert [(change.author, len(change.reviews)) for change in changes.requests] == [(Account("ada"), 2)] * 3
    assert changes.requests[0].comments[0].author == Account("dependabot[bot]", "bot")
    assert len(server.asked) == len(whole.asked)


@pytest.mark.parametrize("kind", ["rest", "graphql"])
def test_nulls_where_people_and_commits_were_break_nothing(
    github: Start, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Deleted accounts and forks are null everywhere; texts and dates stay."""
    if kind == "graphql":
        monkeypatch.setenv("GH_TOKEN", TOKEN)

    def nulls(value: Any) -> Any:
        if isinstance(value, list):
            return [nulls(each) for each in value]
        if isinstance(value, dict):
            gone = ("author", "user", "mergedBy", "commit_id", "originalCommit", "replyTo", "mergeCommit", "actor")
            return {key: None if key in gone else nulls(each) for key, each in value.items()}
        return value

    server = github(repository())
    replayed(server, lambda _request, answer: Answer(nulls(answer.body), answer.status, answer.headers))
    changes = asked(server)
    assert changes.missing == {}
    assert [(change.author, len(change.reviews)) for change in changes.requests] == [(None, 2)] * 3
    assert all(comment.author is None and comment.body for c in changes.requests for comment in c.comments)


def test_a_limit_of_the_past_binds_nobody(github: Start) -> None:
    """The rate limit that a recording tells was over long ago; one that is not over is kept."""
    server = github(repository(pulls=8))
    server.extra = {"X-RateLimit-Remaining": "2", "X-RateLimit-Reset": "1700000000"}
    assert [len(change.reviews) for change in asked(server).requests] == [2] * 8
    server.extra["X-RateLimit-Reset"] = "99999999999"
    server.asked.clear()
    asked(server)
    assert len(server.asked) <= 4


def test_a_page_that_comes_whatever_is_asked_ends_the_list(github: Start) -> None:
    """A server that looks at the path alone gives the first page again: what it holds is kept, and the rest is told."""
    server = github(repository(pulls=120))
    link = '<https://api.github.com/repositories/7/pulls?page={}>; rel="{}"'

    def by_path(request: Request, answer: Answer) -> Answer:
        if request.path.endswith("/pulls") and isinstance(answer.body, list):
            newest = answer.body if request.query.get("page", "1") == "1" else pages[0]
            pages.append(newest)
            return Answer(newest, 200, {"Link": f"{link.format(2, 'next')}, {link.format(2, 'last')}"})
        return answer

    pages: list[Any] = []
    replayed(server, by_path)
    changes = asked(server)
    assert "circles" in changes.missing["changes"]
    assert changes.requests[-1].number == 120


def test_smaller_pages_than_asked_for_are_read_to_the_end(github: Start) -> None:
    """A recording with thirty items a page has all its pages read, and as many changes as it has."""
    server = github(repository(pulls=40, issues=0))

    def thirty(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer.body, list) or "per_page" not in request.query:
            return answer
        request.query["per_page"] = "30"
        return server._rest(request)

    replayed(server, thirty)
    changes = asked(server)
    assert changes.missing == {}
    assert (changes.requests[0].number, changes.requests[-1].number) == (1, 40)


@pytest.mark.parametrize("marked", [True, False])
def test_answers_in_full_under_the_same_mark_are_no_news(
    github: Start, with_token: None, tmp_path: Path, marked: bool
) -> None:
    """A recording heeds no condition: the same ETag, or without one the same bytes, tells that nothing changed."""
    server = github(repository())

    def heedless(request: Request, answer: Answer) -> Answer:
        if answer.status == 304:
            answer = server._rest(Request("GET", request.path, request.query, {}, None))
        return Answer(answer.body, answer.status, {"ETag": 'W/"recorded"'} if marked else {})

    replayed(server, heedless)
    first = asked(server, cache=tmp_path)
    server.asked.clear()
    assert digest_of(asked(server, cache=tmp_path)) == digest_of(first)
    assert len(server.asked) == 2


def test_one_answer_to_every_question_is_kept_and_told(github: Start, with_token: None) -> None:
    """A server that has one GraphQL answer gives its page again and again: what is in it stays."""
    server = github(repository(pulls=60))
    first: list[Answer] = []

    def same(request: Request, answer: Answer) -> Answer:
        if request.path == "/graphql":
            first.append(answer)
            return first[0]
        return answer

    replayed(server, same)
    changes = asked(server)
    assert len(changes.requests) == 25
    assert "circles" in changes.missing["changes"]
    assert "issues" not in changes.missing


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"message": "Bad credentials"}, 401),
        Answer({"message": "Not Found"}, 404),
        Answer({"message": "no recording"}, 501),
        Answer({"errors": [{"message": "no recording of this query"}]}),
        Answer({"data": None}),
        Answer({}),
        Answer([]),
        Answer(b"<html>nothing recorded</html>"),
        Answer(b""),
    ],
)
def test_without_a_usable_graphql_rest_is_read(github: Start, with_token: None, answer: Answer) -> None:
    """Whatever stands where GraphQL would be, REST gives the same changes, reviews and comments."""
    server = github(repository())
    server.faults.append(lambda request: answer if request.path.endswith("graphql") else None)
    changes = asked(server)
    assert changes.missing == {}
    assert [len(change.reviews) for change in changes.requests] == [2, 2, 2]
    assert all(change.threads and change.comments for change in changes.requests)


def test_a_part_of_graphql_that_is_lacking_costs_that_part(github: Start, with_token: None) -> None:
    """An answer without issues still gives all pages of changes, and the history's accounts."""
    server = github(repository(pulls=40))

    def no_issues(request: Request, answer: Answer) -> Answer:
        if request.path == "/graphql":
            answer.body["data"]["repository"].pop("issues", None)
        return answer

    replayed(server, no_issues)
    changes = asked(server)
    assert len(changes.requests) == 40
    assert "the forge gives no issues" in changes.missing["issues"]
    assert "changes" not in changes.missing
    assert changes.committers


def test_what_was_not_recorded_of_a_change_costs_that_alone(github: Start) -> None:
    """One list of reviews is not there: the others are read, and the part is named. What is never there is asked for
    three times."""
    server = github(repository(pulls=6))
    replayed(server, without("/pulls/3/reviews"))
    changes = asked(server)
    assert [len(change.reviews) for change in changes.requests] == [2, 2, 0, 2, 2, 2]
    assert set(changes.missing) == {"reviews"}
    server = github(repository(pulls=9))
    replayed(server, without("/reviews"))
    changes = asked(server)
    assert (len(changes.requests), set(changes.missing)) == (9, {"reviews"})
    assert len([request for request in server.asked if request.path.endswith("/reviews")]) == 3


def test_comments_are_read_change_by_change_where_no_list_of_all_is(github: Start) -> None:
    """A recording of each change's own lists is read by these."""
    server = github(repository(pulls=6))

    def of_all(request: Request, answer: Answer) -> Answer:
        of_one = request.path.split("/")[-2].isdigit()
        return answer if of_one or not request.path.endswith("/comments") else Answer({"message": "Not Found"}, 404)

    replayed(server, of_all)
    changes = asked(server)
    assert changes.missing == {}
    assert all(change.reviews and change.threads and change.comments for change in changes.requests)


def test_a_recording_without_the_repository_names_every_part(github: Start, with_token: None) -> None:
    """Where nothing is there, each part has its reason, after few requests."""
    server = github(repository())
    server.repo.name = "somebody/else"
    server.faults.append(lambda _request: Answer({"message": "Not Found"}, 404))
    assert set(asked(server).missing) >= {"changes", "reviews", "comments", "issues", "releases", "committers"}
    assert len(server.asked) <= 12
