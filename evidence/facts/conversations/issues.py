"""What issues tell of scope and of incidents, by the word patterns of ``issues.toml``.

Of an incident two things are asked: its title or a label says so, and its text tells the course of it. A feature named
"incident list" passes the first and not the second.
"""

from __future__ import annotations

import re

from evidence.facts.conversations.cues import cues
from evidence.facts.conversations.passages import Read, passages
from evidence.model import Issue
from evidence.patterns import regex

# A note of fewer words ("Fixed in 1.2") tells where it was fixed and not what became of it.
_NOTE_WORDS = 5
# A list of fewer boxes is a reminder.
_BOXES = 2
_OPEN_BOX = regex(r"^[ \t]{0,12}[-*+][ \t]{1,5}\[[ xX]\][ \t]{1,5}(.{1,300})", re.MULTILINE)
_REFERENCE = regex(r"(?:^|[\s(])(?:[\w.-]{1,60}/[\w.-]{1,60})?#\d{1,7}\b|/(?:issues|pull|merge_requests)/\d{1,7}\b")
_CHARACTERS = 20_000


def says_when_done(issue: Issue) -> bool:
    """Whether the issue has acceptance criteria: a section that names them, or a list of boxes to tick."""
    boxes = _OPEN_BOX.findall(issue.body[:_CHARACTERS])
    return _told(issue.body, "criteria") or sum(not _REFERENCE.search(box) for box in boxes) >= _BOXES


def splits_work(issue: Issue) -> bool:
    """Whether the issue is divided into others (boxes that name them), or names the one that it is part of."""
    boxes = _OPEN_BOX.findall(issue.body[:_CHARACTERS])
    return sum(_REFERENCE.search(box) is not None for box in boxes) >= _BOXES or _told(issue.body, "split")


def closing_note(body: str) -> bool:
    """Whether a comment says what became of an issue."""
    read = passages(body)
    words = sum(len(passage.text.split()) for passage in read.passages)
    return words >= _NOTE_WORDS and _told_in(read, "closing")


def is_incident(issue: Issue) -> bool:
    """Whether this is an incident, or the review after one."""
    named = cues("issues")["incident"].words
    if not any(named.search(text.lower()[:300]) for text in (issue.title, *issue.labels)):
        return False
    return any(_told(text, "course") for text in (issue.body, *(comment.body for comment in issue.comments)))


def action_items(body: str) -> bool:
    """Whether a text lists what is to be done so that an incident does not happen again."""
    return _told(body, "actions")


def _told(body: str, name: str) -> bool:
    return _told_in(passages(body, boxes=True), name)


def _told_in(read: Read, name: str) -> bool:
    cue = cues("issues")[name]
    titled = cue.titles is not None and any(cue.titles.search(passage.heading) for passage in read.passages)
    return titled or any(cue.words.search(passage.text.lower()) for passage in read.passages)
