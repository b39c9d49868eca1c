"""Reviews of others' changes, who reviews whom, the table of merged changes, and what an item's name stands for."""

from __future__ import annotations

from msgspec.structs import replace

from detectors.forge.review_depth import detect
from evidence.api import Sites
from evidence.facts.conversations.delivery import COLUMNS, delivered, delivery_frame
from evidence.facts.conversations.graph import reaches, review_graph
from evidence.facts.project import Project
from evidence.model import Account, ChangeRequest, Changes, Comment, Commit, Issue, LineCount, Person, Release, Thread
from evidence.model import Change as Touched
from evidence.testkit.forge import read_forge

NEEDS_A_TEST = "Could you add a test for an empty list?"


class _History:
    def __init__(self, *commits: Commit) -> None:
        self.commits = commits

    def dates(self, _paths: object) -> dict[str, tuple[int, ...]]:
        return {}

    def begin_counting(self, _shas: object) -> None:
        return

    def line_counts(self, _shas: object) -> dict[str, LineCount]:
        return {}


def _remarked(
    author: Account | None, *, written: int, outdated: bool | None = None, touched: bool | None = None
) -> Changes:
    comment = Comment(id="1", author=author, body=NEEDS_A_TEST, created=written, updated=written, url="", path="a/b.py")
    change = ChangeRequest(
        number=1, title="x", body="", state="merged", url="", author=Account("Ada"), created=1_000, updated=1_000,
        commits=("c1",), threads=(Thread(comments=(comment,), outdated=outdated, touched=touched),),
    )  # fmt: skip
    return Changes(host="github.com", requests=(change,))


def _commit(when: int, path: str) -> Commit:
    someone = Person("Ada", "ada@example.org")
    return Commit("c1", (), someone, when, someone, when, "x", "", (Touched("M", path),))


def test_a_remark_is_one_person_on_anothers_change() -> None:
    """Own changes (in any case of the login), machines, deleted accounts and the first minute are left out."""
    for author, written, counts in (
        (Account("bob"), 2_000, True),
        (Account("ADA"), 2_000, False),
        (Account("review", "bot"), 2_000, False),
        (Account("renovate[bot]"), 2_000, False),
        (None, 2_000, False),
        (Account("bob"), 1_059, False),
        (Account("bob"), 1_060, True),
    ):
        assert bool(Project((), {}, changes=_remarked(author, written=written)).review_remarks) is counts


def test_a_later_commit_of_the_change_follows_a_remark() -> None:
    """A commit follows where it comes after the remark and touches the file; or the forge says so itself."""
    changes = _remarked(Account("bob"), written=2_000)
    for when, path, follows in ((3_000, "a/b.py", True), (1_500, "a/b.py", False), (3_000, "a/c.py", False)):
        (remark,) = Project((), {}, _History(_commit(when, path)), changes=changes).review_remarks
        assert remark.followed_by == ("file" if follows else "")
    (outdated,) = Project((), {}, changes=_remarked(Account("bob"), written=2_000, outdated=True)).review_remarks
    assert outdated.followed_by == "mark"
    assert outdated.area == "a"


def test_what_git_tells_of_the_line_goes_before_marks_and_files() -> None:
    """Git decides where it can; else the forge's mark, also one that says no; only then a commit to the file."""
    later = _History(_commit(3_000, "a/b.py"))
    for touched, outdated, shown in (
        (True, False, "lines"),
        (False, True, ""),
        (None, True, "mark"),
        (None, False, ""),
        (None, None, "file"),
    ):
        changes = _remarked(Account("bob"), written=2_000, outdated=outdated, touched=touched)
        (remark,) = Project((), {}, later, changes=changes).review_remarks
        assert remark.followed_by == shown


def test_the_statement_says_what_shows_that_a_change_followed() -> None:
    """Remarks that git, the mark or a commit to the file answer for are counted apart."""
    shown = [(True, None), (True, None), (None, True), (False, True)]
    changes = Changes(
        host="github.com",
        requests=tuple(
            replace(_remarked(Account("bob"), written=2_000, outdated=mark, touched=git).requests[0], number=at)
            for at, (git, mark) in enumerate(shown, 1)
        ),
    )
    signal, sites = zip(*detect(Project((), {}, changes=changes)), strict=True)
    assert "3 of them followed by a change (2 by the lines in git, 1 by the forge's outdated mark)" in (
        signal[0].statement(Sites(sites))
    )


def test_what_is_said_word_for_word_again_raises_nothing_anew() -> None:
    """A ready-made answer under every change is one remark; where a change of the lines followed it counts again."""
    shown = [None, None, True]
    changes = Changes(
        host="github.com",
        requests=tuple(
            replace(_remarked(Account("bob"), written=2_000, touched=touched).requests[0], number=at)
            for at, touched in enumerate(shown, 1)
        ),
    )
    remarks = Project((), {}, changes=changes).review_remarks
    assert [bool(each.remark.substance) for each in remarks] == [True, False, True]


def test_the_review_graph_counts_changes_on_its_edges() -> None:
    """An edge leads from reviewer to author, weighs the changes reviewed, and reach is in proportion to the team."""
    told = read_forge([
        "- {change: 1, by: ada, comments: ['dora a/x.py: Why is it locked?', 'dora a/x.py: And here?']}",
        "- {change: 2, by: ada, comments: ['dora b/y.py: Why is it locked?']}",
        "- {change: 3, by: bob, comments: ['dora b/y.py: Why is it locked?']}",
        "- {change: 4, by: cy}",
    ])  # fmt: skip
    project = Project((), {}, changes=told)
    graph = review_graph(project.review_remarks, project.change_authors)
    assert graph.edges["dora", "ada"]["changes"] == 2
    reach = reaches(graph, project.review_remarks, project.change_authors)["dora"]
    assert (reach.authors, reach.others, reach.areas) == (2, 3, ("a", "b"))
    assert round(reach.centrality, 2) == 0.67


def test_merged_changes_are_a_table() -> None:
    """Hours from opening to merge and to the next release, lines, and what was undone by title, number or commit."""
    told = read_forge([
        "- {change: 1, title: Cache it, at: 2025-01-01, merged: 2025-01-02, size: 30}",
        "- {change: 2, at: 2025-01-01, merged: 2025-01-03}",
        "- {change: 3, title: 'Revert \"Cache it\"', at: 2025-01-04, merged: 2025-01-04}",
        "- {change: 4, title: 'Revert \"x\"', body: 'Reverts o/r#2', at: 2025-01-04, merged: 2025-01-04}",
        "- {change: 5, by: 'renovate[bot]', merged: 2025-01-04}",
        "- {change: 6}",
        "- {change: 7, title: Queue it, at: 2025-01-01, merged: 2025-01-02}",
        "- {change: 8, title: 'Revert \"Queue it\"', at: 2025-01-03, merged: 2025-01-03}",
        "- {change: 9, title: 'Revert \"Revert \"Queue it\"\"', at: 2025-01-04, merged: 2025-01-04}",
        "- {release: v1, at: 2025-01-05}",
    ])  # fmt: skip
    frame = delivery_frame(told)
    assert tuple(frame.columns) == COLUMNS
    assert [(r.number, r.lead_hours, r.lines, r.reverted, r.release_hours) for r in delivered(frame)] == [
        (1, 24, 30, True, 72), (2, 48, None, True, 48), (7, 24, None, False, 72),
    ]  # fmt: skip


def test_every_kind_of_item_is_found_by_its_name() -> None:
    """Changes, comments, reviews, issues, notes, releases and changes elsewhere have names that lead back to them."""
    note = Comment(id="9", author=Account("bob"), body="", created=1, updated=1, url="n")
    issue = Issue(
        number=7, title="i", body="", state="open", url="i", author=None, created=1, updated=1, comments=(note,)
    )
    told = read_forge(["- {change: 12, reviews: ['bob approved: fine'], comments: ['bob: what', 'cy a.py: why']}"])
    release = Release(tag="v1", name="", body="", url="r", author=Account("ada"), created=1)
    there = read_forge(["- elsewhere: https://github.com/a/b/pull/3"]).elsewhere
    items = Project(
        (), {}, changes=Changes(host="", requests=told.requests, issues=(issue,), releases=(release,), elsewhere=there)
    ).items
    for name, login in (
        ("change/12", "ada"),
        ("review/12/1201", "bob"),
        ("comment/12/12001", "bob"),
        ("comment/12/12002", "cy"),
        ("note/7/9", "bob"),
        ("release/v1", "ada"),
        ("elsewhere/https://github.com/a/b/pull/3", "ada"),
    ):
        account = items.account(name)
        assert account is not None
        assert account.login == login
    assert items.account("issue/7") is None
    assert items.find("issue/7") is not None
    assert items.find("issue/8") is None


def test_inputs_that_were_not_had_are_named() -> None:
    """Without the forge every part is missing, with the reason; with it, what it could not tell or was not asked."""
    assert set(Project((), {}).missing) == {"changes", "reviews", "comments", "issues", "releases", "elsewhere"}
    part = Project((), {}, changes=Changes(host="", missing={"issues": "403"}), missing={"history": "shallow"})
    assert set(part.missing) == {"issues", "elsewhere", "history"}
    assert part.missing["issues"] == "403"
