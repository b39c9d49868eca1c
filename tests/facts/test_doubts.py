"""Histories that cannot tell who did what: dumps, rewritten histories, and those that only look a little like them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evidence.facts.people import People, authorship_doubt
from evidence.model import Change, Commit, Person

DAY = 86_400
ADA, BOB = Person("Ada", "ada@x.org"), Person("Bob", "bob@x.org")


def history(
    count: int, *, every: int = DAY, committed_every: int | None = None, body: str = "", person: Person = ADA
) -> list[Commit]:
    """Commits at even distances, newest first; each adds a file of its own."""
    step = every if committed_every is None else committed_every
    return [
        Commit(f"{n:040x}", (), person, n * every, person, n * step, "A change", body, (Change("A", f"f{n}.py"),))
        for n in range(count, 0, -1)
    ]


def doubt(commits: Sequence[Commit], paths: int = 5) -> str:
    """The doubt about these commits, of a repository of so many files."""
    return authorship_doubt(People(commits), {f"f{n}.py" for n in range(1, paths + 1)})


def test_commits_made_again_within_minutes_are_named() -> None:
    """The fact says how many, how fast, and what the authors' dates claim."""
    told = doubt(history(300, committed_every=1))
    assert told == "300 of 300 commits were committed within 5 minutes, with author dates over 299 days"


def test_more_commits_than_anybody_makes_are_named() -> None:
    """Even where author dates agree with the committer's, three hundred commits in five minutes are nobody's work."""
    assert doubt(history(300, every=1)) == "300 commits were committed within 5 minutes"


def test_a_dump_is_named() -> None:
    """Files that came at once and were never touched again tell nothing of who wrote them when."""
    dump = Commit("d" * 40, (), ADA, 1, ADA, 1, "Import", "", tuple(Change("A", f"f{n}.py") for n in range(1, 31)))
    after = Commit("e" * 40, ("d" * 40,), ADA, DAY, ADA, DAY, "Fix", "", (Change("M", "f1.py"),))
    assert doubt([after, dump], 30) == "29 of 30 files came in at once and no later commit touched them"
    assert not doubt([after, dump], 5)


def test_one_author_vouched_for_by_others_is_named() -> None:
    """Sign-offs of people who wrote nothing, throughout a history of one author, are a fact to show."""
    told = doubt(history(30, body="Signed-off-by: Bob <bob@x.org>"))
    assert told == "one author made all 30 commits, and 30 of them are signed off by 1 others"


@pytest.mark.parametrize(
    "commits",
    [
        history(300),
        history(10, committed_every=1),
        history(40, every=60),
        history(30, body="Signed-off-by: Ada <ada@x.org>"),
        [*history(200, committed_every=1), *history(60, person=BOB)][::-1],
        [],
    ],
    ids=["steady", "few rebased", "a busy hour", "own sign-off", "a part rebased", "nothing"],
)
def test_an_ordinary_history_is_not_doubted(commits: list[Commit]) -> None:
    """Rebases of a part, quick work and one's own sign-off leave a history as good as any."""
    assert not doubt(commits)
