"""Verifying: what a reader of a digest is told."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from evidence.report.json_form import from_json, to_json
from tests.cli.conftest import Run, git


def test_a_true_digest_verifies(cli: Run, saved: Path, repository: Path) -> None:
    """Code 0 and one line that says how much was checked."""
    result = cli("verify", saved, "--repo", repository)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("All ")
    full = cli("verify", saved, "--repo", repository, "--full")
    assert full.code == 0
    assert "Scanning again gives the same" in full.out


def test_an_altered_digest_does_not(cli: Run, saved: Path, repository: Path) -> None:
    """One altered byte is code 1, and every difference has its line."""
    saved.write_bytes(saved.read_bytes().replace(b"create_app", b"create_App", 1))
    result = cli("verify", saved, "--repo", repository)
    assert result.code == 1
    assert "checksum" in result.out


def test_a_forged_grade_fails_the_full_check(cli: Run, saved: Path, repository: Path) -> None:
    """Sealed anew, an improved grade passes the plain check and not the full one."""
    from evidence.model import Grade
    from evidence.seal import seal

    digest = from_json(saved.read_bytes())
    forged = [replace(s, grade=Grade.SUSTAINED) if s.id == "flask.app_factory" else s for s in digest.signals]
    saved.write_bytes(to_json(seal(replace(digest, signals=tuple(forged)))))
    assert cli("verify", saved, "--repo", repository).code == 0
    result = cli("verify", saved, "--repo", repository, "--full")
    assert result.code == 1
    assert result.out.startswith("signals flask.app_factory: grade: the digest says ")


def test_another_repository_does_not_have_the_commit(cli: Run, saved: Path, tmp_path: Path) -> None:
    """A digest held against the wrong repository differs: that is no wrong usage."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "Start")
    result = cli("verify", saved, "--repo", other)
    assert result.code == 1
    assert result.out.startswith("commit ")


def test_a_copy_elsewhere_verifies(cli: Run, saved: Path, repository: Path, tmp_path: Path) -> None:
    """A clone of the repository under another name and address holds the same citations."""
    git(tmp_path, "clone", "-q", "--bare", str(repository), "elsewhere.git")
    assert cli("verify", saved, "--repo", tmp_path / "elsewhere.git", "--full").code == 0


def test_a_source_that_is_not_there_is_wrong_usage(cli: Run, saved: Path) -> None:
    """Nothing was checked, and the sentence says why."""
    result = cli("verify", saved, "--repo", "/no/such/folder")
    assert (result.code, result.out) == (2, "")
    assert "no/such/folder" in result.err


def test_a_digest_of_several_repositories_is_refused(cli: Run, saved: Path, repository: Path) -> None:
    """What cannot be checked is said, and not half done."""
    digest = from_json(saved.read_bytes())
    saved.write_bytes(to_json(replace(digest, repositories=digest.repositories * 2)))
    result = cli("verify", saved, "--repo", repository)
    assert (result.code, result.out) == (2, "")
    assert "2 repositories" in result.err


def test_what_could_not_be_looked_at_is_code_3(cli: Run, saved: Path, repository: Path, tmp_path: Path) -> None:
    """Without the content of a cited file nothing differs, and nothing is proved."""
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--no-hardlinks", str(repository), "partial")
    oid = git(repository, "rev-parse", "HEAD:shop/__init__.py")
    (partial / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    result = cli("verify", saved, "--repo", partial)
    assert result.code == 3
    assert all(line.startswith("not looked at: ") for line in result.out.splitlines())
