"""What a person at a terminal sees."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.cli.terminal import Watched, progress
from evidence.report.json_form import from_json
from tests.cli.conftest import Run


class Terminal(io.StringIO):
    """A stream that says it is watched."""

    def isatty(self) -> bool:
        return True


def watched_by(monkeypatch: pytest.MonkeyPatch, term: str = "xterm") -> Terminal:
    """Make standard error a terminal from here on (pytest puts its own back between set-up and test)."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", term)
    return terminal


def test_progress_tells_stage_count_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person at a terminal sees what goes on, and each stage's line stays to be read."""
    terminal = watched_by(monkeypatch)
    watched = progress()
    assert isinstance(watched, Watched)
    watched.stage("Reading files", 3)
    for _ in range(3):
        watched.advance()
    watched.stage("Looking for signals", None)
    watched.advance(2)
    watched.warn("Something is odd.")
    watched.done()
    watched.done()
    lines = terminal.getvalue().replace("\x1b[K", "").split("\n")
    assert lines[0].rpartition("\r")[2].startswith("Reading files 3/3  0.")
    assert lines[0].endswith(" s")
    assert lines[1].endswith("warning: Something is odd.")
    assert "Looking for signals 2  0." in lines[2]


def test_a_stage_that_is_done_shows_all_its_steps(cli: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last that is seen of a stage is not that nothing of it was done."""
    terminal = watched_by(monkeypatch)
    assert cli("scan", repository, "--no-cache", "-o", "/dev/null").code == 0
    lines = [line.rpartition("\x1b[K")[2] for line in terminal.getvalue().split("\n")]
    counts = [word for line in lines for word in line.split() if "/" in word]
    assert counts
    assert all(done == total for done, _, total in (word.partition("/") for word in counts)), lines


def test_a_dumb_terminal_gets_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cursor cannot move, lines would pile up."""
    watched_by(monkeypatch, "dumb")
    assert not isinstance(progress(), Watched)


def test_a_terminal_is_shown_what_would_hide(
    cli: Run, scanning: Callable[..., object], digest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON on a terminal stays JSON, with characters that re-order text replaced by signs."""
    from msgspec.structs import replace

    first, *others = from_json(digest).signals
    odd = replace(first, statement="evil \u202e name")
    scanning(replace(from_json(digest), signals=(odd, *others)))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    out = cli("scan", ".").out
    assert "\u202e" not in out
    assert json.loads(out)["signals"][0]["statement"].startswith("evil ")
