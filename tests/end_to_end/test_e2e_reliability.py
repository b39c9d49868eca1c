"""A scan that is killed, starved or crowded leaves nothing half done, and the next one gives the same bytes."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.test_e2e_determinism import shop
from tests.end_to_end.trial import Outcome, Trial
from tests.source.building import Builder

# Two seconds are enough on a machine that does nothing else; here other tests run beside.
_GONE_SECONDS = 10.0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """A repository with work for a second or two."""
    project = shop(tmp_path_factory.mktemp("origin") / "shop")
    body = "\n\n".join(f"def f{n}(a, b=({n}, [a for a in range({n})])):\n    return a + b[{n}]" for n in range(40))
    project.commit({f"work/m{n}.py": f"NUMBER = {n}\n\n\n{body}\n" for n in range(60)}, "Work")
    return project


@pytest.fixture(scope="module")
def reference(project: Builder, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Its digest."""
    return Trial(tmp_path_factory.mktemp("reference")).scan(project.folder, "--no-cache").demand_sound()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """A repository that is soon read, for what does not depend on the moment."""
    project = shop(tmp_path_factory.mktemp("origin") / "shop")
    project.commit({f"work/m{n}.py": f"NUMBER = {n}\n" for n in range(3)}, "Work")
    return project


@pytest.fixture(scope="module")
def small_reference(small: Builder, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Its digest."""
    return Trial(tmp_path_factory.mktemp("small")).scan(small.folder, "--no-cache").demand_sound()


@pytest.fixture(scope="module")
def warm(small: Builder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cache that knows all but the small repository's last commit."""
    trial = Trial(tmp_path_factory.mktemp("warm"))
    trial.scan(small.folder, "--commit", "HEAD~1").demand_sound()
    return trial.database.parent


@pytest.fixture
def warmed(warm: Path, trial: Trial) -> Trial:
    """A room with a copy of that cache."""
    shutil.copytree(warm, trial.database.parent)
    return trial


def _gone(trial: Trial, allowed: float) -> bool:
    """Whether every process of this trial has ended within so many seconds."""
    deadline = time.monotonic() + allowed
    while trial.processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_killed_at_any_moment(project: Builder, reference: Outcome, trial: Trial) -> None:
    """Killed outright ten times at random: workers and git die too, the cache stays sound, the next scan is the same,
    and removes what the dead ones left."""
    moments = random.Random(7)  # noqa: S311 - the same moments in every run
    for _ in range(10):
        process = trial.start("scan", project.folder, "--output-dir", trial.room / "out")
        time.sleep(moments.uniform(0.05, max(reference.seconds, 0.5)))
        process.kill()
        process.communicate(timeout=60)
        assert _gone(trial, _GONE_SECONDS), trial.processes()
        if trial.database.exists():
            with sqlite3.connect(trial.database) as database:
                assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
            database.close()
        assert not [p for p in (trial.room / "out").glob("digest.*") if p.stat().st_size == 0]
    assert trial.scan(project.folder).demand_sound().forms == reference.forms


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop(number: signal.Signals, project: Builder, trial: Trial) -> None:
    """Soon after it was asked to stop there is no process and no temporary file, and no trace is printed."""
    for moment in (0.5, 0.8, 1.2):
        process = trial.start("scan", project.folder, "--no-cache")
        time.sleep(moment)
        os.kill(process.pid, number)
        asked = time.monotonic()
        _, err = process.communicate(timeout=60)
        assert time.monotonic() - asked < _GONE_SECONDS and _gone(trial, _GONE_SECONDS)
        assert list(trial.temporary.iterdir()) == []
        assert b"Traceback" not in err
        assert process.returncode in (0, 128 + number, -number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_in_the_first_command(number: signal.Signals, project: Builder, trial: Trial) -> None:
    """Asked to stop while git makes the scratch repository: that git ends first, and writes nothing afterwards."""
    git = shutil.which("git")
    slow = trial.room / "slow"
    slow.mkdir()
    begun = trial.room / "begun"
    (slow / "git").write_text(f'#!/bin/sh\ncase "$*" in *" init "*) touch {begun}; sleep 1 ;; esac\nexec {git} "$@"\n')
    (slow / "git").chmod(0o755)
    process = trial.start("scan", project.folder, "--no-cache", PATH=f"{slow}{os.pathsep}{os.environ['PATH']}")
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.005)
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    time.sleep(1.2)
    assert not trial.processes() and list(trial.temporary.iterdir()) == []


def test_a_whole_group_is_interrupted(project: Builder, trial: Trial) -> None:
    """Ctrl-C reaches the workers as well: one end, no traces from any of them."""
    for moment in (0.6, 0.9):
        process = trial.start("scan", project.folder, "--no-cache")
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert _gone(trial, _GONE_SECONDS) and list(trial.temporary.iterdir()) == []
        assert b"Traceback" not in err and len(err.splitlines()) <= 1


def _limited(trial: Trial, limit: int, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """A run in which no file may grow beyond ``limit`` bytes: what a full disk is like."""

    def fence() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "evidence", *map(str, arguments)],
        cwd=trial.cwd,
        env=trial.environment,
        capture_output=True,
        preexec_fn=fence,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("limit", [0, 4096, 100_000])
def test_a_full_disk(limit: int, small: Builder, small_reference: Outcome, warmed: Trial) -> None:
    """One line and a non-zero exit, or the whole digest; never half a file, and the old one and the cache stay."""
    trial = warmed
    target = trial.room / "digest.json"
    target.write_bytes(b"old")
    done = _limited(trial, limit, "scan", small.folder, "-o", target)
    err = done.stderr.decode()
    assert "Traceback" not in err and "defect" not in err
    assert target.read_bytes() == (small_reference.forms["json"] if done.returncode == 0 else b"old")
    if done.returncode:
        complaints = [line for line in err.splitlines() if not line.startswith("evidence: warning: ")]
        assert len(complaints) == 1 and complaints[0].startswith("evidence: ")
    assert list(trial.temporary.iterdir()) == []
    assert sorted(p.name for p in trial.room.iterdir() if p.name.startswith(".")) == []
    assert trial.scan(small.folder).demand_sound().forms == small_reference.forms


def test_eight_at_once(small: Builder, small_reference: Outcome, trial: Trial) -> None:
    """Eight scans on one new cache: all the same bytes, and nobody complains."""
    runs = [trial.start("scan", small.folder, "--format", "json", "--workers", "1") for _ in range(8)]
    for process in runs:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, b"")
        assert out == small_reference.forms["json"]
    assert sorted(trial.leftovers()) == []


def _read_only(database: Path) -> None:
    database.chmod(0o400)
    database.parent.chmod(0o500)


def _garbage(database: Path) -> None:
    database.write_bytes(b"no database at all" * 1000)


def _flipped(database: Path) -> None:
    content = bytearray(database.read_bytes())
    for at in range(5000, len(content), 997):
        content[at] ^= 0x55
    database.write_bytes(content)


def _cut(database: Path) -> None:
    database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])


def _newer(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def _others(database: Path) -> None:
    database.unlink()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE fact (key TEXT)")
    connection.close()


def _poisoned(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE fact SET payload = zeroblob(20)")
    connection.close()


def _folder(database: Path) -> None:
    database.unlink()
    database.mkdir()


def _a_file_instead(database: Path) -> None:
    shutil.rmtree(database.parent)
    database.parent.write_text("in the way")


def _dangling(database: Path) -> None:
    database.unlink()
    database.symlink_to("/nowhere/at/all")


def _empty(database: Path) -> None:
    database.write_bytes(b"")


@pytest.mark.parametrize(
    "spoil",
    [_read_only, _garbage, _flipped, _cut, _newer, _others, _poisoned, _folder, _a_file_instead, _dangling, _empty],
)
def test_a_cache_that_cannot_be_used(
    spoil: Callable[[Path], None], small: Builder, small_reference: Outcome, warmed: Trial
) -> None:
    """Whatever became of the cache, the digest is the same; at most a warning says that it is not used."""
    trial = warmed
    for beside in trial.database.parent.glob("facts.sqlite3-*"):
        beside.unlink()
    spoil(trial.database)
    try:
        outcome = trial.scan(small.folder)
    finally:
        if trial.database.parent.is_dir():
            trial.database.parent.chmod(0o700)
    assert outcome.demand_sound().forms == small_reference.forms
    assert len(outcome.err.splitlines()) <= 1


def test_a_cache_deleted_in_the_middle(small: Builder, small_reference: Outcome, warmed: Trial) -> None:
    """A cache that vanishes while it is used costs its contents only."""
    trial = warmed
    process = trial.start("scan", small.folder, "--format", "json")
    time.sleep(small_reference.seconds / 2)
    shutil.rmtree(trial.room / "cache", ignore_errors=True)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"Traceback" not in err
    assert out == small_reference.forms["json"]


def test_a_reader_who_goes_away(small: Builder, trial: Trial) -> None:
    """Output into a pipe that nobody reads any more ends the run quietly."""
    process = trial.start("scan", small.folder, "--format", "json")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()
    assert sorted(trial.leftovers()) == []


@pytest.mark.parametrize("place", ["TMPDIR", "HOME", "XDG_CACHE_HOME"])
def test_folders_that_are_not_there(place: str, small: Builder, small_reference: Outcome, trial: Trial) -> None:
    """Without a home or a place for the cache the scan goes on, without temporary space one sentence says so."""
    outcome = trial.scan(small.folder, **{place: "/proc/nowhere"})
    outcome.cache = b""
    outcome.demand_sound()
    assert outcome.forms in ({}, small_reference.forms)
