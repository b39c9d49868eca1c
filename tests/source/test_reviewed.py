"""Whether a change touched the lines that a reviewer spoke of, told by git from the change's own commits."""

from __future__ import annotations

import pytest

from evidence.model import Account, ChangeRequest, Changes, Comment, Ledger, Thread
from evidence.source import open_source, with_touched_lines
from tests.source.building import Build, Builder

TEXT = [f"line {n}" for n in range(1, 21)]


def _with(changed: dict[int, str], above: int = 0) -> str:
    """The text with some 1-based lines replaced, and ``above`` new lines before the first."""
    lines = [changed.get(n, line) for n, line in enumerate(TEXT, 1)]
    return "".join(f"{line}\n" for line in ([f"new {n}" for n in range(above)] + lines))


def _asked(
    project: Builder,
    *lines: int,
    reviewed: str,
    head: str,
    path: str = "a.py",
    merge: str = "",
    removed: bool = False,
) -> list[bool | None]:
    """What git tells of threads on these lines, or on these lines of the state before that the change took away."""
    comments = [
        Comment(
            id=str(n),
            author=Account("bob"),
            body="x",
            created=1,
            updated=1,
            url="",
            path=path,
            line=n,
            commit=reviewed,
            removed=removed,
        )
        for n in lines
    ]
    change = ChangeRequest(
        number=7, title="", body="", state="merged", url="", author=Account("ada"), created=0, updated=0,
        head_commit=head, threads=tuple(Thread(comments=(each,), outdated=True) for each in comments),
        merge_commit=merge,
    )  # fmt: skip
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        told = with_touched_lines(Changes(host="github.com", requests=(change,)), repository)
    return [thread.touched for thread in told.requests[0].threads]


@pytest.fixture
def project(build: Build) -> Builder:
    """A repository whose branch main has one commit; the change starts from it on a branch."""
    made = build()
    made.commit({"a.py": _with({}), "b.py": "x = 1\n"})
    made.git("checkout", "-q", "-b", "topic")
    return made


def _squashed(project: Builder, head: str) -> None:
    """As after a squash merge: main knows nothing of the branch, and the forge keeps its head."""
    project.git("update-ref", "refs/pull/7/head", head)
    project.git("checkout", "-q", "main")
    project.git("branch", "-q", "-D", "topic")


def test_a_later_commit_that_covers_the_line_touched_it(project: Builder) -> None:
    """The line itself counts, not the one beside it; what stood above it is no matter."""
    reviewed = project.commit({"a.py": _with({3: "asked"})})
    project.commit({"b.py": "x = 2\n"})
    head = project.commit({"a.py": _with({3: "answered", 12: "another"}, above=2)})
    _squashed(project, head)
    assert _asked(project, 3, 4, 12, 13, reviewed=reviewed, head=head) == [True, False, True, False]


def test_a_line_is_followed_through_commits_that_move_it(project: Builder) -> None:
    """Lines added above move it down; only then is it changed where it stands by now."""
    reviewed = project.commit({"a.py": _with({3: "asked"})})
    project.commit({"a.py": _with({3: "asked"}, above=5)})
    head = project.commit({"a.py": _with({3: "answered"}, above=5)})
    _squashed(project, head)
    assert _asked(project, 3, 8, 9, reviewed=reviewed, head=head) == [True, False, False]


def test_nothing_after_the_reviewed_state_is_no_change(project: Builder) -> None:
    """A remark on the last commit was not followed, whatever mark the forge gave."""
    head = project.commit({"a.py": _with({3: "asked"})})
    _squashed(project, head)
    assert _asked(project, 3, reviewed=head, head=head) == [False]


def test_what_the_base_brought_in_touches_nothing(project: Builder) -> None:
    """A merge of the base moves lines; where it covers the line itself, git tells nothing."""
    reviewed = project.commit({"b.py": "x = 2\n"})
    project.git("checkout", "-q", "main")
    project.commit({"a.py": _with({2: "theirs"}, above=1)})
    project.git("checkout", "-q", "topic")
    project.git("merge", "-q", "--no-ff", "-m", "Merge main", "main")
    head = project.commit({"a.py": _with({2: "theirs", 9: "answered"}, above=1)})
    _squashed(project, head)
    assert _asked(project, 9, 2, 15, reviewed=reviewed, head=head) == [True, None, False]


def test_where_git_cannot_tell_nothing_is_said(project: Builder) -> None:
    """The reviewed state is not here, was pushed over, or the file is gone or was renamed."""
    reviewed = project.commit({"a.py": _with({3: "asked"})})
    project.git("mv", "a.py", "c.py")
    head = project.commit({"b.py": "x = 3\n"})
    _squashed(project, head)
    assert _asked(project, 3, reviewed=reviewed, head=head) == [None]
    assert _asked(project, 3, reviewed="0" * 40, head=head) == [None]
    other = project.commit({"b.py": "x = 9\n"})
    assert _asked(project, 3, reviewed=other, head=head) == [None]


def test_a_merge_commit_tells_of_the_change_that_it_brought(project: Builder) -> None:
    """Without a kept head, the second parent of the merge commit is the change's last state."""
    reviewed = project.commit({"a.py": _with({3: "asked"})})
    project.commit({"a.py": _with({3: "answered"})})
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7", "topic")
    merge = project.git("rev-parse", "HEAD")
    project.git("branch", "-q", "-D", "topic")
    assert _asked(project, 3, 9, reviewed=reviewed, head="", merge=merge) == [True, False]


def test_merge_requests_are_kept_under_their_own_names(project: Builder) -> None:
    """GitLab keeps heads under refs/merge-requests; a path may hold what git would take for a pattern."""
    reviewed = project.commit({"a[1]*.py": "one\n"})
    head = project.commit({"a[1]*.py": "two\n", "a1.py": "three\n"})
    project.git("update-ref", "refs/merge-requests/7/head", head)
    project.git("checkout", "-q", "main")
    project.git("branch", "-q", "-D", "topic")
    assert _asked(project, 1, reviewed=reviewed, head="", path="a[1]*.py") == [True]


def _without(lines: set[int], changed: dict[int, str] | None = None) -> str:
    """The text without these 1-based lines, and with others replaced."""
    kept = {n: (changed or {}).get(n, line) for n, line in enumerate(TEXT, 1) if n not in lines}
    return "".join(f"{line}\n" for line in kept.values())


def test_a_removed_line_is_followed_where_it_stood(project: Builder) -> None:
    """Its number is of the state before: bringing it back touches it, a change at that number of the new state, or of
    the line beside, does not."""
    reviewed = project.commit({"a.py": _without({3, 4, 10})})
    head = project.commit({"a.py": _without({3, 4}, {9: "beside", 13: "where 10 is now"})})
    _squashed(project, head)
    assert _asked(project, 3, 4, 10, reviewed=reviewed, head=head, removed=True) == [False, False, True]


def test_what_replaced_a_removed_line_stands_for_it(project: Builder) -> None:
    """A later change of the lines that took its place answers a remark on it; one of other lines does not."""
    reviewed = project.commit({"a.py": _with({3: "one\ntwo", 12: "other"})})
    head = project.commit({"a.py": _with({3: "one\nTWO", 12: "other", 13: "later"})})
    _squashed(project, head)
    assert _asked(project, 3, 12, reviewed=reviewed, head=head, removed=True) == [True, False]


def test_a_removed_line_is_sought_before_the_merge(project: Builder) -> None:
    """Where the change is merged by now, its own state before is where its branch began; a line that it never took
    away, or a file that it did, tells nothing."""
    project.git("rm", "-q", "b.py")
    reviewed = project.commit({"a.py": _without({3}), "c.py": "x\n"})
    project.commit({"a.py": _with({})})
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7", "topic")
    merge = project.git("rev-parse", "HEAD")
    project.git("branch", "-q", "-D", "topic")
    assert _asked(project, 3, 9, reviewed=reviewed, head="", merge=merge, removed=True) == [True, None]
    assert _asked(project, 1, reviewed=reviewed, head="", merge=merge, path="b.py", removed=True) == [None]
