"""Own commits of changes, fetched from an address for the candidate whose work or reviews they tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.cli import run
from evidence.model import Account, ChangeRequest, Changes, Comment, Ledger, Thread
from evidence.source import OpenRepository, SourceOptions, fetch_heads, open_source, places_of, with_touched_lines
from tests.forges.asking import noted
from tests.forges.conftest import TOKEN
from tests.forges.data import repository
from tests.forges.fake_github import FakeGitHub
from tests.source.building import Builder

Start = Callable[..., FakeGitHub]
FACTORY = "import flask\n\n\ndef create_app():\n    app = flask.Flask(__name__)\n    return app\n"
WSGI = "from shop import create_app\n\napp = create_app()\n"
LINES = "".join(f"line {n}\n" for n in range(1, 9))
BOB = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
       for key, value in (("NAME", "Bob"), ("EMAIL", "bob@example.org"))}  # fmt: skip


class Served:
    """Changes of Ada's that Bob squashed in his own name: the forge keeps her commits, main has his alone."""

    def __init__(self, server: FakeGitHub, root: Path) -> None:
        self.server, self.repo = server, Builder(root / "ada" / "app.git")
        self.repo.git("commit", "-q", "--allow-empty", "-m", "Begin", env=BOB)
        self.heads: dict[int, tuple[str, str]] = {}
        for number, files in ((5, {"wsgi.py": WSGI}), (6, {"a.py": LINES}), (7, {"shop/__init__.py": FACTORY})):
            self.repo.git("checkout", "-q", "-b", "topic")
            first = self.repo.commit({path: "x = 1\n" + text for path, text in files.items()})
            last = self.repo.commit({path: text for path, text in files.items()})
            self.heads[number] = (first, last)
            self.repo.git("update-ref", f"refs/pull/{number}/head", last)
            self.repo.git("checkout", "-q", "main")
            self.repo.git("merge", "-q", "--squash", "topic")
            self.repo.git("commit", "-q", "-m", f"Squash (#{number})", env=BOB)
            self.repo.git("branch", "-q", "-D", "topic")
            self.repo.clock += 3600
        server.repo.history = [(self.repo.git("rev-parse", "HEAD"), "bob")]
        server.git_root = root

    @property
    def address(self) -> str:
        """Where it is scanned."""
        return f"{self.server.origin}/ada/app"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The options that name the server."""
        return ("--host", self.server.origin, "--allow-insecure-host", self.server.origin)

    def scan(self, output: Path, *options: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the digest of a scan of the address."""
        code = run(["scan", self.address, *self.hosts, "--workers", "1", "-o", str(output), *options])
        return code, json.loads(output.read_text())

    def opened(self, ledger: Ledger, **options: Any) -> Any:
        """The address, opened."""
        return open_source(self.address, ledger=ledger, options=SourceOptions(places=self.places, **options))

    @property
    def places(self) -> Any:
        """The one host that may be asked."""
        return places_of((self.server.origin,), (self.server.origin,), {})


@pytest.fixture
def served(github: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The repository behind a server that has no filter and keeps the heads."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    return Served(github(repository(pulls=0)), tmp_path / "root")


def test_whoever_was_squashed_in_anothers_name_is_found_from_the_address(served: Served, tmp_path: Path) -> None:
    """The history names Bob alone; the changes' own commits are fetched, and the lines that are Ada's are hers."""
    code, digest = served.scan(tmp_path / "d.json", "--candidate", "ada@example.org")
    factory = next(each for each in digest["signals"] if each["id"] == "flask.app_factory")
    assert (code, digest["subject"]["candidate"]["status"]) == (0, "found")
    assert factory["own_grade"] is not None
    assert {c["share"]["high"] for c in factory["citations"]} == {1.0}
    assert not any(entry["code"] == "changes_not_fetched" for entry in digest["ledger"])
    where = ("--repo", served.address, "--full", "--workers=1", *served.hosts)
    assert run(["verify", str(tmp_path / "d.json"), *where]) == 0


def test_a_squash_of_the_candidates_own_is_looked_behind(served: Served, tmp_path: Path) -> None:
    """Bob squashed what Ada wrote: asked about him, his squashes are looked behind, and none of it is his."""
    code, digest = served.scan(tmp_path / "d.json", "--candidate", "bob@example.org")
    factory = next(each for each in digest["signals"] if each["id"] == "flask.app_factory")
    assert (code, factory["own_grade"]) == (0, None)
    assert {c["share"]["high"] for c in factory["citations"]} == {0.0}


def test_without_a_candidate_no_change_is_fetched(served: Served, tmp_path: Path) -> None:
    """Nobody's share is told, so one fetch does; with a candidate there is one more, whatever the number of changes."""
    asked = []
    for options in ((), ("--candidate", "bob@example.org")):
        served.server.git_headers.clear()
        served.scan(tmp_path / "d.json", *options)
        asked.append(len(served.server.git_headers))
    assert asked[1] - asked[0] == 3  # what it can do, which references it has, and their objects


def _followed(served: Served, opened: OpenRepository, line: int) -> bool | None:
    first, last = served.heads[6]
    said = Comment(id="1", author=Account("bob"), body="x", created=1, updated=1, url="", path="a.py", line=line,
                   commit=first)  # fmt: skip
    change = ChangeRequest(
        number=6, title="", body="", state="merged", url="", author=Account("ada"), created=0, updated=0,
        head_commit=last, threads=(Thread(comments=(said,), outdated=True),),
    )  # fmt: skip
    (told,) = with_touched_lines(Changes(host="", requests=(change,)), opened).requests
    return told.threads[0].touched


def test_a_reviewed_line_of_a_squashed_change_is_followed(served: Served) -> None:
    """Before the fetch git knows nothing of it; after it, the line is followed through the change's own commits."""
    ledger = Ledger()
    with served.opened(ledger) as opened:
        assert _followed(served, opened, 1) is None
        fetch_heads(opened, served.places, {6: served.heads[6][1]}, 10)
        assert [_followed(served, opened, line) for line in (1, 2)] == [True, False]
        assert opened.blame.change_heads == {6: served.heads[6][1]}
        fetch_heads(opened, served.places, {6: "", 7: ""}, 10)
        assert _followed(served, opened, 1) is True
        assert sorted(opened.blame.change_heads) == [6, 7]
    assert noted(ledger, "changes_not_fetched") == []


def test_the_newest_are_fetched_and_the_ledger_tells_of_the_others(served: Served) -> None:
    """Beyond the bound the older ones are left out and counted."""
    ledger = Ledger()
    with served.opened(ledger) as opened:
        fetch_heads(opened, served.places, {5: "", 6: "", 7: ""}, 1)
        assert list(opened.blame.change_heads) == [7]
    ((entry),) = [each for each in ledger.entries() if each.code == "changes_not_fetched"]
    assert (entry.count, "the 1 newest" in entry.reason) == (2, True)


def test_what_the_server_does_not_keep_is_told(served: Served) -> None:
    """A change without a kept head, and one that was pushed anew since the forge told of it, take nobody's place."""
    ledger = Ledger()
    with served.opened(ledger) as opened:
        fetch_heads(opened, served.places, {5: "0" * 40, 6: served.heads[6][1], 99: ""}, 10)
        assert list(opened.blame.change_heads) == [6]
    ((entry),) = [each for each in ledger.entries() if each.code == "changes_not_fetched"]
    assert (entry.count, "or has later ones" in entry.reason) == (2, True)


def test_a_server_that_fails_costs_no_scan(served: Served) -> None:
    """The reason is in the ledger, without the token, and what is known stays."""
    ledger = Ledger()
    with served.opened(ledger) as opened:
        served.server.git_root = None
        fetch_heads(opened, served.places, {5: "", 6: ""}, 10)
        assert opened.blame.change_heads == {}
    ((entry),) = [each for each in ledger.entries() if each.code == "changes_not_fetched"]
    assert (entry.count, "cannot be fetched" in entry.reason, TOKEN in entry.reason) == (2, True, False)


def test_a_kept_clone_keeps_none_of_it(served: Served, tmp_path: Path) -> None:
    """What is fetched for one candidate is beside the clone, and goes with the scan."""
    with served.opened(Ledger(), clones=tmp_path / "clones") as opened:
        before = sorted(path.name for path in opened.git.folder.rglob("*"))
        fetch_heads(opened, served.places, {5: "", 6: "", 7: ""}, 10)
        assert len(opened.blame.beside(list(opened.blame.change_heads.values()))) == 6
        assert sorted(path.name for path in opened.git.folder.rglob("*")) == before
