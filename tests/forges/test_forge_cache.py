"""The cache of the forge's answers under force: killed in the middle, a full disk, and eight scans at once."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from evidence.source.forges import digest_of
from evidence.source.forges.cache import FILE_NAME, AnswerCache, Marks, items_of
from evidence.source.forges.gathered import Gathered
from tests.forges.asking import asked
from tests.forges.conftest import TOKEN
from tests.forges.data import repository
from tests.forges.fake_github import FakeGitHub

Start = Callable[..., FakeGitHub]
ROOT = Path(__file__).parents[2]
# Writes crawls of one scope without end, each of 40 items that bear its number; says so once it has begun.
WRITER = """
import sys
from pathlib import Path
from evidence.model import Account
from evidence.source.forges.cache import AnswerCache, Marks
cache = AnswerCache.open(Path(sys.argv[1]))
print("writing", flush=True)
while True:
    crawl = cache.begin("scope")
    items = [("account", f"{at:040x}", Account(f"crawl{crawl}")) for at in range(40)]
    cache.store(crawl, Marks(head=str(crawl), totals={"accounts": 40}), items, complete=True, anew=True)
"""
# Asks a forge as a scan does, with files of at most so many bytes (0: any).
SCANNER = """
import json, resource, sys
from pathlib import Path
from evidence.model import Ledger
from evidence.source.forges import Asking, Subject, ask, digest_of, endpoint_for
origin, folder, most = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
said = []
endpoint = endpoint_for("github", origin, (origin.partition("://")[2],))
changes = ask(endpoint, Subject("ada/app", "id", "", sys.argv[4]), Ledger(), Asking(folder, warn=said.append))
print(json.dumps([len(changes.requests), sorted(changes.missing), digest_of(changes), said]))
"""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a token."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of Python's that runs the script."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ))


def scanner(server: FakeGitHub, folder: Path, most: int = 0) -> subprocess.Popen[str]:
    """A scan of the server's repository in a process of its own."""
    return started(SCANNER, server.origin, folder, most, server.repo.history[0][0])


def told(process: subprocess.Popen[str]) -> list[object]:
    """What a scan in another process tells."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    found: list[object] = json.loads(output)
    return found


def test_killed_in_the_middle_of_writing_it_is_whole(tmp_path: Path) -> None:
    """After each kill -9 the file is sound, and the newest complete crawl has all its items and no other's."""
    seen = 0
    for _ in range(12):
        with started(WRITER, tmp_path) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(random.uniform(0.0, 0.08))  # noqa: S311 - a moment, no secret
            process.send_signal(signal.SIGKILL)
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        with closing(AnswerCache.open(tmp_path)) as cache:
            found = cache.latest("scope", complete=True)
            if found is not None:
                seen += 1
                _crawl, marks, gathered = found
                assert len(gathered.accounts) == marks.totals["accounts"]
                assert {account.login for account in gathered.accounts.values()} == {f"crawl{marks.head}"}
    assert seen


def test_a_full_disk_costs_the_cache_and_no_answer(github: Start, tmp_path: Path) -> None:
    """Where the file may not grow the answers are told all the same, what was kept before stays, and nothing of the
    unfinished crawl is taken for whole."""
    server = github(repository(pulls=120))
    with closing(AnswerCache.open(tmp_path)) as cache:
        crawl, kept = cache.begin("other"), Gathered(totals={"changes": 0})
        cache.store(crawl, Marks(head="kept"), items_of(kept), complete=True)
    size = (tmp_path / FILE_NAME).stat().st_size
    count, missing, digest, _said = told(scanner(server, tmp_path, size + 8192))
    assert (count, missing) == (120, [])
    with closing(AnswerCache.open(tmp_path)) as cache:
        found = cache.latest("other", complete=True)
        assert found is not None
        assert found[1].head == "kept"
    again = asked(server, cache=tmp_path)
    assert digest_of(again) == digest


def test_no_room_for_the_file_at_all_is_said(github: Start, tmp_path: Path) -> None:
    """A disk without room for an empty cache gives the answers, and one sentence."""
    count, missing, _digest, said = told(scanner(github(repository()), tmp_path / "cache", 1))
    assert (count, missing) == (3, [])
    assert said == ["The cache of the forge's answers cannot be used: everything is asked for again."]


def test_eight_scans_at_once_tell_the_same(github: Start, tmp_path: Path) -> None:
    """Eight scans on one cache have the same answers, none says that the cache is locked, and the next costs two
    requests."""
    server = github(repository(pulls=60))
    whole = digest_of(asked(server))
    processes = [scanner(server, tmp_path) for _ in range(8)]
    assert [told(process) for process in processes] == [[60, [], whole, []]] * 8
    server.asked.clear()
    assert digest_of(asked(server, cache=tmp_path)) == whole
    assert len(server.asked) == 2
