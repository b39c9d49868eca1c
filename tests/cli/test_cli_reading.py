"""Reading: what the tool looks for, without a repository."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run


def test_signals_lists_the_whole_catalogue(cli: Run) -> None:
    """Every signal is named once, those without a detector marked."""
    from evidence import detect
    from evidence.matrix.load import load_pending

    answered, waiting = [each.id for each in detect.signals()], [each.id for each in load_pending()]
    lines = cli("signals").out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(answered + waiting)
    assert sum("(no detector yet)" in line for line in lines) == len(waiting)
    listed = json.loads(cli("signals", "--format", "json").out)
    assert {each["id"] for each in listed if each["detector"]} == set(answered)


def test_explain_says_what_counts_and_shows_both_sides(cli: Run) -> None:
    """A candidate reads what is seen, each grade's bar, a case on either side of it, and how to show it."""
    out = cli("explain", "flask.app_factory").out
    for part in ("What it sees", "**trace**", "**practised**", "**sustained**", "Not credited", "How to show it"):
        assert part in out
    assert "precision" in out.partition("## Measured")[2].partition("## ")[0]
    assert "](" not in out.partition("## Cases")[0]
    assert "## Cases that fire" in out
    assert "## Cases that must not fire" in out


def test_explain_of_a_signal_without_detector_says_so(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that something is looked for when it is not."""
    from evidence.matrix import load
    from evidence.model import Polarity

    waiting = load.PendingSignal("x.later", "Later", "routing", ("S1.1",), "tree", Polarity.FOR)
    monkeypatch.setattr(load, "load_pending", lambda: (waiting,))
    result = cli("explain", "x.later")
    assert result.code == 0
    assert "no detector yet" in result.out


def test_the_matrix_is_shown_in_every_form(cli: Run) -> None:
    """An overview, the page, and data that another tool can read."""
    from evidence.matrix.load import load_matrix

    rows = [row.id for row in load_matrix().rows]
    assert [line.split()[0] for line in cli("matrix").out.splitlines() if not line.startswith(" ")] == rows
    assert [each["id"] for each in json.loads(cli("matrix", "--format", "json").out)] == rows
    assert cli("matrix", "--format", "markdown").out.startswith("# The competency matrix")
    assert [each["id"] for each in json.loads(cli("matrix", rows[0], "--format", "json").out)] == rows[:1]


def test_one_row_is_shown_with_rules_and_questions(cli: Run) -> None:
    """A row has its four levels, each with what to ask."""
    out = cli("matrix", "app-structure").out
    for level in ("Junior", "Mid", "Senior", "Staff"):
        assert f"#### {level}" in out
    assert "Rule:" in out
    assert "Ask where it was not" in out
