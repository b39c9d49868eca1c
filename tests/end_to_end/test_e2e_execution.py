"""Nothing of a scanned repository ever runs: not from its tree, its configuration, or the folder that one stands in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.end_to_end.bombs import APP
from tests.end_to_end.conftest import Make
from tests.end_to_end.trial import Trial
from tests.source.building import Builder

_SHADOWED = (
    "yaml",
    "networkx",
    "git",
    "click",
    "jinja2",
    "sitecustomize",
    "usercustomize",
    "conftest",
    "setup",
    "json",
    "detectors",
)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that exists once anything of the repository has run."""
    return tmp_path / "CANARY"


def _tree(canary: Path) -> dict[str, str | bytes]:
    python = f"open({str(canary)!r}, 'w').close()\n"
    shell = f"#!/bin/sh\ntouch {canary}\n"
    files: dict[str, str | bytes] = {f"{name}.py": python for name in _SHADOWED}
    files |= {
        "shop/__init__.py": python + APP,
        "evil.pth": f"import os; os.system('touch {canary}')\n",
        "Makefile": f"$(shell touch {canary})\nall test scan:\n\ttouch {canary}\n",
        "git": shell,
        "sh": shell,
        ".envrc": shell,
        ".gitattributes": "* filter=evil diff=evil merge=evil text eol=lf\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch% {canary}"\n\tupdate = !touch '
        f"{canary}\n",
        ".lfsconfig": f'[lfs]\n\turl = "ext::touch {canary}"\n',
        ".gitconfig": f"[core]\n\tfsmonitor = touch {canary}\n",
        "pyproject.toml": f'[tool.evidence]\nplugin = "{canary}"\n[build-system]\nbuild-backend = '
        f'"setup"\nbackend-path = ["."]\n',
        ".git-hooks/post-checkout": shell,
        "config.yaml": f"!!python/object/apply:os.system ['touch {canary}']\n",
        "templates/a.html": "{{ ''.__class__.__mro__[1].__subclasses__() }}{% import 'os' as os %}{{ os.system('touch "
        + str(canary)
        + "') }}",
    }
    return files


def _poison(project: Builder, canary: Path) -> None:
    """Everything in .git that git may run or follow."""
    command = f"touch {canary}"
    script = project.folder.parent / "evil.sh"
    script.write_text(f"#!/bin/sh\n{command}\ncat\n")
    script.chmod(0o755)
    for key in (
        *(
            "core.fsmonitor",
            "core.pager",
            "core.editor",
            "core.sshCommand",
            "core.askPass",
            "core.alternateRefsCommand",
        ),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "diff.evil.command"),
        *("diff.external", "gpg.program", "gpg.ssh.program", "credential.helper", "uploadpack.packObjectsHook"),
        *("merge.evil.driver", "remote.origin.uploadpack", "alias.log", "interactive.diffFilter", "sequence.editor"),
    ):
        project.git("config", key, str(script))
    for key, value in {
        "core.hooksPath": str(project.folder / ".git-hooks"),
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c {script}",
        "log.showSignature": "true",
        "include.path": str(project.folder / ".gitconfig"),
        "core.worktree": "/",
        "core.attributesFile": str(project.folder / ".gitattributes"),
        "protocol.ext.allow": "always",
        "core.bare": "false",
    }.items():
        project.git("config", key, value)
    for name in (
        "post-checkout",
        "pre-auto-gc",
        "reference-transaction",
        "post-index-change",
        "fsmonitor-watchman",
        "proc-receive",
    ):
        hook = project.folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(script.read_bytes())
        hook.chmod(0o755)
    (project.folder / ".git" / "info").mkdir(exist_ok=True)
    (project.folder / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")


@pytest.mark.parametrize("inside", [True, False], ids=["standing inside", "from elsewhere"])
def test_nothing_runs(inside: bool, make: Make, trial: Trial, canary: Path) -> None:
    """Modules named like ours, hooks, filters, helpers and build files stay files, also when one stands beside them."""
    project = make(_tree(canary))
    lost = project.git("rev-parse", "HEAD:evil.pth")
    (project.folder / "shop/__init__.py").write_text(APP + "\n# changed\n")
    _poison(project, canary)
    project.drop(lost)
    if inside:
        trial.cwd = project.folder
    outcome = trial.scan("." if inside else project.folder, PYTHONSAFEPATH="").demand_sound()
    assert not canary.exists()
    assert outcome.signal("flask.app_factory")["outcome"] == "found"
    assert outcome.ledger("object_missing") == {"evil.pth": 1}


@pytest.mark.parametrize(
    "command", [["verify", "{digest}", "--repo", ".", "--full"], ["signals"], ["matrix"], ["--help"]]
)
def test_no_other_command_runs_anything(command: list[str], make: Make, trial: Trial, canary: Path) -> None:
    """Checking a digest, and the commands that need no repository, import nothing from the working folder either."""
    project = make(_tree(canary))
    if "{digest}" in command:
        trial.scan(project.folder).demand_sound()
    trial.cwd = project.folder
    _poison(project, canary)
    outcome = trial.run(*(word.format(digest=trial.room / "out" / "digest.json") for word in command))
    assert outcome.code == 0 and not canary.exists()


def test_nothing_is_written_into_a_repository(make: Make, trial: Trial, canary: Path) -> None:
    """A scanned repository is the same afterwards, to the last byte and time."""
    project = make(_tree(canary))
    project.git("gc", "-q")

    def state() -> list[tuple[str, int, int]]:
        paths = [p for p in sorted(project.folder.rglob("*")) if p.is_file()]
        return [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in paths]

    before = state()
    trial.scan(project.folder).demand_sound()
    assert state() == before


def test_no_network_is_needed(make: Make, trial: Trial) -> None:
    """A local scan starts nothing but git, and no git command that could reach a server."""
    log = trial.room / "log"
    fake = trial.room / "bin" / "git"
    fake.parent.mkdir()
    real = next(p for folder in os.environ["PATH"].split(os.pathsep) if (p := Path(folder) / "git").exists())
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {real} "$@"\n')
    fake.chmod(0o755)
    trial.scan(make({"a.py": APP}).folder, PATH=f"{fake.parent}:{os.environ['PATH']}").demand_sound()
    words = {word for line in log.read_text().splitlines() for word in line.split() if not word.startswith("-")}
    assert "ls-tree" in words and not words & {"fetch", "ls-remote", "clone", "checkout", "archive", "submodule", "gc"}
