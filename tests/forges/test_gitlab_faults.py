"""What goes wrong with a GitLab: the reading goes on with what is there, names what is not, and goes nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.cli import run
from evidence.model import Ledger
from tests.forges.asking import asked, noted
from tests.forges.conftest import GITLAB_TOKEN
from tests.forges.data import Said, repository
from tests.forges.fake_github import Answer, Request
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.test_forge_faults import Clock, always, first
from tests.source.building import Builder

Start = Callable[..., FakeGitLab]


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a token."""
    monkeypatch.setenv("GITLAB_TOKEN", GITLAB_TOKEN)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 451, 500, 502, 503])
def test_one_part_that_is_refused_leaves_the_others(gitlab: Start, status: int) -> None:
    """Whatever is said to the question for issues, changes with their reviews and the releases are there."""
    server, ledger, clock = gitlab(repository()), Ledger(), Clock()
    server.faults.append(always(status, "/issues"))
    changes = asked(server, ledger, kind="gitlab", patience=clock.patience)
    assert list(changes.missing) == ["issues"]
    assert [len(change.reviews) for change in changes.requests] == [2, 2, 2]
    assert len(changes.releases) == 2
    assert [subject for subject, _reason in noted(ledger, "forge_unavailable")] == ["issues of id"]
    assert GITLAB_TOKEN not in json.dumps([changes.missing, noted(ledger, "forge_unavailable")])
    assert sum(clock.waits) <= 12


def test_a_short_wait_that_is_asked_for_is_kept(gitlab: Start) -> None:
    """Retry-After is waited for, and the answer after it counts; a wait of a quarter of an hour is not begun."""
    server, clock = gitlab(repository()), Clock()
    server.faults.append(first(1, always(429, "/issues", Retry_After="3")))
    assert asked(server, kind="gitlab", patience=clock.patience).missing == {}
    assert clock.waits == [3.0]
    server, clock = gitlab(repository()), Clock()
    server.faults.append(always(429, "/issues", Retry_After="900"))
    assert "rate limit" in asked(server, kind="gitlab", patience=clock.patience).missing["issues"]
    assert clock.waits == []


@pytest.mark.parametrize("cut", [b'[{"iid": 1, "ti', b"", b"[" * 100_000])
def test_a_cut_answer_is_asked_for_again(gitlab: Start, cut: bytes) -> None:
    """JSON that breaks off costs a second request; where it always does, the part is missing."""
    server = gitlab(repository())
    server.faults.append(first(1, lambda request: Answer(cut) if request.path.endswith("/merge_requests") else None))
    assert len(asked(server, kind="gitlab", patience=Clock().patience).requests) == 3
    server.faults.append(lambda request: Answer(cut) if request.path.endswith("/merge_requests") else None)
    assert set(asked(server, kind="gitlab", patience=Clock().patience).missing) == {"changes", "reviews", "comments"}


def test_pages_that_go_round_in_circles_end(gitlab: Start) -> None:
    """A page that comes again under the next number is told and not followed."""
    server = gitlab(repository())
    again = [{"id": 1, "iid": 1, "title": "x", "author": None}]
    server.faults.append(always(200, "/issues", again, X_Next_Page="2"))
    assert "circles" in asked(server, kind="gitlab").missing["issues"]
    assert sum(request.path.endswith("/issues") for request in server.asked) == 2


def test_a_next_page_on_another_host_is_not_followed(gitlab: Start) -> None:
    """The other host hears nothing, and the part is missing."""
    other, server = gitlab(repository()), gitlab(repository())
    link = f'<{other.origin}/api/v4/projects/1/issues?page=2>; rel="next"'
    server.faults.append(always(200, "/issues", [{"id": 1, "iid": 1}], Link=link))
    assert "another host" in asked(server, kind="gitlab").missing["issues"]
    assert other.asked == []


def test_a_long_discussion_is_capped_and_told(gitlab: Start) -> None:
    """Of 350 comments on one merge request two pages are read, and the ledger says that there are more."""
    server, ledger = gitlab(repository(pulls=1)), Ledger()
    server.repo.pulls[0].comments = [Said(10_000 + at, "eve", "And?", 2 + at / 1000) for at in range(350)]
    (change,) = asked(server, ledger, kind="gitlab").requests
    assert 190 <= len(change.comments) <= 200
    assert [subject for subject, _reason in noted(ledger, "forge_capped")] == ["review threads of changes in id"]


def test_what_broke_off_is_not_asked_again(gitlab: Start, tmp_path: Path) -> None:
    """The forge dies among the merge requests; --resume asks for none of the answers that were there."""
    server, pages = gitlab(repository(pulls=12)), [0]

    def dies(request: Request) -> Answer | None:
        pages[0] += request.path.endswith("/discussions")
        return Answer({"message": "no"}, 500) if pages[0] > 6 else None

    server.faults.append(dies)
    broken = asked(server, kind="gitlab", cache=tmp_path, patience=Clock().patience)
    assert {"changes", "issues"} <= set(broken.missing)
    before = {
        request.path for request in server.asked if request.method == "GET" and request.path.endswith("/discussions")
    }
    server.faults.clear()
    server.asked.clear()
    resumed = asked(server, kind="gitlab", cache=tmp_path, resume=True)
    again = {request.path for request in server.asked if request.path.endswith("/discussions")}
    assert (resumed.missing, len(resumed.requests)) == ({}, 12)
    assert len(again & before) == 1  # the one at which it died


def test_a_scan_that_lacks_something_ends_with_3(
    gitlab: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest of a project whose issues could not be had stands, is not complete, and says which part."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repo = Builder(tmp_path / "root" / "ada" / "app.git")
    head = repo.commit({"app.py": "import flask\n\napp = flask.Flask(__name__)\n"})
    server = gitlab(repository())
    server.repo.history, server.git_root = [(head, "ada")], tmp_path / "root"
    server.faults.append(always(403, "/issues"))
    monkeypatch.setenv("GITLAB_HOST", server.origin)
    output = tmp_path / "d.json"
    named = ("--allow-insecure-host", server.origin, "--workers", "1", "-o", str(output))
    assert run(["scan", f"{server.origin}/ada/app", *named]) == 3
    digest = json.loads(output.read_text())
    assert digest["complete"] is False
    (entry,) = [each for each in digest["ledger"] if each["code"] == "forge_unavailable"]
    assert entry["subject"].startswith("issues of ")
