"""Ends: whatever happens is an exit code and at most one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.model import EvidenceError, UsageError
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("error", "code"), [(EvidenceError("It is empty."), 3), (UsageError("That is no address."), 2)]
)
def test_a_condition_is_one_sentence(
    cli: Run, scanning: Callable[..., object], error: EvidenceError, code: int
) -> None:
    """What the user can meet is said in a sentence, with the exit code that it carries."""
    scanning(error)
    result = cli("scan", ".")
    assert (result.code, result.out, result.err) == (code, "", f"evidence: {error}\n")


def test_a_defect_is_called_one_and_quotes_nothing(
    cli: Run, scanning: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen exception may quote the repository, so only its kind is said, and how to get the trace."""
    scanning(KeyError("hunter2"))
    monkeypatch.delenv("EVIDENCE_DEBUG", raising=False)
    result = cli("scan", ".")
    assert result.code == 3
    assert "defect in evidence" in result.err
    assert "EVIDENCE_DEBUG=1" in result.err
    assert "hunter2" not in result.err
    assert result.err.count("\n") == 1
    monkeypatch.setenv("EVIDENCE_DEBUG", "1")
    assert "Traceback" in cli("scan", ".").err


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "/tmp/x"), OSError(28, "No space left")])
def test_a_full_disk_is_one_line(cli: Run, scanning: Callable[..., object], error: OSError) -> None:
    """The system's own words, once."""
    scanning(error)
    result = cli("scan", ".")
    assert result.code == 3
    assert result.err.startswith("evidence: No space left")
    assert result.err.count("\n") == 1


def test_standard_output_that_is_full_is_one_line(repository: Path) -> None:
    """Output that cannot be written is not silently lost."""
    with open("/dev/full", "wb") as full:
        done = _process("scan", str(repository), "--no-cache", stdout=full)
        _out, err = done.communicate(timeout=60)
    assert done.returncode == 3
    assert err.decode() == "evidence: No space left on device.\n"


def test_a_reader_that_goes_away_is_no_error(repository: Path) -> None:
    """`evidence scan . | head -1` ends quietly, as other programs do."""
    done = _process("scan", str(repository), "--no-cache", stdout=subprocess.PIPE)
    assert done.stdout is not None and done.stderr is not None
    done.stdout.close()
    with done.stderr:
        said = done.stderr.read().decode()
    assert (done.wait(timeout=60), said) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_scan_at_once_and_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """The exit code tells which signal it was, and temporary folders are gone."""
    (tmp_path / "tmp").mkdir()
    waiting = "import sys, time, tempfile, evidence.cli as c, evidence.pipeline as p\n"
    waiting += "def scan(request, progress):\n with tempfile.TemporaryDirectory():\n"
    waiting += "  print('ready', flush=True)\n  time.sleep(60)\np.scan = scan\nsys.argv[1:] = ['scan', '.']\nc.main()\n"
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-c", waiting]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert list((tmp_path / "tmp").iterdir())
        began = time.monotonic()
        process.send_signal(number)
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert time.monotonic() - began < 10
    assert err == b""
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_where_python_drops_exceptions_is_not_lost(number: signal.Signals) -> None:
    """It comes while an object goes: no trace, and the program ends at once all the same."""
    waiting = f"""
import os, time, weakref
from evidence.cli.outcome import exit_code_of, leave_on_signals
leave_on_signals()
gone = weakref.finalize(held := type("Held", (), {{}})(), os.kill, os.getpid(), {int(number)})
def wait():
    global held
    del held
    time.sleep(15)
raise SystemExit(exit_code_of(wait))
"""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", waiting], capture_output=True, timeout=90, check=False)
    assert (done.returncode, done.stderr) == (128 + number, b"")
    assert time.monotonic() - began < 10


def _process(*arguments: str, stdout: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from evidence.cli import main; main()", *arguments]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE)
