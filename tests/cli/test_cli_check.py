"""Verifying: what a reader of a digest is told."""

from __future__ import annotations

from pathlib import Path

import pytest
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


@pytest.fixture
def two(cli: Run, repository: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A digest of two repositories, and the folders of both."""
    other, output = tmp_path / "other", tmp_path / "two.json"
    other.mkdir()
    git(other, "init", "-q")
    (other / "billing.py").write_text("import flask\n\n\ndef create_app():\n    return flask.Flask(__name__)\n")
    (other / "wsgi.py").write_text("from billing import create_app\n\napp = create_app()\n")
    git(other, "add", ".")
    git(other, "commit", "-q", "-m", "Start")
    assert cli("scan", repository, other, "-o", output).code == 0
    cited = {citation.repository for signal in from_json(output.read_bytes()).signals for citation in signal.citations}
    assert cited == {"github.com/owner/shop", "local/other"}
    return output, repository, other


def test_each_citation_of_several_is_held_against_its_own_repository(
    cli: Run, two: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """Sources are known by their names or told by id; with --full all is derived again."""
    digest, one, other = two
    result = cli("verify", digest, "--repo", one, "--repo", other)
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("citations hold at the commits of 2 repositories.\n")
    git(tmp_path, "clone", "-q", str(other), "elsewhere")
    assert cli("verify", digest, "--repo", f"local/other={tmp_path / 'elsewhere'}", "--repo", one).code == 0
    assert cli("verify", digest, "--repo", other, "--repo", one, "--full", "--workers=1").code == 0


def test_a_byte_altered_in_either_of_several_fails(cli: Run, two: tuple[Path, Path, Path]) -> None:
    """Sealed anew or not, an excerpt that was changed differs from its own repository alone."""
    from evidence.seal import seal

    digest, one, other = two
    repos = ("--repo", one, "--repo", other)
    whole = digest.read_bytes()
    for name in ("shop/__init__.py", "billing.py"):
        place = whole.index(b"create_app", whole.index(f'"path": "{name}"'.encode()))
        digest.write_bytes(whole[:place] + b"C" + whole[place + 1 :])
        assert cli("verify", digest, *repos).code == 1
        digest.write_bytes(to_json(seal(from_json(digest.read_bytes()))))
        result = cli("verify", digest, *repos)
        assert result.code == 1
        assert all(name in line or "checksum" not in line for line in result.out.splitlines())


def test_a_citation_moved_to_another_repository_fails(cli: Run, two: tuple[Path, Path, Path]) -> None:
    """What one repository holds proves nothing for the other, nor for one that the digest is not of."""
    from evidence.seal import seal

    path, one, other = two
    digest = from_json(path.read_bytes())
    for name in ("local/other", "local/third"):
        moved = [replace(s, citations=tuple(replace(c, repository=name) for c in s.citations)) for s in digest.signals]
        path.write_bytes(to_json(seal(replace(digest, signals=tuple(moved)))))
        result = cli("verify", path, "--repo", one, "--repo", other)
        assert result.code == 1
        said = {"local/other": "no reference of the repository reaches it", "local/third": "the digest is not of"}[name]
        assert said in result.out


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["other"], "2 repositories, and github.com/owner/shop was not given: add --repo ID=SOURCE for each."),
        (["one"], "2 repositories: say which of github.com/owner/shop, local/other each source is, with --repo ID="),
        (["other", "other"], "Two sources were given for local/other: --repo takes one for each repository."),
        (["github.com/owner/shop", "other", "/no/third"], "is not of /no/third: it is of github.com/owner/shop, local"),
    ],
)
def test_a_repository_that_was_not_given_is_named(
    cli: Run, two: tuple[Path, Path, Path], given: list[str], sentence: str
) -> None:
    """One sentence, wrong usage, and nothing is half checked."""
    digest, one, other = two
    sources = {"one": one, "other": other}
    result = cli("verify", digest, *(word for each in given for word in ("--repo", sources.get(each, each))))
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert sentence in result.err


def test_a_repository_named_twice_is_refused(cli: Run, saved: Path, repository: Path) -> None:
    """A digest that no scan writes is said to be one."""
    digest = from_json(saved.read_bytes())
    saved.write_bytes(to_json(replace(digest, repositories=digest.repositories * 2)))
    result = cli("verify", saved, "--repo", repository)
    assert (result.code, result.out) == (2, "")
    assert "twice" in result.err


def test_what_could_not_be_looked_at_is_code_3(cli: Run, saved: Path, repository: Path, tmp_path: Path) -> None:
    """Without the content of a cited file nothing differs, and nothing is proved."""
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--no-hardlinks", str(repository), "partial")
    oid = git(repository, "rev-parse", "HEAD:shop/__init__.py")
    (partial / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    result = cli("verify", saved, "--repo", partial)
    assert result.code == 3
    assert all(line.startswith("not looked at: ") for line in result.out.splitlines())


@pytest.mark.parametrize("content", ["<!DOCTYPE html>\n<html>", "# Evidence digest: `shop`\n", "domain,competency\n"])
def test_another_form_of_a_digest_is_told_from_a_broken_one(cli: Run, tmp_path: Path, content: str) -> None:
    """Whoever was sent the page is told which form can be checked."""
    page = tmp_path / "digest.html"
    page.write_text(content)
    result = cli("verify", page, "--repo", ".")
    assert result.code == 2
    assert "is not a digest in its JSON form" in result.err
