"""The ``history`` fence of a fixture case: a small history, a commit a line, its message indented below.

    2025-03-01 ada app/views.py tests/test_views.py
        Reject expired invitations at login

        The check belongs here, because ...

    2025-04-01 ada *12/7 app/step{n}.py=40 -app/old.py merged:bob

A line is a date, an author, and paths: ``+path`` adds, ``-path`` deletes, ``path=40`` changes 40 lines (10 without a
number; 0 is white space alone). ``*12/7`` repeats the commit twelve times, seven days apart; ``{n}`` counts, in paths
and in the message. ``merged:bob`` puts each on a branch of its own that bob merges as a pull request. An author is one
word; ``ada[bot]`` is a bot. Everything else lies on the main line, in order of time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import dedent

from evidence.model import Change, Commit, LineCount, Person
from evidence.patterns import regex

_REPEAT = regex(r"\*(\d{1,4})(?:/(\d{1,4}))?")
_TOUCHED = regex(r"([+-]?)(.+?)(?:=(\d{1,7}))?")
_STATUS = {"": "M", "+": "A", "-": "D"}
_DAY = 86_400
_USUAL = 10


@dataclass(frozen=True)
class Touched:
    """One path of a commit: git's status letter and how many lines change."""

    status: str
    path: str
    lines: int = _USUAL


@dataclass(frozen=True)
class Recorded:
    """One commit of a case: when (epoch seconds), by whom, what, and who merged it ("" on the main line itself)."""

    when: int
    author: str
    touched: tuple[Touched, ...]
    message: str = "Change"
    merged_by: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths alone."""
        return tuple(each.path for each in self.touched)


def read_history(lines: Sequence[str]) -> tuple[Recorded, ...]:
    """The commits of a fence, oldest first. Raises ValueError for a line without a date."""
    found: list[Recorded] = []
    for head, message in _entries(lines):
        found.extend(_recorded(head, message))
    return tuple(sorted(found, key=lambda each: each.when))


def _entries(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    head, message = "", list[str]()
    for line in lines:
        if line.strip() and not line[0].isspace():
            if head:
                yield head, "\n".join(message)
            head, message = line, []
        else:
            message.append(line)
    if head:
        yield head, "\n".join(message)


def _recorded(head: str, message: str) -> Iterator[Recorded]:
    day, author, *words = head.split()
    start = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    count, step, merged, paths = 1, 1, "", list[str]()
    for word in words:
        if repeat := _REPEAT.fullmatch(word):
            count, step = int(repeat[1]), int(repeat[2] or 1)
        elif word.startswith("merged:"):
            merged = word.removeprefix("merged:")
        else:
            paths.append(word)
    text = dedent(message).strip() or "Change"
    for number in range(1, count + 1):
        touched = tuple(_touched(path.replace("{n}", str(number))) for path in paths)
        when = start + (number - 1) * step * _DAY
        yield Recorded(when, author, touched, text.replace("{n}", str(number)), merged)


def _touched(word: str) -> Touched:
    sign, path, lines = _match(word).groups()
    return Touched(_STATUS[sign], path, int(lines) if lines else _USUAL)


def _match(word: str) -> re.Match[str]:
    found = _TOUCHED.fullmatch(word)
    if found is None:
        raise ValueError(f"not a path: {word!r}")
    return found


class MadeHistory:
    """A history made from a case's lines, newest first: what a scan reads of a real one."""

    def __init__(self, recorded: Iterable[Recorded]) -> None:
        self._lines: dict[str, LineCount] = {}
        made: list[Commit] = []
        tip: tuple[str, ...] = ()
        for number, each in enumerate(recorded, 1):
            commit = self._commit(each, tip, number)
            made.append(commit)
            if each.merged_by:
                subject = f"Merge pull request #{number} from {each.author}/branch-{number}"
                merge = Recorded(each.when + 60, each.merged_by, (), subject)
                made.append(self._commit(merge, (*tip, commit.sha), number))
            tip = (made[-1].sha,)
        self.commits = tuple(reversed(made))

    def _commit(self, each: Recorded, parents: tuple[str, ...], number: int) -> Commit:
        sha = hashlib.sha1(repr((each, parents, number)).encode(), usedforsecurity=False).hexdigest()
        person = Person(each.author, f"{each.author}@example.org")
        subject, _, body = each.message.partition("\n")
        counted = tuple((t.path, t.lines - t.lines // 2, t.lines // 2) for t in each.touched if t.lines)
        self._lines[sha] = LineCount(counted)
        return Commit(
            sha=sha,
            parents=parents,
            author=person,
            authored=each.when,
            committer=person,
            committed=each.when,
            subject=subject,
            body=body.strip(),
            changes=tuple(Change(t.status, t.path) for t in each.touched),
        )

    def dates(self, paths: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        """For each path, the times of the commits that touch it."""
        return {p: tuple(sorted(c.committed for c in self.commits for x in c.changes if x.path == p)) for p in paths}

    def begin_counting(self, shas: Sequence[str]) -> None:
        """Nothing: all lines are known."""

    def line_counts(self, shas: Sequence[str]) -> Mapping[str, LineCount]:
        """The lines that each commit changes."""
        return {sha: self._lines[sha] for sha in shas}
