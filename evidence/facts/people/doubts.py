"""Whether a history can tell who did what, and when: dumps, rewritten and backdated histories, from git alone.

Thresholds are in ``doubts.toml``. The answer is a fact about the history, never about anybody's intention: a rebase of
everything leaves the same traces as a forgery.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import Struct, convert

from evidence.facts.people.people import People
from evidence.model import Commit
from evidence.patterns import regex

_DAY = 86_400
_SIGNED = regex(r"^signed-off-by:[^<\n]{0,200}<([^<>\n]{1,200})>", re.I | re.M)


class Bars(Struct, frozen=True):
    """See the comments of ``doubts.toml``."""

    rewritten_part: float
    rewritten_commits: int
    rewritten_seconds: int
    rewritten_days: int
    burst_commits: int
    burst_part: float
    burst_seconds: int
    dump_part: float
    dump_files: int
    signed_commits: int
    signed_part: float


@lru_cache(maxsize=1)
def bars() -> Bars:
    """The thresholds as they are shipped."""
    text = Path(__file__).with_name("doubts.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), Bars)


def authorship_doubt(people: People, paths: Collection[str]) -> str:
    """The fact for which nobody's authorship and tempo can be told from this history; "" where there is none.

    ``paths`` are the files of the scanned commit. Commits by bots and merges count nothing.
    """
    commits = [c for c in people.commits if len(c.parents) < 2 and not people.author(c).tool]
    return _rewritten(commits) or _burst(commits) or _dump(commits, paths) or _vouched(commits, people)


def _rewritten(commits: Sequence[Commit]) -> str:
    at, count = _densest(commits, bars().rewritten_seconds)
    if count < max(bars().rewritten_commits, bars().rewritten_part * len(commits)):
        return ""
    made = [c for c in commits if at <= c.committed <= at + bars().rewritten_seconds]
    days = (max(c.authored for c in made) - min(c.authored for c in made)) // _DAY
    span = max(c.committed for c in made) - at
    if days < bars().rewritten_days:
        return ""
    return (
        f"{len(made)} of {len(commits)} commits were committed within {_time(span)}, with author dates over {days} days"
    )


def _burst(commits: Sequence[Commit]) -> str:
    at, count = _densest(commits, bars().burst_seconds)
    if count < max(bars().burst_commits, bars().burst_part * len(commits)):
        return ""
    span = max(c.committed for c in commits if c.committed <= at + bars().burst_seconds) - at
    return f"{count} commits were committed within {_time(span)}"


def _densest(commits: Sequence[Commit], seconds: int) -> tuple[int, int]:
    """The moment from which most commits were committed within so many seconds, and how many."""
    times = sorted(c.committed for c in commits)
    counts = ((bisect_right(times, at + seconds) - i, -at) for i, at in enumerate(times))
    count, at = max(counts, default=(0, 0))
    return -at, count


def _dump(commits: Sequence[Commit], paths: Collection[str]) -> str:
    """Most of today's files came at once and were never touched again."""
    wanted = set(paths)
    if len(wanted) < bars().dump_files:
        return ""
    touched: Counter[str] = Counter()
    brought: dict[str, int] = {}
    for commit in commits:
        for change in commit.changes:
            touched[change.path] += 1
            if change.status == "A" and change.path in wanted:
                brought[change.path] = commit.committed // 60
    untouched = Counter(minute for path, minute in brought.items() if touched[path] == 1)
    most = max(untouched.values(), default=0)
    if most < max(bars().dump_files, bars().dump_part * len(wanted)):
        return ""
    return f"{most} of {len(wanted)} files came in at once and no later commit touched them"


def _vouched(commits: Sequence[Commit], people: People) -> str:
    authors = {people.author(c).key for c in commits}
    if len(commits) < bars().signed_commits or len(authors) != 1:
        return ""
    signed = [{s for email in _SIGNED.findall(c.body) if (s := _signer(people, email)) not in authors} for c in commits]
    foreign = sum(map(bool, signed))
    if foreign < bars().signed_part * len(commits):
        return ""
    others = len({each for some in signed for each in some})
    return f"one author made all {len(commits)} commits, and {foreign} of them are signed off by {others} others"


def _signer(people: People, email: str) -> str:
    known = people.with_email(email)
    return known.key if known is not None else email.casefold()


def _time(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
