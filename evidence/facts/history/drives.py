"""Series of commits by which one person carries a migration, an upgrade, a removal or a refactoring through the code.

A series is told by its subjects: the same kind of verb ("migrate", "port", "replace" are one kind) with the same object
("sqlalchemy"), by the same person, without a pause of more than four months. It is complete where its last steps remove
files or say that something is removed or done, and none of it was reverted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from evidence.facts.history.path_kinds import Kinds, PathKind
from evidence.facts.history.rows import Row
from evidence.facts.history.word_lists import word_list
from evidence.patterns import regex

FEWEST_STEPS = 4
FEWEST_FILES = 15
_PAUSE = 120 * 86_400
_MOST_DRIVES = 20
_MOSTLY = 0.6
# Bounds for histories that want to keep us busy: words of a subject, and paths of a commit.
_MOST_WORDS, _LOOKED_AT = 16, 100
_VERBS = {
    stem + ending: kind
    for kind, stems in {
        "migrate": "migrat convert switch replac transition adopt mov port",
        "upgrade": "upgrad",
        "deprecate": "deprecat drop remov retir",
        "refactor": "refactor rewrit renam modernis moderniz extract split",
    }.items()
    for stem in stems.split()
    for ending in ("", "e", "es", "ed", "ing", "s", "d", "ion", "ions", "ped", "ping", "al")
}
"""Forms of the verbs (some that no language has do no harm) and the kind of work that each names."""
_VERB_WITHIN = 4
_OBJECT = regex(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*[0-9.]*")
_DONE = regex(
    r"\b(?:remov\w+|drop\w*|delet\w+|finish\w*|complet\w+|final\w*|last|clean-? ?up|no longer|rid of|done)\b",
    re.IGNORECASE,
)


class Drive(Struct, frozen=True):
    """One series: its person, what it does ("migrate sqlalchemy"), its commits oldest first, and whether it came to its
    end."""

    author: str
    topic: str
    steps: tuple[Row, ...]
    complete: bool


def drives(rows: Sequence[Row], undone: Collection[str], kinds: Kinds) -> tuple[Drive, ...]:
    """The series among these rows (newest first) with four steps and fifteen files or more, the longest first; of two
    that share most of their commits the longer one alone."""
    found = [drive for key, steps in _topics(rows) for drive in _series(key, steps, undone, kinds)]
    found.sort(key=lambda d: (-len(d.steps), d.topic, d.steps[0].sha))
    subjects = _Subjects(rows)
    kept: list[Drive] = []
    seen: set[str] = set()
    for drive in found:
        shas = {row.sha for row in drive.steps}
        if len(kept) < _MOST_DRIVES and 2 * len(shas & seen) <= len(shas) and subjects.are_about(drive):
            kept.append(drive)
            seen |= shas
    return tuple(kept)


class _Subjects:
    """The subjects of each person in lower case, newest first, with the place of each commit among them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        self._places: dict[str, int] = {}
        for row in rows:
            self._places[row.sha] = len(self._texts[row.author])
            self._texts[row.author].append(row.commit.subject.lower())

    def are_about(self, drive: Drive) -> bool:
        """Whether the word means the series: most subjects of that time and person that hold it are steps. A word of
        the domain ("service") is in many others."""
        word = drive.topic.rpartition(" ")[2]
        newest, oldest = self._places[drive.steps[-1].sha], self._places[drive.steps[0].sha]
        named = sum(word in text for text in self._texts[drive.author][newest : oldest + 1])
        return _MOSTLY * named <= len(drive.steps)


def _topics(rows: Sequence[Row]) -> Iterator[tuple[tuple[str, str], list[Row]]]:
    """Rows (oldest first) by person and topic, where there are enough."""
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in reversed(rows):
        subject = row.commit.subject.lower()
        kind = next((_VERBS[word] for word in subject.split(None, _VERB_WITHIN)[:_VERB_WITHIN] if word in _VERBS), None)
        if kind is None or not row.kinds & ~(PathKind.FOREIGN | PathKind.DOCUMENT):
            continue
        for word in set(_OBJECT.findall(subject)[:_MOST_WORDS]) - word_list("no_object"):
            if len(word) > 2 and word not in _VERBS:
                found[row.author, f"{kind} {word}"].append(row)
    yield from ((key, steps) for key, steps in found.items() if len(steps) >= FEWEST_STEPS)


def _series(key: tuple[str, str], rows: Sequence[Row], undone: Collection[str], kinds: Kinds) -> Iterator[Drive]:
    """The runs of these rows without a long pause, as far as they are large enough."""
    run: list[Row] = []
    for row in (*rows, None):
        if row is not None and (not run or row.commit.committed - run[-1].commit.committed <= _PAUSE):
            run.append(row)
            continue
        if len(run) >= FEWEST_STEPS and _is_wide(run, kinds):
            complete = any(map(_ends, run[-max(1, len(run) // 4) :])) and all(r.sha not in undone for r in run)
            yield Drive(*key, tuple(run), complete)
        run = [row] if row is not None else []


def _is_wide(run: Sequence[Row], kinds: Kinds) -> bool:
    """Whether the steps touch enough files; of a step that touches very many the first ones are enough to tell."""
    files: set[str] = set()
    for row in run:
        files.update(c.path for c in row.commit.changes[:_LOOKED_AT] if kinds[c.path] != PathKind.FOREIGN)
        if len(files) >= FEWEST_FILES:
            return True
    return False


def _ends(row: Row) -> bool:
    """Whether a step takes something away, or says that it is the last."""
    return bool(_DONE.search(row.commit.subject)) or any(change.status == "D" for change in row.commit.changes)
