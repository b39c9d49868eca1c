"""Purging: everything that is kept goes, after a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_purging_removes_what_is_kept(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache and web page's files are removed and named; other files in the same folder stay."""
    cache, data = tmp_path / "cache", tmp_path / "data"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    (cache / "evidence" / "clones").mkdir(parents=True)
    (cache / "evidence" / "facts.sqlite3").write_bytes(b"x")
    (data / "work").mkdir(parents=True)
    for name in ("web.sqlite3", "web.sqlite3-wal", "secret_key", "mine.txt"):
        (data / name).write_bytes(b"x")
    result = cli("purge", "--data", str(data), "--yes")
    assert result.code == 0
    assert [each.name for each in data.iterdir()] == ["mine.txt"]
    assert not (cache / "evidence").exists()
    assert str(data / "web.sqlite3") in result.out
