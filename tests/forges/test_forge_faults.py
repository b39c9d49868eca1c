"""Forges that fail, mislead or stall: the scan goes on, what is missing is named, and no token leaves its origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.model import Changes, Ledger
from evidence.source.forges import PARTS
from evidence.source.forges.patience import Patience
from tests.forges.asking import asked, noted
from tests.forges.conftest import TOKEN
from tests.forges.data import Said, repository
from tests.forges.fake_github import Answer, FakeGitHub, Fault, Request

Start = Callable[..., FakeGitHub]


class Clock:
    """A patience whose waits take no time, and are written down."""

    def __init__(self, total: float = 12.0) -> None:
        self.waits: list[float] = []
        self.patience = Patience(total, sleep=self.waits.append, clock=lambda: 1_000.0)


def always(status: int, path: str = "", body: object = None, **headers: str) -> Fault:
    """The same answer to every request whose path ends so."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return lambda request: Answer(body or {"message": "no"}, status, named) if request.path.endswith(path) else None


def first(times: int, fault: Fault) -> Fault:
    """The fault, for the first so many requests that it fits."""
    left = [times]

    def limited(request: Request) -> Answer | None:
        answer = fault(request) if left[0] else None
        left[0] -= answer is not None
        return answer

    return limited


@pytest.fixture
def with_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a token."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 451, 500, 502, 503])
def test_a_refusal_names_every_part(github: Start, with_token: None, status: int) -> None:
    """Whatever status a forge settles on, the answer names each part, in words and without addresses."""
    server, ledger, clock = github(repository()), Ledger(), Clock()
    server.faults.append(always(status))
    changes = asked(server, ledger, patience=clock.patience)
    assert set(changes.missing) >= set(PARTS)
    assert changes.requests == ()
    told = json.dumps([changes.missing, noted(ledger, "forge_unavailable")])
    assert "127.0.0.1" not in told
    assert TOKEN not in told
    assert len(server.asked) <= 12
    assert sum(clock.waits) <= 12


def test_a_short_wait_that_is_asked_for_is_kept(github: Start, with_token: None) -> None:
    """Retry-After is waited for, and the answer after it counts."""
    server, clock = github(repository()), Clock()
    server.faults.append(first(1, always(429, "/issues", Retry_After="3")))
    assert asked(server, patience=clock.patience).missing == {}
    assert clock.waits == [3.0]


def test_a_reset_of_the_limit_is_waited_for_and_a_far_one_is_not(github: Start, with_token: None) -> None:
    """The reset five seconds off is waited for; of the one in an hour the reason tells, at once."""
    for reset, waits, missing in (("1005", [5.0], False), ("4600", [], True)):
        server, clock = github(repository()), Clock()
        fault = always(403, "/issues", X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)
        server.faults.append(first(1, fault) if not missing else fault)
        changes = asked(server, patience=clock.patience)
        assert (clock.waits, bool(changes.missing)) == (waits, missing)
        if missing:
            assert changes.missing["changes"] == "the forge's rate limit is used up"


def test_a_page_that_is_too_much_is_halved(github: Start, with_token: None) -> None:
    """A query of 25 or 12 changes gets a 502, one of 6 an answer: everything is read by smaller pages."""
    server, clock = github(repository(pulls=30)), Clock()

    def too_much(request: Request) -> Answer | None:
        large = request.path == "/graphql" and request.body["variables"]["changes"] > 6
        return Answer(b"<html>502</html>", 502) if large else None

    server.faults.append(too_much)
    changes = asked(server, patience=clock.patience)
    assert (len(changes.requests), changes.missing, clock.waits) == (30, {}, [])
    sizes = [r.body["variables"]["changes"] for r in server.asked if r.path == "/graphql"]
    assert sizes[:3] == [25, 12, 6]


@pytest.mark.parametrize("cut", [b'{"data": {"repo', b"", b"[" * 100_000])
def test_a_cut_answer_is_asked_for_again(github: Start, with_token: None, cut: bytes) -> None:
    """JSON that breaks off costs a second request; where it always does, the part is missing."""
    server, clock = github(repository()), Clock()
    server.faults.append(first(1, lambda request: Answer(cut) if request.path == "/graphql" else None))
    assert len(asked(server, patience=clock.patience).requests) == 3
    server.faults.append(lambda request: Answer(cut) if request.path != "/repos/ada/app/issues" else None)
    assert set(asked(server, patience=Clock().patience).missing) >= {"changes", "reviews", "releases"}


def test_pages_that_go_round_in_circles_end(github: Start, with_token: None) -> None:
    """A cursor that comes back, by GraphQL, and a page that comes again, by REST, are told and not followed."""
    server = github(repository(pulls=60))

    def circle(request: Request) -> Answer | None:
        if request.path == "/graphql":
            asked_for = request.body["variables"]
            server.faults.remove(circle)
            answer = server.answer(Request("POST", "/graphql", {}, request.headers, request.body))
            server.faults.append(circle)
            for name in ("pullRequests", "issues"):
                if name in answer.body["data"]["repository"]:
                    info = {"hasNextPage": True, "endCursor": asked_for["changesAfter"] or "cursor 24"}
                    answer.body["data"]["repository"][name]["pageInfo"] = info
            return answer
        return None

    server.faults.append(circle)
    changes = asked(server)
    assert "circles" in changes.missing["changes"]
    assert len(server.asked) < 10


def test_without_a_token_a_repeated_page_is_noticed(github: Start) -> None:
    """A next link that leads to the same page again and again ends, and the part is missing."""
    server = github(repository(pulls=5))
    page = f"<{server.origin}/repos/ada/app/pulls?page=2>"
    again = [{"id": 1, "number": 1, "title": "x", "user": None}]
    server.faults.append(always(200, "/pulls", again, Link=f'{page}; rel="next", {page}; rel="last"'))
    changes = asked(server)
    assert "circles" in changes.missing["changes"]
    assert len(server.asked) < 12


def test_a_next_page_on_another_host_is_not_followed(github: Start) -> None:
    """The link is refused, the other host hears nothing, and the part is missing."""
    other = github(repository())
    server = github(repository(pulls=5))
    server.faults.append(
        always(200, "/pulls", [{"id": 1, "number": 1}], Link=f'<{other.origin}/repos/ada/app/pulls>; rel="next"')
    )
    assert "another host" in asked(server).missing["changes"]
    assert other.asked == []


def test_a_redirect_stays_on_its_host_and_so_does_the_token(github: Start, with_token: None) -> None:
    """A renamed repository is read under its new address on the same host; another host never sees a request."""
    other = github(repository())
    server = github(repository())

    def renamed(request: Request) -> Answer | None:
        if request.path.startswith("/repos/ada/old"):
            query = "?" + "&".join(f"{key}={value}" for key, value in request.query.items())
            return Answer(b"{}", 301, {"Location": server.origin + request.path.replace("old", "app") + query})
        return None

    server.faults.append(renamed)
    server.repo.name = "ada/app"
    assert asked(server).missing == {}
    server.faults.append(always(302, "/releases", Location=f"{other.origin}/releases"))
    assert set(asked(server).missing) == {"releases"}
    assert other.asked == []


def test_a_long_discussion_is_capped_and_told(github: Start, with_token: None) -> None:
    """Of 350 comments the first 100 are read, and the ledger counts the others."""
    server, ledger = github(repository(pulls=1)), Ledger()
    server.repo.pulls[0].comments = [Said(10_000 + at, "eve", "And?", 2 + at / 1000) for at in range(350)]
    changes = asked(server, ledger)
    assert len(changes.requests[0].comments) == 100
    ((subject, _reason),) = noted(ledger, "forge_capped")
    assert subject == "comments of changes and issues in id"
    assert next(e.count for e in ledger.entries() if e.code == "forge_capped") == 250


def test_what_broke_off_goes_on_after_its_last_page(github: Start, with_token: None, tmp_path: Path) -> None:
    """The forge dies after the third page; --resume asks for the fourth, and the records are those of one go."""
    server, whole = github(repository(pulls=120)), asked(github(repository(pulls=120)))
    pages = [0]

    def dies(request: Request) -> Answer | None:
        pages[0] += request.path == "/graphql"
        return Answer({"message": "no"}, 500) if pages[0] > 3 else None

    server.faults.append(dies)
    broken = asked(server, cache=tmp_path, patience=Clock().patience)
    assert set(broken.missing) >= {"changes", "reviews", "comments"}
    assert len(broken.requests) == 75
    server.faults.clear()
    server.asked.clear()
    resumed = asked(server, cache=tmp_path, resume=True)
    assert [r.body["variables"]["changesAfter"] for r in server.asked if r.body] == ["cursor 74", "cursor 99"]
    assert _plain(resumed) == _plain(whole)


def _plain(changes: Changes) -> list[tuple[int, str]]:
    return [(change.number, change.title) for change in changes.requests]


def test_secrets_and_addresses_are_masked_before_they_are_kept(github: Start, with_token: None, tmp_path: Path) -> None:
    """Neither a token nor an e-mail address in a comment reaches the records or the cache."""
    server = github(repository(pulls=1))
    secret = "gh" + "p_" + "Z9y8X7w6V5u4T3s2R1q0P9o8N7m6L5k4J3h2"
    server.repo.pulls[0].comments[0].body = f"Use {secret}, or write to eve@example.org."
    body = asked(server, cache=tmp_path).requests[0].comments[0].body
    kept = (tmp_path / "forge.sqlite3").read_bytes()
    for hidden in (secret[:12], "eve@example.org", TOKEN):
        assert hidden not in body
        assert hidden.encode() not in kept
    assert (tmp_path / "forge.sqlite3").stat().st_mode & 0o777 == 0o600


def test_odd_answers_are_left_out_and_break_nothing(github: Start, with_token: None) -> None:
    """Nulls, numbers for texts and missing keys, anywhere in a change, cost at most that change."""
    server = github(repository())

    def odd(request: Request) -> Answer | None:
        if request.path != "/graphql":
            return None
        nodes = [
            None,
            7,
            {"number": 1, "title": 3, "reviews": None, "reviewThreads": {"nodes": [None, {"comments": 1}]}},
        ]
        end = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "totalCount": "many"}
        return Answer({"data": {"repository": {"pullRequests": end | {"nodes": nodes}, "issues": end | {"nodes": 1}}}})

    server.faults.append(odd)
    changes = asked(server)
    assert [(change.number, change.title) for change in changes.requests] == [(1, "")]
