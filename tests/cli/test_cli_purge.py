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


def test_a_folder_of_another_keeps_what_only_has_our_names(cli: Run, tmp_path: Path) -> None:
    """``work``, ``begun`` and ``secret_key`` are names that a project may have: without our marks they stay, and it
    is said that nothing was there."""
    (tmp_path / "work" / "notes").mkdir(parents=True)
    (tmp_path / "begun").mkdir()
    (tmp_path / "secret_key").write_text("theirs")
    result = cli("purge", "--data", str(tmp_path), "--yes")
    assert result.code == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["begun", "secret_key", "work"]
    assert f"Nothing of the web page is in {tmp_path}" in result.out


def test_a_folder_whose_database_is_elsewhere_is_purged_too(cli: Run, tmp_path: Path) -> None:
    """Without a database beside them, the key and the folders of scans are known by how we make them."""
    (tmp_path / "work" / "work-ab12_xyz").mkdir(parents=True)
    (tmp_path / "begun" / ("x" * 22)).mkdir(parents=True)
    (tmp_path / "secret_key").write_text("k" * 64)
    assert cli("purge", "--data", str(tmp_path), "--yes").code == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_folder_name_is_wrong_usage(cli: Run, tmp_path: Path, value: str) -> None:
    """An unset variable of a script does not stand for the folder that one is in."""
    (tmp_path / "web.sqlite3").write_bytes(b"x")
    result = cli("purge", "--data", value, "--yes")
    assert result.code == 2
    assert "it is empty" in result.err
    assert (tmp_path / "web.sqlite3").exists()
