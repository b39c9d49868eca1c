"""Changes that repositories of others took of a candidate: which count, what asking costs, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.cli import run
from evidence.source.forges import Asking, accepted, endpoint_for
from evidence.source.forges.elsewhere import Elsewhere
from evidence.source.forges.patience import Patience
from tests.forges.conftest import GITLAB_TOKEN, TOKEN
from tests.forges.data import Taken, repository
from tests.forges.fake_github import Answer, FakeGitHub, Request
from tests.source.building import Builder

Start = Callable[..., FakeGitHub]
TAKEN = (Taken("org/lib", 3), Taken("org/lib", 8, at=3), Taken("them/tool", 5, at=2))


def told(server: FakeGitHub, *logins: str, kind: str = "github", now: float = 0.0, **asking: Any) -> Elsewhere:
    """What repositories other than ada/app took."""
    endpoint = endpoint_for(kind, server.origin, (server.origin.partition("://")[2],))
    patience = Patience(12.0, sleep=lambda _seconds: None, clock=lambda: now)
    return accepted(endpoint, "ada/app", logins or ("ada",), Asking(patience=patience, **asking))


def names(found: Elsewhere, server: FakeGitHub) -> list[str]:
    """Repositories and numbers."""
    return [change.url.removeprefix(f"{server.origin}/") for change in found.changes]


@pytest.fixture
def taking(github: Start) -> FakeGitHub:
    """A GitHub on which two repositories took three changes of ada's, and one took one of bob's."""
    server = github(repository())
    server.repo.taken = [*TAKEN, Taken("ada/own", 1), Taken("them/tool", 9, author="bob")]
    return server


@pytest.mark.parametrize("token", [True, False])
def test_changes_elsewhere_are_the_accounts_own_in_repositories_of_others(
    taking: FakeGitHub, monkeypatch: pytest.MonkeyPatch, token: bool
) -> None:
    """One request finds them, by GraphQL with a token and by REST without one, and both tell the same."""
    if token:
        monkeypatch.setenv("GH_TOKEN", TOKEN)
    found = told(taking)
    assert names(found, taking) == ["org/lib/pull/3", "org/lib/pull/8", "them/tool/pull/5"]
    assert (found.missing, found.sampled, len(taking.asked)) == ("", "", 1)
    first = found.changes[0]
    assert (first.title, first.body, first.state) == ("Repair it there", "Because it broke here.", "merged")
    assert first.author is not None
    assert (first.author.login, first.merged - first.created) == ("ada", 3600)


def test_rest_searches_where_graphql_does_not(taking: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without GraphQL the same changes are found by one more request."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    whole = told(taking)
    taking.faults.append(lambda request: Answer({"message": "no"}, 401) if "graphql" in request.path else None)
    assert told(taking) == whole


def test_the_repository_at_hand_is_not_elsewhere(taking: FakeGitHub) -> None:
    """Changes in the scanned repository, and answers that are not about the account, are left out."""
    taking.repo.taken.append(Taken("Ada/App", 7))
    taking.repo.name = "ada/app"

    def foreign(request: Request) -> Answer | None:
        taking.faults.clear()
        answer = taking.answer(request)
        for item in answer.body["items"]:
            item["user"]["login"] = "eve" if item["number"] == 8 else item["user"]["login"]
        return answer

    taking.faults.append(foreign)
    assert names(told(taking), taking) == ["org/lib/pull/3", "them/tool/pull/5"]


def test_links_to_other_hosts_are_no_changes(taking: FakeGitHub) -> None:
    """An address that does not lead to the forge, and one that names no change, is left out."""
    pages = ("https://evil.example/org/lib/pull/3", f"{taking.origin}/org/lib/issues/3", None, "javascript:alert(1)")
    items = [{"number": 3, "html_url": page, "user": {"login": "ada"},
              "pull_request": {"merged_at": "2026-01-01T00:00:00Z"}} for page in pages]  # fmt: skip
    taking.faults.append(lambda _request: Answer({"total_count": 4, "items": [*items, None, 7]}))
    assert told(taking).changes == ()


def test_a_long_list_is_read_in_part_and_told(github: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 250 changes the hundred that were updated last are read, in one request."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    server = github(repository())
    server.repo.taken = [Taken("org/lib", at, at=at) for at in range(1, 251)]
    found = told(server)
    assert (len(found.changes), len(server.asked)) == (100, 1)
    assert found.sampled == "100 of 250 changes were read: those that were updated last"


def test_answers_are_kept_for_a_day(taking: FakeGitHub, tmp_path: Path) -> None:
    """A second scan asks nothing; after a day, or where the clock went back, it asks again."""
    first = told(taking, cache=tmp_path, now=1_000_000)
    assert told(taking, cache=tmp_path, now=1_086_000) == first
    assert len(taking.asked) == 1
    taking.repo.taken.append(Taken("new/one", 1))
    for now in (1_090_000, 900_000):
        assert len(told(taking, cache=tmp_path, now=now).changes) == 4
    assert len(taking.asked) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 500])
def test_a_refusal_is_told_and_nothing_of_it_is_kept(taking: FakeGitHub, tmp_path: Path, status: int) -> None:
    """What could not be had has its reason, without addresses; the next scan asks again."""
    taking.faults.append(lambda _request: Answer({"message": "no"}, status, {"Retry-After": "900"}))
    found = told(taking, cache=tmp_path)
    assert (found.changes, bool(found.missing), "127.0.0.1" in found.missing) == ((), True, False)
    taking.faults.clear()
    assert len(told(taking, cache=tmp_path).changes) == 3


def test_of_many_accounts_three_are_asked_about(taking: FakeGitHub) -> None:
    """One request for each, and what is left out is told; oddly written logins are not asked about."""
    found = told(taking, "ada", "bob", "cy", "dora", "no login", "a:b")
    assert len(taking.asked) == 3
    assert names(found, taking)[-1] == "them/tool/pull/9"
    assert found.sampled == "3 of 4 accounts were asked about"


def test_gitlab_lists_them_with_a_token_alone(gitlab: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Merge requests in public projects of others; without a token nobody is asked, and the reason tells."""
    server = gitlab(repository())
    server.repo.taken = [*TAKEN, Taken("ada/own", 1), Taken("work/private", 2)]
    found = told(server, kind="gitlab")
    assert (found.changes, found.asked, server.asked) == ((), False, [])
    assert "GITLAB_TOKEN" in found.missing
    monkeypatch.setenv("GITLAB_TOKEN", GITLAB_TOKEN)
    found = told(server, kind="gitlab")
    places = ["org/lib/-/merge_requests/3", "org/lib/-/merge_requests/8", "them/tool/-/merge_requests/5"]
    assert names(found, server) == places
    assert len(server.asked) == 1 + 4


@pytest.fixture
def scanned(taking: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    """The same GitHub, with the commits of ada/app."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    made = Builder(tmp_path / "root" / "ada" / "app.git")
    head = made.commit({"app.py": "import flask\n\napp = flask.Flask(__name__)\n"}, "Begin")
    taking.repo.history = [(head, "ada")]
    taking.git_root = tmp_path / "root"
    return taking


def scan(server: FakeGitHub, output: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the digest of a scan of ada/app."""
    named = ("--host", server.origin, "--allow-insecure-host", server.origin, "--workers", "1")
    code = run(["scan", f"{server.origin}/ada/app", *named, "-o", str(output), *options])
    return code, json.loads(output.read_text())


def signal(digest: dict[str, Any]) -> dict[str, Any]:
    """What the digest says of changes elsewhere."""
    found: dict[str, Any] = next(each for each in digest["signals"] if each["id"] == "forge.cross_repo")
    return found


def test_a_candidates_changes_elsewhere_are_cited_and_theirs(scanned: FakeGitHub, tmp_path: Path) -> None:
    """The signal is found with links to the changes, each wholly the candidate's; verify holds them to the forge."""
    output = tmp_path / "d.json"
    code, digest = scan(scanned, output, "--candidate", "ada")
    found = signal(digest)
    assert (code, found["outcome"], found["grade"], found["own_grade"]) == (0, "found", "practised", "practised")
    cited = [(each["url"].removeprefix(scanned.origin), each["share"]["role"]) for each in found["citations"]]
    assert sorted(cited) == [(f"/{at}", "author") for at in ("org/lib/pull/3", "org/lib/pull/8", "them/tool/pull/5")]
    verify = ["verify", str(output), "--repo", f"{scanned.origin}/ada/app", "--host", scanned.origin,
              "--allow-insecure-host", scanned.origin]  # fmt: skip
    assert run(verify) == 0
    assert run([*verify, "--full", "--workers=1"]) == 0


def test_an_edit_elsewhere_is_noticed(scanned: FakeGitHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An edited text is "changed since"; a forge that fails is not taken for one that shows nothing."""
    output = tmp_path / "d.json"
    scan(scanned, output, "--candidate", "ada")
    verify = ["verify", str(output), "--repo", f"{scanned.origin}/ada/app", "--host", scanned.origin,
              "--allow-insecure-host", scanned.origin]  # fmt: skip
    scanned.repo.taken[0].body = "Because I said so."
    capfd.readouterr()
    assert run(verify) == 1
    assert capfd.readouterr().out.count("changed since") == 1
    scanned.faults.append(lambda request: Answer({}, 403) if "org/lib" in request.path else None)
    assert run(verify) == 3
    told = capfd.readouterr().out.splitlines()
    assert len(told) == 3
    assert all(line.startswith("not looked at: ") for line in told)


def test_without_a_candidate_nobody_is_looked_up(scanned: FakeGitHub, tmp_path: Path) -> None:
    """The signal says why, and no search was made."""
    code, digest = scan(scanned, tmp_path / "d.json")
    assert (code, signal(digest)["outcome"]) == (0, "unavailable")
    assert "candidate" in signal(digest)["reason"]
    assert not any("wanted" in (request.body or {}).get("variables", {}) for request in scanned.asked)


def test_what_could_not_be_had_is_in_the_ledger(scanned: FakeGitHub, tmp_path: Path) -> None:
    """Where the forge answers no search the signal is unavailable, the ledger says so, and the exit code is 3."""
    scanned.faults.append(
        lambda request: (
            Answer({"message": "no"}, 404)
            if "search" in request.path or "wanted" in (request.body or {}).get("variables", {})
            else None
        )
    )
    code, digest = scan(scanned, tmp_path / "d.json", "--candidate", "ada")
    assert (code, signal(digest)["outcome"]) == (3, "unavailable")
    (entry,) = [each for each in digest["ledger"] if each["code"] == "forge_unavailable"]
    assert entry["subject"].startswith("changes elsewhere than in ")
    assert "search" in entry["reason"]


def test_a_second_scan_for_a_candidate_costs_two_requests(scanned: FakeGitHub, tmp_path: Path) -> None:
    """The budget holds with a candidate: two conditional requests, and the same digest."""
    scan(scanned, tmp_path / "one.json", "--candidate", "ada")
    scanned.asked.clear()
    scan(scanned, tmp_path / "two.json", "--candidate", "ada")
    assert len(scanned.asked) == 2
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_claimed_address_lends_no_account(scanned: FakeGitHub, tmp_path: Path) -> None:
    """A commit under a famous account's noreply address does not bring that account's changes, unless the forge links
    the commit or the asker names the account."""
    made = Builder(tmp_path / "other")
    made.commit({"app.py": "import flask\n"}, "Begin", "--author=Mallory <1+ada@users.noreply.github.com>")
    output = tmp_path / "d.json"
    named = ("--host", scanned.origin, "--allow-insecure-host", scanned.origin, "--workers", "1")
    as_public = ("--as", "https://github.com/ada/app")
    assert run(["scan", str(made.folder), *as_public, *named, "-o", str(output), "--candidate", "Mallory"]) == 0
    digest = json.loads(output.read_text())
    assert signal(digest)["outcome"] == "unavailable"
    assert [each["code"] for each in digest["ledger"] if "elsewhere" in each["subject"]] == ["forge_not_asked"]


def test_the_budget_holds_with_a_candidate(scanned: FakeGitHub, tmp_path: Path) -> None:
    """300 changes with all that was said of them, and what others took of the candidate, in at most 15 requests."""
    big = repository(pulls=300, issues=50)
    scanned.repo.pulls, scanned.repo.issues = big.pulls, big.issues
    code, digest = scan(scanned, tmp_path / "d.json", "--candidate", "ada")
    assert (code, signal(digest)["outcome"]) == (0, "found")
    assert len(scanned.asked) <= 15
