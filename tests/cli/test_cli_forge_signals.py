"""A scan with a forge's answers: signals, quoted comments in every form, and what verifying says after an edit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence import examine, forge
from evidence.model import Changes
from evidence.source import Told
from evidence.testkit.forge import read_forge
from tests.cli.conftest import Run

ANSWERS = """
- change: 1
  merged: 2025-01-03
  size: 30
  body: |
    People see yesterday's numbers, because the key is stale. <script>alert(1)</script>
    Tested with two browsers side by side.
  comments:
    - "bob app/orders.py outdated: This will deadlock when two workers pay at once, mail carl@example.org."
    - "bob app/orders.py: Could you add a test for an order without lines?"
- issue: 7
  title: Let people change their address
  body: |
    ## Acceptance criteria
    The old address gets a mail.
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Changes]:
    """What the forge tells at each asking; the last entry counts."""
    answers = [read_forge(ANSWERS.splitlines())]
    for asking in (examine, forge):
        monkeypatch.setattr(asking, "ask_forge", lambda *_: Told(answers[-1], answers[-1].missing, "0" * 64))
    return answers


@pytest.mark.usefixtures("told")
def test_the_digest_quotes_the_sentence_that_counts(cli: Run, repository: Path) -> None:
    """JSON, HTML and Markdown show the comment as its author's words, with its link and without others' addresses."""
    digest = json.loads(cli("scan", repository, "--format", "json").out)
    signals = {each["id"]: each for each in digest["signals"]}
    assert (signals["forge.review_depth"]["outcome"], signals["forge.review_depth"]["grade"]) == ("found", "trace")
    assert signals["forge.cross_repo"]["outcome"] == "unavailable"
    cited = signals["forge.review_depth"]["citations"][0]
    assert cited["kind"] == "review_comment"
    assert cited["excerpt"] == "This will deadlock when two workers pay at once, mail [address]."
    assert cited["url"] == "https://github.com/example/shop/pull/1#discussion_r1001"
    for form in ("html", "markdown"):
        shown = cli("scan", repository, "--format", form).out
        assert "This will deadlock when two workers pay at once" in shown
        assert cited["url"] in shown
        assert "carl@example.org" not in shown
    assert "<script>alert" not in cli("scan", repository, "--format", "html").out


def test_an_edited_comment_is_changed_since(cli: Run, repository: Path, tmp_path: Path, told: list[Changes]) -> None:
    """Verifying asks the forge again: unchanged text holds, an edited or deleted one is named with its link."""
    file = tmp_path / "digest.json"
    file.write_text(cli("scan", repository, "--format", "json").out)
    assert cli("verify", file, "--repo", repository).code == 0
    told.append(read_forge(ANSWERS.replace("deadlock", "wait").splitlines()))
    edited = cli("verify", file, "--repo", repository)
    assert edited.code == 1
    assert "discussion_r1001: changed since: its text is not the one that was cited." in edited.out
    told.append(Changes(host="github.com"))
    assert "the forge does not show it any more" in cli("verify", file, "--repo", repository).out
