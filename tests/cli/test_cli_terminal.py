"""What a person at a terminal sees."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest

from evidence.cli.terminal import Watched, progress
from evidence.report.json_form import from_json
from tests.cli.conftest import Run


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> pytest.CaptureFixture[str]:
    """Standard error is a terminal, and what it shows can be read."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    return capsys


def test_progress_tells_stage_count_and_time(terminal: pytest.CaptureFixture[str]) -> None:
    """A person at a terminal sees what goes on, and each stage's line stays to be read."""
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
    lines = terminal.readouterr().err.replace("\x1b[K", "").split("\n")
    assert lines[0].rpartition("\r")[2].startswith("Reading files 3/3  0.")
    assert lines[0].endswith(" s")
    assert lines[1].endswith("warning: Something is odd.")
    assert "Looking for signals 2  0." in lines[2]


@pytest.mark.usefixtures("terminal")
def test_a_dumb_terminal_gets_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cursor cannot move, lines would pile up."""
    monkeypatch.setenv("TERM", "dumb")
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
