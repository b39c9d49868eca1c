"""Scanning again: the digest of an unchanged repository is given again, and that of a changed one is made anew."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from evidence import installed
from evidence.pipeline import ScanRequest
from evidence.report.json_form import from_json
from evidence.store import FILE_NAME
from tests.cli.conftest import Run, git

Scanning = Callable[..., list[ScanRequest]]


@pytest.fixture
def shop(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the repository that the test may change, with no token for its forge about."""
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    installed.program.cache_clear()
    return Path(shutil.copytree(repository, tmp_path / "shop"))


def _database(tmp_path: Path) -> sqlite3.Connection:
    return sqlite3.connect(tmp_path / "cache" / "evidence" / FILE_NAME)


def test_what_has_not_changed_is_not_scanned_again(cli: Run, shop: Path, scanning: Scanning, digest: bytes) -> None:
    """The second scan gives the first one's bytes, in every form, whatever the number of workers."""
    requests = scanning()
    assert cli("scan", shop).out.encode() == digest
    for options in ([], ["--workers", "1"], ["--format", "html"], ["--format", "markdown"]):
        again = cli("scan", shop, *options)
        assert again.code == 0 and again.out == cli("scan", shop, "--no-cache", *options).out
    assert [request.cache is None for request in requests] == [False, True, True, True, True]


@pytest.mark.parametrize(
    "options",
    [
        ["--no-cache"],
        ["--commit", "main"],
        ["--candidate", "A"],
        ["--profile", "api-first"],
        ["--baseline", "main"],
        ["--as", "https://github.com/owner/other"],
        ["--host", "git.example.org"],
        ["--no-forge"],
        ["--profile-detectors"],
    ],
)
def test_another_request_is_another_scan(options: list[str], cli: Run, shop: Path, scanning: Scanning) -> None:
    """Each option that may change the digest, or asks for a fresh one, makes a scan."""
    requests = scanning()
    cli("scan", shop)
    assert cli("scan", shop, *options).code == 0
    assert len(requests) == 2


def _commit(shop: Path) -> None:
    git(shop, "commit", "-q", "--allow-empty", "-m", "More")


def _branch(shop: Path) -> None:
    git(shop, "branch", "other")


def _packed(shop: Path) -> None:
    git(shop, "gc", "-q")


def _lost_object(shop: Path) -> None:
    next(each for each in sorted((shop / ".git" / "objects").glob("??/*"))).unlink()


def _elsewhere(shop: Path) -> None:
    git(shop, "remote", "set-url", "origin", "https://github.com/owner/other.git")


def _token(shop: Path) -> None:
    os.environ["GH_TOKEN"] = "t" * 20


@pytest.mark.parametrize("change", [_commit, _branch, _packed, _lost_object, _elsewhere, _token])
def test_a_change_of_the_repository_is_seen(
    change: Callable[[Path], None], cli: Run, shop: Path, scanning: Scanning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """References, objects, the address of the original, and a token for its forge: what a scan would see is seen."""
    monkeypatch.setenv("GH_TOKEN", "")
    requests = scanning()
    cli("scan", shop)
    change(shop)
    cli("scan", shop)
    assert len(requests) == 2


def test_another_program_scans_again(
    cli: Run, shop: Path, scanning: Scanning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that was installed in the meantime, or a plugin whose file was changed, may see something else."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    plugin = tmp_path / "plugin.py"
    plugin.write_text("A = 1\n")
    monkeypatch.setattr(sys.modules["detectors"], "__path__", [str(plugin)])
    requests = scanning()
    cli("scan", shop)
    cli("scan", shop)
    assert len(requests) == 1
    plugin.write_text("A = 21\n")
    cli("scan", shop)
    assert len(requests) == 2
    (tmp_path / "site" / "new-1.0.dist-info").mkdir()
    installed.program.cache_clear()
    cli("scan", shop)
    assert len(requests) == 3


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE digest SET payload = CAST(replace(payload, '\"found\"', '\"fount\"') AS BLOB)",
        "UPDATE digest SET payload = zeroblob(20)",
        "UPDATE digest SET checksum = 'text'",
        "UPDATE digest SET kept = kept - 31 * 86400",
        "UPDATE digest SET kept = kept + 86400",
        "DROP TABLE digest",
    ],
)
def test_an_entry_that_is_damaged_or_old_is_no_entry(
    spoil: str, cli: Run, shop: Path, scanning: Scanning, digest: bytes, tmp_path: Path
) -> None:
    """An altered byte, another type, an age of more than 30 days: the scan is done, and replaces the entry."""
    requests = scanning()
    cli("scan", shop)
    with _database(tmp_path) as database:
        database.execute(spoil)
    database.close()
    assert cli("scan", shop).out.encode() == digest
    assert len(requests) == 2
    assert cli("scan", shop).out.encode() == digest
    assert len(requests) == 2


def test_warnings_are_those_of_now(cli: Run, shop: Path, scanning: Scanning) -> None:
    """What the scan warned of is said again; a work tree with changes is told where it has some now."""
    scanning(warning="Something odd.")
    first = cli("scan", shop)
    (shop / "new.py").write_text("x = 1\n")
    dirty = cli("scan", shop)
    (shop / "new.py").unlink()
    assert "Something odd." in first.err and "not committed" not in first.err
    assert "Something odd." in dirty.err and "not committed" in dirty.err
    assert cli("scan", shop).err == first.err


def test_an_incomplete_digest_is_not_kept(cli: Run, shop: Path, scanning: Scanning, digest: bytes) -> None:
    """What was stopped once may go through the next time."""
    requests = scanning(msgspec.structs.replace(from_json(digest), complete=False))
    assert [cli("scan", shop).code, cli("scan", shop).code] == [3, 3]
    assert len(requests) == 2


def test_the_cache_keeps_a_bounded_number(cli: Run, shop: Path, scanning: Scanning, tmp_path: Path) -> None:
    """The oldest digests make room, and too old ones go when another one is kept."""
    scanning()
    for number in range(34):
        cli("scan", shop, "--as", f"https://github.com/owner/n{number}")
    with _database(tmp_path) as database:
        assert database.execute("SELECT count(*) FROM digest").fetchone() == (32,)
        database.execute("UPDATE digest SET kept = 1.0")
    cli("scan", shop)
    assert database.execute("SELECT count(*) FROM digest").fetchone() == (1,)
    database.close()
