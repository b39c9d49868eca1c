"""Whether a change touched the lines that a reviewer spoke of, read from the change's own commits.

A forge calls lines outdated whenever it can place them no more, also because of what changed beside them. Where git has
the state that was reviewed and the change's last commit (``refs/pull/N/head``, ``refs/merge-requests/N/head``, or what
a merge commit brought in), the line is followed through the commits between: a commit whose hunk covers it touched
it, one above it moves it. What the base branch brought in by a merge touches nothing; where that covers the line, or
the file is gone (it may have been renamed), or the reviewed state is no ancestor (a force-push), git tells nothing.

A remark on a removed line stands at a line of the state before the change. What the change put in that line's place by
then is followed instead; where it put nothing there, the gap is: lines that come back into it touch it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from evidence.model import ChangeRequest, Changes, Thread
from evidence.source.following import Place, gap_of, is_touched
from evidence.source.git import MIB, Git
from evidence.source.quoting import path_bytes
from evidence.source.refs import OID
from evidence.source.repository import OpenRepository
from evidence.source.series import run_series

# The newest remarks; a repository with more of them shows its habits in these.
_MOST = 600
# As for blame: far more than git needs, so that a busy machine tells what an idle one does.
_SECONDS = 60.0
_CPU = 20
_AT_ONCE = 2
_LOG = ("log", "--first-parent", "--diff-merges=first-parent", "-p", "-U0", "--no-renames", "--no-textconv",
        "--no-ext-diff", "--no-color", "--reverse", "--format=commit %H %P")  # fmt: skip
_DIFF = ("diff", "-U0", "--no-renames", "--no-textconv", "--no-ext-diff", "--no-color")


class _Question(Struct, frozen=True):
    change: int
    thread: int
    reviewed: str
    last: str
    path: str
    line: int
    since: str | None
    """Of a removed line, a commit of the base branch that the change had not come into yet; None of another line."""


def with_touched_lines(changes: Changes, repository: OpenRepository) -> Changes:
    """``changes`` with ``touched`` of each thread told by git, None where git cannot tell."""
    here = _here(repository.git, changes)
    asked = list(_questions(changes, here, repository))[-_MOST:]
    if not asked:
        return changes
    answers = zip(asked, _answers(repository, asked), strict=True)
    told = {(question.change, question.thread): answer for question, answer in answers}
    numbers = {question.change for question in asked}
    requests = (replace(it, threads=_threads(it, told)) if it.number in numbers else it for it in changes.requests)
    return replace(changes, requests=tuple(requests))


def _threads(change: ChangeRequest, told: dict[tuple[int, int], bool | None]) -> tuple[Thread, ...]:
    return tuple(
        replace(thread, touched=told[change.number, at]) if (change.number, at) in told else thread
        for at, thread in enumerate(change.threads)
    )


def _here(git: Git, changes: Changes) -> dict[str, tuple[str, ...]]:
    """The parents of every commit that a question may name, as far as it is here."""
    named = {
        sha
        for change in changes.requests
        for sha in (
            change.head_commit,
            change.merge_commit,
            *change.commits[-1:],
            *(t.comments[0].commit for t in change.threads if t.comments),
        )
        if OID.fullmatch(sha)
    }
    if not named:
        return {}
    asked = "".join(f"{sha}\n" for sha in sorted(named)).encode()
    words = ("log", "--no-walk=unsorted", "--ignore-missing", "--stdin", "--format=%H %P")
    lines = git.run(*words, stdin=asked).out.decode("ascii", "replace").split("\n")
    return {sha: tuple(parents) for sha, *parents in (line.split() for line in lines if line.strip())}


def _questions(changes: Changes, here: dict[str, tuple[str, ...]], repository: OpenRepository) -> Iterator[_Question]:
    for change in changes.requests:
        last = _last(change, here, repository)
        if not last:
            continue
        for at, thread in enumerate(change.threads):
            first = thread.comments[0] if thread.comments else None
            if first is not None and first.path and first.line > 0 and first.commit in here:
                since = _before(change, here, repository) if first.removed else None
                yield _Question(change.number, at, first.commit, last, first.path, first.line, since)


def _last(change: ChangeRequest, here: dict[str, tuple[str, ...]], repository: OpenRepository) -> str:
    """The change's last own commit that is here, "" for none."""
    kept = repository.blame.change_heads.get(change.number, "")
    merged = here.get(change.merge_commit, ())
    brought = merged[1] if len(merged) == 2 else ""
    found = (sha for sha in (change.head_commit, *change.commits[-1:]) if sha in here)
    return next(found, "") or kept or brought


def _before(change: ChangeRequest, here: dict[str, tuple[str, ...]], repository: OpenRepository) -> str:
    return next(iter(here.get(change.merge_commit, ())), "") or repository.tip


def _answers(repository: OpenRepository, asked: Sequence[_Question]) -> Iterator[bool | None]:
    """One answer for each question, in their order."""
    commands: list[tuple[str, ...]] = []
    for each in asked:
        commands.append(("merge-base", "--is-ancestor", each.reviewed, each.last))
        commands.append((*_LOG, f"{each.reviewed}..{each.last}", "--", _named(each)))
    told = _told(repository, commands)
    places = _places(repository, asked)
    for each, ancestor, log in zip(asked, told[::2], told[1::2], strict=True):
        place = places[each]
        yield None if ancestor is None or log is None or place is None else is_touched(log, place)


def _places(repository: OpenRepository, asked: Sequence[_Question]) -> dict[_Question, Place | None]:
    """What of the reviewed state is spoken of: the line itself, or what stands for a removed one; None where git does
    not tell."""
    found: dict[_Question, Place | None] = {each: Place(each.line, each.line + 1) for each in asked}
    removed = [each for each in asked if each.since is not None]
    bases = _told(repository, [("merge-base", each.since or each.reviewed, each.reviewed) for each in removed])
    commands = [
        (*_DIFF, base.decode("ascii", "replace").strip() if base else each.reviewed, each.reviewed, "--", _named(each))
        for each, base in zip(removed, bases, strict=True)
    ]
    for each, diff in zip(removed, _told(repository, commands), strict=True):
        found[each] = gap_of(diff, each.line) if diff is not None else None
    return found


def _named(question: _Question) -> str:
    return f":(literal,top){os.fsdecode(path_bytes(question.path))}"


def _told(repository: OpenRepository, commands: Sequence[tuple[str, ...]]) -> list[bytes | None]:
    if not commands:
        return []
    git = repository.git
    limits = git.bounded(seconds=_SECONDS + len(commands), cpu=_CPU, file=64 * MIB)
    return run_series(git, commands, at_once=_AT_ONCE, folder=repository.spool, env={}, config=(), limits=limits)
