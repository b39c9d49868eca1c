"""Equal inputs give equal bytes: whatever the cache, the machine, the way to the repository or the weather."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.report.json_form import from_json, to_json
from evidence.seal import seal
from tests.end_to_end.bombs import APP
from tests.end_to_end.conftest import Serve
from tests.end_to_end.trial import Outcome, Trial
from tests.source.building import Builder

_PUBLIC = "https://github.com/owner/shop"


def shop(folder: Path) -> Builder:
    """A repository with some of everything, public under an address, with two commits on a branch and one on "
    "another."""
    project = Builder(folder)
    project.commit({"README.md": "# Shop\n", "requirements.txt": "flask==3.0\nalembic\n"}, "Begin")
    files: dict[str, str | bytes] = {
        "shop/__init__.py": APP,
        "wsgi.py": "from shop import create_app\n\napp = create_app()\n",
        "tests/test_shop.py": "from shop import create_app\n\n\ndef test_index():\n"
        "    assert create_app().test_client().get('/').status_code == 200\n",
        ".github/workflows/ci.yml": "on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      "
        "- run: pytest\n",
        "Dockerfile": "FROM python:3.11\nENV API_TOKEN=9f8e7d6c5b4a9f8e7d6c\nCMD gunicorn wsgi:app\n",
        "broken.py": "def f(:\n    pass\n",
        "deep.py": "x = " + "(" * 5000,
        "templates/index.html": "{% extends 'base.html' %}{{ x|safe }}\n",
        "docs/adr/0001-use-flask.md": "# 1. Use Flask\n\n## Context\n\nWe need 3 views.\n\n## "
        "Decision\n\nFlask 3 in shop/.\n",
        "caf\u00e9.py": "import os\n",
    }
    files |= {
        f"shop/views_{n}.py": f"from shop import bp\n\n\n@bp.get('/{n}')\ndef view_{n}():\n    return '{n}'\n"
        for n in range(40)
    }
    project.commit(files, "Build it")
    project.git("branch", "feature")
    project.git("checkout", "-q", "feature")
    project.commit({"shop/more.py": "y = 1\n"}, "More")
    project.git("checkout", "-q", "main")
    project.git("tag", "-m", "one", "v1")
    project.git("remote", "add", "origin", f"{_PUBLIC}.git")
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """The repository of this module."""
    return shop(tmp_path_factory.mktemp("origin") / "shop")


@pytest.fixture(scope="module")
def reference(project: Builder, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Its digest in all forms, cold and without a cache."""
    return Trial(tmp_path_factory.mktemp("reference")).scan(project.folder, "--no-cache").demand_sound()


def _bare(project: Builder, folder: Path) -> Path:
    project.git("clone", "-q", "--bare", str(project.folder), str(folder / "other.git"))
    project.git("--git-dir", str(folder / "other.git"), "remote", "set-url", "origin", f"{_PUBLIC}.git")
    return folder / "other.git"


def _mirror(project: Builder, folder: Path) -> Path:
    """Nothing but HEAD, objects and packed references; where it is public has to be said."""
    bare = _bare(project, folder)
    project.git("--git-dir", str(bare), "pack-refs", "--all")
    (bare / "config").unlink()
    return bare


def _sub_folder(project: Builder, folder: Path) -> Path:
    return project.folder / "shop"


def _git_folder(project: Builder, folder: Path) -> Path:
    return project.folder / ".git"


def _worktree(project: Builder, folder: Path) -> Path:
    project.git("worktree", "add", "-q", "--detach", str(folder / "tree"), "main")
    return folder / "tree"


def _repacked(project: Builder, folder: Path) -> Path:
    project.git("clone", "-q", str(project.folder), str(folder / "clone"))
    for words in (
        ["repack", "-adqf", "--depth=50"],
        ["commit-graph", "write", "--reachable"],
        ["multi-pack-index", "write"],
    ):
        project.git("-C", str(folder / "clone"), *words)
    project.git("-C", str(folder / "clone"), "remote", "set-url", "origin", "git@github.com:owner/shop.git")
    return folder / "clone"


def _link(project: Builder, folder: Path) -> Path:
    (folder / "link").symlink_to(project.folder)
    return folder / "link"


@pytest.mark.parametrize("way", [_bare, _mirror, _sub_folder, _git_folder, _worktree, _repacked, _link])
def test_every_way_to_the_same_commit(
    way: Callable[[Builder, Path], Path], project: Builder, reference: Outcome, trial: Trial, tmp_path: Path
) -> None:
    """A bare copy, a sub-folder, a worktree, a repacked clone: the same bytes, but for what HEAD is called."""
    options = ["--as", _PUBLIC] if way is _mirror else []
    outcome = trial.scan(way(project, tmp_path), "--no-cache", *options).demand_sound()
    expected, found = reference.digest, outcome.digest
    if way in (_mirror, _worktree):
        for digest in (expected, found):
            digest["inputs"].pop("content_sha256")
            digest["inputs"]["options"].pop("identity")
            digest["repositories"][0].pop("default_branch")
        assert found == expected
    else:
        assert outcome.forms == reference.forms


def test_a_clone_over_http(project: Builder, reference: Outcome, serve: Serve, trial: Trial, tmp_path: Path) -> None:
    """What a server sends gives the digest of the local copy, kept clones and one worker included."""
    project.git("clone", "-q", "--bare", str(project.folder), str(tmp_path / "shop.git"))
    server = serve()
    url = f"{server.origin}/shop.git"
    local = trial.scan(project.folder, "--as", _PUBLIC, "--no-cache").demand_sound()
    options = ("--allow-insecure-host", server.origin, "--as", _PUBLIC)
    for more in (("--workers=1", "--keep-clone"), ("--keep-clone",), ("--commit=v1",)):
        remote = trial.scan(url, *options, *more).demand_sound()
        assert remote.forms == local.forms
    assert local.digest["signals"] == reference.digest["signals"]


def test_cache_and_workers(project: Builder, reference: Outcome, trial: Trial) -> None:
    """Cold, given again, from cached facts, half warm, with one worker or four: the same bytes."""
    for options in ((), (), ("--commit=main", "--workers=4"), ("--commit=v1",), ("--workers=1", "--no-cache")):
        assert trial.scan(project.folder, *options).demand_sound().forms == reference.forms
    trial.scan(project.folder, "--commit", "feature").demand_sound()
    assert trial.scan(project.folder).demand_sound().forms == reference.forms


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4711", "TZ": "America/St_Johns", "LANG": "de_DE.UTF-8", "PYTHONUTF8": "0", "COLUMNS": "40"},
        {
            "PYTHONOPTIMIZE": "1",
            "GIT_DIR": "/nowhere",
            "GIT_AUTHOR_DATE": "1",
            "GIT_CONFIG_COUNT": "x",
            "NO_COLOR": "1",
        },
        {
            "SOURCE_DATE_EPOCH": "1",
            "USER": "nobody",
            "LOGNAME": "nobody",
            "EVIDENCE_DEBUG": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    ],
    ids=["kiritimati", "st. johns", "git variables", "debug"],
)
def test_environment(environment: dict[str, str], project: Builder, reference: Outcome, trial: Trial) -> None:
    """Hash seed, time zone, locale, user, and git's own variables change nothing."""
    trial.cwd = project.folder
    outcome = trial.scan(".", "--no-cache", **environment)
    assert outcome.demand_sound().forms == reference.forms


def test_the_clock(project: Builder, reference: Outcome, trial: Trial) -> None:
    """A clock that is set back by years, and another one on the warm cache, change nothing."""
    site = trial.room / "site"
    site.mkdir()
    for shift in (-1e8, 1e9):
        (site / "sitecustomize.py").write_text(f"import time\nnow = time.time\ntime.time = lambda: now() + {shift}\n")
        path = os.pathsep.join(filter(None, [str(site), trial.environment.get("PYTHONPATH", "")]))
        assert trial.scan(project.folder, PYTHONPATH=path).demand_sound().forms == reference.forms


def test_a_name_for_the_commit(project: Builder, reference: Outcome, trial: Trial) -> None:
    """Branch, tag, short id and expression are the commit that they name."""
    full = reference.digest["repositories"][0]["commit"]
    for name in ("v1", full[:12], "refs/heads/main", "feature~1"):
        assert trial.scan(project.folder, "--commit", name).demand_sound().forms == reference.forms, name


def test_one_form_at_a_time(project: Builder, reference: Outcome, trial: Trial) -> None:
    """Standard output, -o and the folder give the same bytes for each form."""
    assert trial.run("scan", project.folder).out == reference.forms["json"]
    assert trial.run("scan", project.folder, "--format", "markdown").out == reference.forms["md"]
    assert trial.run("scan", project.folder, "-o", trial.room / "one.html").code == 0
    assert (trial.room / "one.html").read_bytes() == reference.forms["html"]


def _changed_citation(text: str) -> str:
    return (
        text.replace("return app\\n", "return App\\n", 1)
        if "return app\\n" in text
        else text.replace("return app", "return App", 1)
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("create_app", "create_App", 1),
        lambda text: text.replace('"practised"', '"sustained"', 1),
        lambda text: text.replace('"statement": "', '"statement": "Very ', 1),
        lambda text: text.replace('"start_line": 1', '"start_line": 2', 1),
        lambda text: text.replace('"clause": "', '"clause": "x', 1),
        lambda text: text.replace('"status": "not_seen"', '"status": "supported"', 1),
        lambda text: text.replace('"complete": true', '"complete": false', 1),
        lambda text: text.replace("\n  ", "\n   ", 1),
        lambda text: text.replace('"sha256": "', '"sha256": "0', 1),
        _changed_citation,
    ],
    ids=["name", "grade", "statement", "line", "clause", "status", "complete", "layout", "hash", "excerpt"],
)
def test_verify_notices_one_altered_place(
    change: Callable[[str], str], project: Builder, reference: Outcome, trial: Trial
) -> None:
    """The digest as it was written holds; with one place altered it does not."""
    file = trial.room / "digest.json"
    text = reference.forms["json"].decode()
    altered = change(text)
    assert altered != text
    file.write_text(altered)
    outcome = trial.run("verify", file, "--repo", project.folder)
    assert outcome.code in (1, 2) and "Traceback" not in outcome.err
    assert outcome.code == 1 or outcome.err.startswith("evidence: ")


def _resealed(content: bytes, change: Callable[[Any], None]) -> bytes:
    """A forgery by somebody who also corrects the checksum and the layout."""
    plain = json.loads(content)
    change(plain)
    return to_json(seal(from_json(json.dumps(plain).encode())))


def _grade(plain: Any) -> None:
    next(s for s in plain["signals"] if s["grade"] == "practised")["grade"] = "sustained"


def _statement(plain: Any) -> None:
    next(s for s in plain["signals"] if s["outcome"] == "found")["statement"] = "Very well done."


def _status(plain: Any) -> None:
    next(c for c in plain["cells"] if c["status"] == "not_seen")["status"] = "supported"


def _ledger(plain: Any) -> None:
    plain["ledger"].pop(0)


def _cited(plain: Any) -> Any:
    return next(c for s in plain["signals"] for c in s["citations"] if c["kind"] == "file" and c["sha256"])


def _excerpt(plain: Any) -> None:
    _cited(plain)["excerpt"] += " "


def _hash(plain: Any) -> None:
    _cited(plain)["sha256"] = "0" * 64


@pytest.mark.parametrize("change", [_grade, _statement, _status, _ledger])
def test_full_verification_derives_everything_again(
    change: Callable[[Any], None], project: Builder, reference: Outcome, trial: Trial
) -> None:
    """A forged finding, cell or ledger is noticed although the checksum was corrected."""
    file = trial.room / "digest.json"
    file.write_bytes(_resealed(reference.forms["json"], change))
    assert trial.run("verify", file, "--repo", project.folder, "--full").code == 1


@pytest.mark.parametrize("change", [_excerpt, _hash])
def test_citations_are_opened(
    change: Callable[[Any], None], project: Builder, reference: Outcome, trial: Trial
) -> None:
    """A forged citation is noticed without scanning again, although the checksum was corrected."""
    file = trial.room / "digest.json"
    file.write_bytes(_resealed(reference.forms["json"], change))
    assert trial.run("verify", file, "--repo", project.folder).code == 1


def test_verify_holds(project: Builder, reference: Outcome, trial: Trial, serve: Serve, tmp_path: Path) -> None:
    """What was written holds, quickly and in full, against the original, a copy, and a clone over http."""
    file = trial.room / "digest.json"
    file.write_bytes(reference.forms["json"])
    for options in ([], ["--full"]):
        outcome = trial.run("verify", file, "--repo", project.folder, *options)
        assert (outcome.code, outcome.err) == (0, ""), outcome.out
    assert trial.run("verify", file, "--repo", _repacked(project, tmp_path), "--full").code == 0


def test_verify_against_another_repository(project: Builder, reference: Outcome, trial: Trial, tmp_path: Path) -> None:
    """A repository that does not have the commit, or has it on no reference, proves nothing."""
    file = trial.room / "digest.json"
    file.write_bytes(reference.forms["json"])
    other = Builder(tmp_path / "shop")
    other.commit({"a.py": "x = 1\n"})
    assert trial.run("verify", file, "--repo", other.folder).code == 1
    pack = subprocess.run(
        ["git", "pack-objects", "--all", "--stdout"],
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    subprocess.run(["git", "unpack-objects", "-q"], cwd=other.folder, input=pack.stdout, check=True, env=os.environ)
    assert trial.run("verify", file, "--repo", other.folder).code == 1
