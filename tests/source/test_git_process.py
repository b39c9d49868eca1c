"""Processes of git: what they know, what bounds them, and that they never outlive us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.model import EvidenceError, Ledger, UsageError
from evidence.source import open_source
from evidence.source.git import Git, Limits, child_environment, create
from tests.source.building import Build


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """An empty repository of ours."""
    home = tmp_path / "home"
    home.mkdir()
    return create(tmp_path / "scratch", child_environment(home, tmp_path))


def test_environment_is_cleaned_but_the_way_out_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and certificates survive; tokens, git's own variables and everything else do not."""
    for name in ("https_proxy", "HTTP_PROXY", "no_proxy", "ALL_PROXY", "SSL_CERT_FILE", "GIT_SSL_CAINFO"):
        monkeypatch.setenv(name, f"kept-{name}")
    dropped = (
        "GIT_DIR",
        "GIT_SSH_COMMAND",
        "GIT_SSL_NO_VERIFY",
        "GIT_EXEC_PATH",
        "GITHUB_TOKEN",
        "LD_PRELOAD",
        "EDITOR",
    )
    for name in dropped:
        monkeypatch.setenv(name, "dropped")
    env = child_environment(tmp_path, tmp_path)
    assert {
        env[n] for n in ("https_proxy", "HTTP_PROXY", "no_proxy", "ALL_PROXY", "SSL_CERT_FILE", "GIT_SSL_CAINFO")
    } == {
        f"kept-{n}" for n in ("https_proxy", "HTTP_PROXY", "no_proxy", "ALL_PROXY", "SSL_CERT_FILE", "GIT_SSL_CAINFO")
    }
    assert "dropped" not in env.values()
    assert (env["GIT_ALLOW_PROTOCOL"], env["GIT_CONFIG_GLOBAL"], env["GIT_NO_LAZY_FETCH"]) == ("none", "/dev/null", "1")


def test_configuration_of_the_machine_takes_no_part(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration in the user's home is not read."""
    (tmp_path / ".gitconfig").write_text("[alias]\n\tversion2 = !touch proof\n[user]\n\tname = Machine\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert git.run("config", "user.name").out == b""
    assert git.run("version2").code != 0


def test_wall_clock(git: Git) -> None:
    """A process that waits for ever is ended at its time."""
    begun = time.monotonic()
    child = git.start("cat-file", "--batch", stdin=subprocess.PIPE, limits=Limits(seconds=0.3))
    assert child.wait() < 0
    assert child.timed_out and time.monotonic() - begun < 30
    git.end(child)


def test_output_is_bounded(git: Git) -> None:
    """What git writes beyond the bound is not read, and git is ended."""
    ran = git.run("config", "--list", limits=Limits(output=10))
    assert (len(ran.out), ran.cut) == (10, True)


def test_file_size_is_bounded(git: Git, tmp_path: Path) -> None:
    """A file that git writes cannot grow beyond the bound."""
    with open(tmp_path / "out", "wb") as out:
        child = git.start("help", "-a", stdout=out, limits=Limits(file=1024))
        code = child.wait()
        git.end(child)
    assert code != 0
    assert (tmp_path / "out").stat().st_size <= 1024


def test_what_git_says_is_made_visible(git: Git) -> None:
    """stderr is somebody else's text: cut, on one line, without raw control characters."""
    said = git.run("rev-parse", "--verify", "\x1b[31m" + "x" * 1000).said
    assert said.isprintable() and len(said) <= 300 and "fatal" in said


def test_git_is_missing(build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without git, one sentence says what to install."""
    project = build()
    project.commit({"a.py": "1\n"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"), open_source(str(project.folder), ledger=Ledger()):
        pass


def test_temporary_folder_that_cannot_be_written(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder that is not there is one sentence."""
    import tempfile

    project = build()
    project.commit({"a.py": "1\n"})
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with (
        pytest.raises(EvidenceError, match="temporary folder cannot be written"),
        open_source(str(project.folder), ledger=Ledger()),
    ):
        pass


SCAN = """
import subprocess, sys, time
from evidence.model import Ledger
from evidence.source import open_source
with open_source(sys.argv[1], ledger=Ledger()) as repository:
    repository.start_history()
    child = repository.git.start("cat-file", "--batch", stdin=subprocess.PIPE)
    print(child.process.pid, flush=True)
    time.sleep(60)
"""


def started(project: Path, temporary: Path) -> tuple[subprocess.Popen[str], int]:
    """A scan in a process of its own that waits in the middle, and the id of a git process under it."""
    env = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(
        [sys.executable, "-c", SCAN, str(project)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout
    return process, int(process.stdout.readline())


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # no such list of processes here: kill has told
    except ProcessLookupError:
        return False


def is_gone(pid: int, seconds: float) -> bool:
    """Whether a process ends within this time. One whose new parent has not asked for its exit code yet has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not _runs(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, -signal.SIGINT)],
    ids=["term", "hup", "int"],
)
def test_signals_end_children_and_leave_nothing(
    build: Build, clean_temporary_folder: Path, number: signal.Signals, code: int
) -> None:
    """SIGTERM, SIGHUP and Ctrl-C: children gone within moments, temporary folder empty."""
    project = build()
    project.commit({"a.py": "1\n"})
    process, child = started(project.folder, clean_temporary_folder)
    assert list(clean_temporary_folder.iterdir())
    process.send_signal(number)
    assert is_gone(child, 10)
    process.communicate(timeout=30)
    assert process.returncode == code
    assert list(clean_temporary_folder.iterdir()) == []


def test_the_next_scan_sweeps_after_one_that_was_killed(build: Build, clean_temporary_folder: Path) -> None:
    """What kill -9 left behind goes with the next scan; what a running scan uses stays."""
    project = build()
    project.commit({"a.py": "1\n"})
    killed, child = started(project.folder, clean_temporary_folder)
    running, _ = started(project.folder, clean_temporary_folder)
    killed.kill()
    killed.communicate(timeout=30)
    assert is_gone(child, 10)
    with open_source(str(project.folder), ledger=Ledger()):
        assert len(list(clean_temporary_folder.iterdir())) == 2
    assert len(list(clean_temporary_folder.iterdir())) == 1
    running.terminate()
    running.communicate(timeout=30)
