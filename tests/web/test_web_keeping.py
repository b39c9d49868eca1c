"""Digests and scans over time: served again, expired, really removed, interrupted and taken up again, cancelled."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from evidence.web import keeping
from evidence.web.app import create_app
from evidence.web.extensions import db
from evidence.web.models import Scan, State, StoredDigest, now
from evidence.web.serve import prepare, working
from evidence.web.settings import read_settings
from tests.source.serving import Server
from tests.web.browsing import PATIENCE, Visitor
from tests.web.conftest import MakeApp, usual_settings
from tests.web.mute_forge import MuteForge


@pytest.fixture
def mute_forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MuteForge]:
    """A forge that serves a repository and says nothing of it until it is told to."""
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with MuteForge(tmp_path / "forge").running() as forge:
        yield forge


def _bytes_of(data: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(data.glob("web.sqlite3*")))


def _left() -> list[str]:
    """Live processes of git's, and of the server's own, that descend from this one; the one that they are forked of
    stays as long as this one does."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        parent = waiting.pop()
        for each in below.get(parent, []):
            name = _name_of(each)
            if "git" in name or ("forkserver" in name and parent != os.getpid()):
                found.append(name)
            waiting.append(each)
    return found


def _name_of(process: int) -> str:
    try:
        return (Path("/proc") / str(process) / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:120]
    except OSError:
        return ""


def test_the_same_commit_is_served_from_the_store(visitor: Visitor, forge: Server) -> None:
    """A second asking leads to the same digest; the button for a new scan makes another one."""
    first = visitor.digest_of(f"{forge.origin}/ada/bazaar")
    assert visitor.digest_of(f"{forge.origin}/ada/bazaar") == first
    fetches = sum("git-upload-pack" in path and "info/refs" not in path for path in forge.asked)
    visitor.get(first)
    visitor.post(f"{first}/anew")
    second = visitor.wait()
    assert second != first
    assert sum("git-upload-pack" in path and "info/refs" not in path for path in forge.asked) > fetches
    visitor.get(first)
    assert f"{first}/compare/{second.rpartition('/')[2]}" in visitor.page
    visitor.get(f"{first}/compare/{second.rpartition('/')[2]}")
    assert "All signals are the same" in visitor.page
    visitor.get("/digests")
    assert visitor.page.index(second) < visitor.page.index(first)


def test_a_deleted_digest_is_in_no_file_any_more(visitor: Visitor, forge: Server, data: Path) -> None:
    """Neither the database nor its log holds a piece of it, and its address leads nowhere."""
    page = visitor.digest_of(f"{forge.origin}/ada/bazaar")
    with closing(sqlite3.connect(data / "web.sqlite3")) as database:
        content = database.execute("SELECT content FROM digest").fetchone()[0]
    # Long values lie in several pages of the file, so that some pieces are cut in two.
    pieces = [content[at : at + 24] for at in range(0, len(content) - 24, 500)]
    assert sum(piece in _bytes_of(data) for piece in pieces) > len(pieces) * 0.9
    visitor.get(page)
    visitor.post(f"{page}/delete")
    assert "is deleted" in visitor.page
    assert not any(piece in _bytes_of(data) for piece in pieces)
    assert visitor.get(page).status_code == 404


def test_purging_leaves_nothing(visitor: Visitor, forge: Server, data: Path) -> None:
    """One button empties the server of digests and scans."""
    visitor.digest_of(f"{forge.origin}/ada/bazaar")
    visitor.paste(f"{forge.origin}/ada/nothing")
    visitor.until(visitor.address, "could not be read")
    visitor.get("/digests")
    visitor.post("/digests/purge")
    assert "Everything is deleted" in visitor.page
    visitor.get("/scans")
    assert "None yet" in visitor.page
    assert b"ada/bazaar" not in _bytes_of(data)


def test_digests_expire_unless_they_are_kept(app: Flask, visitor: Visitor, forge: Server) -> None:
    """After its term a digest is gone for readers at once, and from the database at the next sweep."""
    page = visitor.digest_of(f"{forge.origin}/ada/bazaar")
    with app.app_context():
        stored = db.session.scalar(select(StoredDigest))
        assert stored is not None
        assert stored.expires is not None
        assert timedelta(days=29) < stored.expires - now() < timedelta(days=31)
        assert keeping.expire() == 0
    visitor.get(page)
    visitor.post(f"{page}/keep", days="")
    assert "kept until deleted" in visitor.page
    with app.app_context():
        db.session.execute(update(StoredDigest).values(expires=now() - timedelta(seconds=1)))
        db.session.commit()
    assert visitor.get(page).status_code == 404
    with app.app_context():
        assert keeping.expire() == 1
        assert db.session.scalar(select(StoredDigest)) is None


def test_cancelling_leaves_nothing(visitor: Visitor, mute: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running scan that is cancelled leaves no process, no file and no row, within seconds; its page goes last."""
    scrub, seen = keeping.scrub, list[list[Path]]()

    def scrubbing() -> None:
        seen.append(list((data / "begun").iterdir()))
        scrub()

    monkeypatch.setattr(keeping, "scrub", scrubbing)
    visitor.paste(f"{mute}/ada/bazaar")
    scan = visitor.address
    visitor.until(scan, "Fetching the repository")
    assert _left()
    visitor.post(f"{scan}/cancel")
    assert "Nothing of it is kept" in visitor.page
    deadline = time.monotonic() + PATIENCE
    while visitor.get(scan).status_code != 404 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert visitor.get(scan).status_code == 404
    assert list((data / "work").iterdir()) == []
    assert list((data / "begun").iterdir()) == []
    assert seen == [[]]
    assert _left() == []
    while scan.rpartition("/")[2].encode() in _bytes_of(data):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_hung_scan_is_ended_and_blocks_no_page(make_app: MakeApp, mute: str, forge: Server, data: Path) -> None:
    """While a scan hangs, pages answer; when its time is over it is stopped, and the next one has its turn."""
    visitor = Visitor(make_app(scan_seconds=20, parallel_scans=1))
    visitor.paste(f"{mute}/ada/bazaar", f"{forge.origin}/ada/nothing", each="y")
    begun = time.monotonic()
    assert visitor.get("/").status_code == 200
    assert visitor.get("/digests").status_code == 200
    assert time.monotonic() - begun < 15
    visitor.until("/scans", "could not be read")
    hung, waiting = _scans(visitor.client.application)
    assert "longer than it may take here" in visitor.until(f"/scans/{hung}", "could not be read")
    assert "cannot be fetched" in visitor.until(f"/scans/{waiting}", "could not be read")
    assert list((data / "work").iterdir()) == []


def _scans(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Scan.id).order_by(Scan.source.like("%nothing"))))


def test_a_restart_marks_what_ran_and_goes_on_with_what_waited(data: Path, forge: Server, mute: str) -> None:
    """A scan that ran is interrupted, never complete, and can be resumed; one that waited runs after the start."""
    settings = usual_settings(data, forge, mute, parallel_scans=1)
    app = create_app(settings)
    prepare(app)
    with working(app):
        visitor = Visitor(app)
        visitor.paste(f"{mute}/ada/bazaar", f"{forge.origin}/ada/bazaar", each="y")
        visitor.until("/scans", "being read")
    assert _left() == []
    with app.app_context():
        # As a server that was killed outright leaves it.
        db.session.execute(update(Scan).where(Scan.source.like(f"{mute}%")).values(state=State.RUNNING))
        db.session.commit()
    again = create_app(settings)
    prepare(again)
    with working(again):
        visitor = Visitor(again)
        visitor.until("/scans", "· asked")
        hung, waited = sorted(_by_source(again, mute))
        assert "Nothing of it counts as read" in visitor.until(f"/scans/{hung[1]}", "Interrupted")
        visitor.get(f"/scans/{waited[1]}")
        visitor.wait()
        visitor.get(f"/scans/{hung[1]}")
        visitor.post(f"/scans/{hung[1]}/resume")
        visitor.until(f"/scans/{hung[1]}", "Fetching the repository")


def _by_source(app: Flask, mute: str) -> list[tuple[bool, str]]:
    with app.app_context():
        scans = db.session.scalars(select(Scan))
        return [(not scan.source.startswith(mute), scan.id) for scan in scans]


@pytest.mark.parametrize("part", [{"queue": 1}, {"queue_per_person": 1}])
def test_a_full_queue_says_so(make_app: MakeApp, mute: str, part: dict[str, int]) -> None:
    """The queue of all, and each person's part of it, are bounded."""
    visitor = Visitor(make_app(**part))
    refused = visitor.paste(f"{mute}/ada/bazaar", f"{mute}/ada/other", each="y")
    assert refused.status_code == 429
    assert "Too much at once" in visitor.page
    visitor.get("/scans")
    assert "None yet" in visitor.page


def _read_already(data: Path) -> dict[str, object]:
    """The packs of kept clones with their times, and the generations in which facts were written."""
    packs = {
        str(each.relative_to(data)): each.stat().st_mtime_ns
        for each in data.glob("begun/*/clones/*/objects/pack/*.pack")
    }
    found: dict[str, object] = dict(packs)
    for file in data.glob("begun/*/cache/facts.sqlite3"):
        with closing(sqlite3.connect(file)) as database:
            found["facts"] = database.execute("SELECT count(*), max(generation) FROM fact").fetchone()
    return found


def test_an_interrupted_scan_goes_on_from_what_it_had_read(data: Path, mute_forge: MuteForge) -> None:
    """The clone is not fetched again and no file is parsed again; the digest is that of a scan which ran through; and
    nothing that was kept for it is left when it is done."""
    settings = read_settings(mute_forge.settings(data))
    app = create_app(settings)
    prepare(app)
    with working(app):
        visitor = Visitor(app)
        visitor.paste(f"{mute_forge.origin}/ada/app")
        scan = visitor.address
        visitor.until(scan, "Asking the forge")
    before = _read_already(data)
    assert len(before) == 2
    again = create_app(settings)
    prepare(again)
    with working(again):
        visitor = Visitor(again)
        assert "go on from where it was" in visitor.until(scan, "Interrupted")
        visitor.post(f"{scan}/resume")
        visitor.until(scan, "Asking the forge")
        assert _read_already(data) == before
        mute_forge.speak()
        visitor.get(scan)
        resumed = visitor.client.get(f"{visitor.wait()}/digest.json").data
        assert list((data / "begun").iterdir()) == []
        visitor.paste(f"{mute_forge.origin}/ada/app", anew="y")
        assert visitor.client.get(f"{visitor.wait()}/digest.json").data == resumed


def test_what_an_interrupted_scan_had_read_is_kept_for_a_day(app: Flask, data: Path) -> None:
    """After that, and of scans that are gone, the server removes it."""
    with app.app_context():
        fresh, old = (
            Scan(
                source="x", asked_by="you", instance="", state=State.INTERRUPTED, finished=now() - timedelta(hours=age)
            )
            for age in (1, 25)
        )
        db.session.add_all([fresh, old])
        db.session.commit()
        begun = app.extensions["evidence"].runner.begun
        for name in (fresh.id, old.id, "nobody"):
            (data / "begun" / name / "clones").mkdir(parents=True)
        begun.sweep()
        assert [each.name for each in (data / "begun").iterdir()] == [fresh.id]
