"""What cannot be scanned is one clear sentence and a non-zero exit; what can be scanned in part is a digest "
"that says so."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.bombs import APP
from tests.end_to_end.conftest import Make, Serve
from tests.end_to_end.trial import Trial
from tests.source.building import Builder

_FILES: dict[str, str | bytes] = {"shop/__init__.py": APP, "README.md": "# Shop\n", "docs/a.md": "# A\n"}


def _missing(folder: Path) -> Path:
    return folder / "nowhere"


def _plain(folder: Path) -> Path:
    (folder / "a.py").write_text("x = 1\n")
    return folder


def _file(folder: Path) -> Path:
    (folder / "file").write_text("x")
    return folder / "file"


def _empty(folder: Path) -> Path:
    return Builder(folder).folder


def _unborn(folder: Path) -> Path:
    builder = Builder(folder)
    builder.commit({"a.py": "x = 1\n"})
    builder.git("symbolic-ref", "HEAD", "refs/heads/elsewhere")
    return folder


def _escaping_head(folder: Path) -> Path:
    builder = Builder(folder)
    (builder.folder / ".git" / "HEAD").write_text("ref: refs/heads/../../../ESCAPE\n")
    return folder


def _corrupt_pack(folder: Path) -> Path:
    builder = Builder(folder)
    builder.commit(_FILES)
    builder.git("repack", "-adq")
    for pack in (folder / ".git/objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:12] + os.urandom(0) + b"\xff" * 4096)
    return folder


def _missing_commit(folder: Path) -> Path:
    builder = Builder(folder)
    builder.drop(builder.commit(_FILES))
    return folder


def _missing_root(folder: Path) -> Path:
    builder = Builder(folder)
    builder.commit(_FILES)
    builder.drop(builder.git("rev-parse", "HEAD^{tree}"))
    return folder


def _borrowed(folder: Path) -> Path:
    builder = Builder(folder)
    builder.commit(_FILES)
    (folder / ".git/objects/info/alternates").write_text("/somewhere/else\n")
    return folder


def _git_file(folder: Path) -> Path:
    (folder / ".git").write_text("gitdir: /somewhere/else/.git\n")
    return folder


@pytest.mark.parametrize(
    "prepare",
    [
        *(_missing, _plain, _file, _empty, _unborn, _escaping_head),
        *(_corrupt_pack, _missing_commit, _missing_root, _borrowed, _git_file),
    ],
)
def test_what_cannot_be_scanned(prepare: Callable[[Path], Path], tmp_path: Path, trial: Trial) -> None:
    """Each kind of no repository, or of one that cannot be read, is one sentence."""
    folder = tmp_path / "project"
    folder.mkdir()
    outcome = trial.scan(prepare(folder)).demand_sound()
    assert outcome.code in (2, 3) and not outcome.forms
    assert "ESCAPE" not in os.listdir(tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.com/o/r",
        "http://github.com/o/r",
        "https://user:password12345@github.com/o/r",
        "https://github.com:8443/o/r",
        "https://127.0.0.1/o/r",
        "https://2130706433/o/r",
        "https://0x7f.1/o/r",
        "https://[::1]/o/r",
        "https://localhost/o/r",
        "https://github.com/../../o/r",
        "https://github.com/o/r\x1b[31m",
        "https://gith\u0443b.com/o/r",
        "https://github.com\u2044o/r/x",
        "file:///etc",
        "ext::sh -c touch% /tmp/x",
        "ssh://-oProxyCommand=x/o/r",
        "git://github.com/o/r",
        "-oProxyCommand=x",
        "--upload-pack=touch /tmp/x",
        "",
        "a\x00b".replace("\x00", "\x01"),
        "x" * 5000,
    ],
)
def test_addresses_that_are_refused(address: str, trial: Trial) -> None:
    """A pasted address is refused before any process starts, and what was pasted is never obeyed or echoed raw."""
    outcome = trial.run("scan", address, GIT_TRACE=str(trial.room / "trace"))
    outcome.left = sorted(trial.leftovers())
    assert outcome.code == 2 and not outcome.out
    assert "Traceback" not in outcome.err and "password12345" not in outcome.err
    assert outcome.err.replace("\n", "").isprintable() and len(outcome.err) < 1000
    assert outcome.left == [] and not (trial.room / "trace").exists()


@pytest.mark.parametrize(
    "revision", ["nowhere", "HEAD~99", "0" * 40, "-x", "--help", "a..b", "HEAD^{tree}", "\x1b[31m", ""]
)
def test_revisions_that_are_refused(revision: str, make: Make, trial: Trial) -> None:
    """A revision that names no commit of the repository is one sentence."""
    outcome = trial.scan(make(_FILES).folder, f"--commit={revision}").demand_sound()
    assert outcome.code == 2


def test_a_commit_that_no_reference_reaches(make: Make, trial: Trial) -> None:
    """A commit that is in the object store and belongs to no branch or tag is refused."""
    project = make(_FILES)
    lost = project.commit({"a.py": "x = 1\n"})
    project.git("reset", "-q", "--hard", "HEAD~1")
    outcome = trial.scan(project.folder, "--commit", lost).demand_sound()
    assert outcome.code == 2 and "reaches" in outcome.err


@pytest.mark.parametrize("status", [401, 403, 404, 500, 302])
def test_a_repository_that_vanished(status: int, serve: Serve, trial: Trial) -> None:
    """Whatever the server says instead of a repository, it is one sentence; a redirect is not followed."""
    server = serve()
    headers = {"Location": f"{server.origin}/elsewhere.git/info/refs"} if status == 302 else {}
    server.answers["/gone.git"] = (status, headers, b"\x1b[31mgo \xe2\x80\xae away\n")
    outcome = trial.scan(f"{server.origin}/gone.git", "--allow-insecure-host", server.origin).demand_sound()
    assert outcome.code == 3
    assert not [path for path in server.asked if path.startswith("/elsewhere")]


def _blobs(project: Builder) -> Iterator[str]:
    for line in project.git("ls-tree", "-r", "HEAD").splitlines():
        yield line.split()[2]


@pytest.mark.parametrize("damage", ["missing", "garbage", "empty"])
def test_objects_that_cannot_be_read(damage: str, make: Make, trial: Trial) -> None:
    """A blob, a folder and an old commit that are missing or damaged cost what they held and a ledger line each."""
    project = make({**_FILES, "lost.py": "import flask\n", "folder/inner.py": "x = 2\n"})
    old = project.git("rev-parse", "HEAD")
    project.commit({"shop/more.py": "y = 1\n"})
    project.commit({"shop/even_more.py": "z = 1\n"})
    lost = [project.git("rev-parse", f"HEAD:{path}") for path in ("lost.py", "folder")] + [old]
    for oid in lost:
        file = project.object_file(oid)
        file.chmod(0o600)
        file.unlink() if damage == "missing" else file.write_bytes(b"garbage" if damage == "garbage" else b"")
    outcome = trial.scan(project.folder).demand_sound()
    subjects = {e["subject"] for e in outcome.digest["ledger"] if e["code"].startswith("object_")}
    assert {"lost.py", "folder/"} <= subjects
    assert "history_incomplete" in {e["code"] for e in outcome.digest["ledger"]}
    assert outcome.signal("flask.app_factory")["outcome"] == "found"


def test_shallow_and_partial_clones(make: Make, trial: Trial, tmp_path: Path) -> None:
    """A shallow clone without blobs is scanned for what it has, and nothing is fetched behind the user's back."""
    project = make(_FILES)
    project.commit({"shop/more.py": "y = 1\n"})
    project.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    project.git("clone", "-q", "--depth=1", "--filter=blob:none", "--bare", f"file://{project.folder}", str(clone))
    project.folder.rename(tmp_path / "moved")
    outcome = trial.scan(clone).demand_sound()
    assert sum(outcome.ledger("object_missing").values()) == 4
    assert outcome.ledger("history_incomplete")
    # nothing was looked at, so nothing is called absent, and nobody is told that there is no application
    told = {s["outcome"] for s in outcome.digest["signals"] if not s["id"].startswith(("history.", "forge."))}
    assert told == {"unavailable"} and outcome.code == 3
    assert {c["status"] for c in outcome.digest["cells"]} <= {"not_looked", "not_observable"}
    assert b"Whether there is a Flask application cannot be told" in outcome.forms["md"]
    assert b"No Flask application was found" not in outcome.forms["md"]


def test_a_few_missing_files_leave_the_others_their_answers(make: Make, trial: Trial) -> None:
    """One file in more than ten that a clone lacks is in the ledger, and what the others do not show is absent."""
    project = make({**_FILES, **{f"shop/part{n}.py": f"part = {n}\n" for n in range(12)}})
    file = project.object_file(project.git("rev-parse", "HEAD:shop/part3.py"))
    file.chmod(0o600)
    file.unlink()
    outcome = trial.scan(project.folder).demand_sound()
    assert outcome.code == 0 and outcome.ledger("object_missing") == {"shop/part3.py": 1}
    assert outcome.signal("scale.caching")["outcome"] == "absent"


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", ".", "--format", "docx"],
        ["scan", ".", "--workers", "0"],
        ["scan", ".", "-o", "nowhere/x.json"],
        ["scan", ".", "--profile", "nobody"],
        ["scan", ".", "--as", "not an address"],
        ["scan", ".", "--candidate", " "],
        ["scan", ".", "--no-such-option"],
        ["verify", "nowhere.json", "--repo", "."],
        ["explain", "no.such.signal"],
        ["matrix", "no-such-row"],
        ["no-such-command"],
    ],
)
def test_wrong_usage(arguments: list[str], make: Make, trial: Trial) -> None:
    """Wrong usage is told in a sentence, with exit code 2 and nothing on standard output."""
    trial.cwd = make(_FILES).folder
    outcome = trial.run(*arguments)
    assert outcome.code == 2 and not outcome.out
    assert "Traceback" not in outcome.err and "defect" not in outcome.err and outcome.err.strip()
