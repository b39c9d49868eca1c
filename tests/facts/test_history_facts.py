"""The history as rows: what kind of thing a commit touches, how changes land, and what messages refer to."""

from __future__ import annotations

import pytest

from evidence.facts.history import Past
from evidence.facts.history.messages import branch_owner, issues_closed, request_number, reviewers
from evidence.facts.history.path_kinds import Kinds, PathKind, kind_of
from evidence.facts.history.sample import evenly
from evidence.facts.people import People
from evidence.model import Commit, Owner, Person, RepositoryHistory, Together
from evidence.testkit import Case, project_of
from evidence.testkit.history import read_history


def commit(subject: str, body: str = "") -> Commit:
    """A commit with this message."""
    ada = Person("Ada", "ada@example.org")
    return Commit("1" * 40, (), ada, 0, ada, 0, subject, body, ())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("app/views.py", PathKind.APP),
        ("app/migrate.py", PathKind.APP),
        ("setup.py", PathKind.CONFIG),
        ("docs/conf.py", PathKind.CONFIG),
        ("examples/app.py", PathKind.OTHER),
        ("tests/test_views.py", PathKind.TEST),
        ("tests/data/answer.json", PathKind.TEST),
        ("client/list.test.tsx", PathKind.TEST),
        ("client/list.tsx", PathKind.OTHER),
        ("migrations/versions/0001_users.py", PathKind.MIGRATION),
        ("db/migrations/V2__users.sql", PathKind.MIGRATION),
        (".github/workflows/ci.yml", PathKind.CI),
        (".gitlab-ci.yml", PathKind.CI),
        ("README", PathKind.DOCUMENT),
        ("docs/setup.rst", PathKind.DOCUMENT),
        ("requirements/dev.txt", PathKind.CONFIG),
        ("Dockerfile.dev", PathKind.CONFIG),
        (".flake8", PathKind.CONFIG),
        ("poetry.lock", PathKind.FOREIGN),
        ("vendor/lib/x.py", PathKind.FOREIGN),
        ("app/static/site.css", PathKind.OTHER),
    ],
)
def test_the_kind_of_a_path(path: str, kind: int) -> None:
    """A path alone tells what kind of thing it is."""
    assert kind_of(path) == Kinds()[path] == kind


@pytest.mark.parametrize(
    ("subject", "body", "number"),
    [
        ("Reject expired invitations (#12)", "", 12),
        ("Reject expired invitations (!12)", "", 12),
        ("Merge pull request #7 from ada/fix", "Title", 7),
        ("Merge branch 'fix' into 'main'", "Title\n\nSee merge request shop/app!31", 31),
        ("Merged in fix (pull request #9)", "", 9),
        ("Merged PR 44: Reject invitations", "", 44),
        ("Auto merge of #5 - ada:fix, r=bob", "", 5),
        ("Reject invitations", "Change-Id: I1\nReviewed-on: https://review.example.org/c/app/+/815", 815),
        ("Reject invitations", "Differential Revision: https://phab.example.org/D99", 99),
        ("Fix #12 in the catalogue", "", 0),
        ("Revert (#12) once more", "", 0),
        ("Merge branch 'main' of example.org:shop/app", "", 0),
        ("Reject invitations", "I wrote: See merge request shop/app!31, but did not mean it", 0),
    ],
)
def test_the_request_of_a_commit(subject: str, body: str, number: int) -> None:
    """The forges' own wordings name the request; a number that is merely mentioned does not."""
    assert request_number(commit(subject, body)) == number


def test_what_else_a_message_names() -> None:
    """Reviewers, issues and the owner of a merged branch are read where the text names them."""
    text = "Closes #4, fixes shop/app#5 and mentions #6\n\nReviewed-by: Bob <bob@example.org>\nAcked-by: Cy"
    assert issues_closed(commit("Resolve #3", text)) == (3, 4, 5)
    assert reviewers(commit("x", text)) == (Person("Bob", "bob@example.org"), Person("Cy", ""))
    assert branch_owner(commit("Merge pull request #7 from Ada/fix")) == "ada"
    assert branch_owner(commit("Merge branch 'x'")) == ""


HISTORY = """
2025-01-01 ada app/a.py
2025-01-02 bob *2 app/b{n}.py merged:ada
2025-01-05 ci[bot] requirements.txt merged:ada
""".strip().splitlines()


def test_changes_of_the_main_line() -> None:
    """Merges bring the commits of their branch, and belong to who wrote these; bots' changes are told apart."""
    past = project_of(Case("A history", {}, read_history(HISTORY), ())).past
    ada, bob = (past.people.with_email(f"{name}@example.org") for name in ("ada", "bob"))
    assert ada and bob
    found = list(past.landings())
    assert [(x.author, x.request, x.bot, len(x.brought)) for x in found][1:] == [
        (bob.key, 3, False, 1),
        (bob.key, 2, False, 1),
        (ada.key, 0, False, 1),
    ]
    assert found[0].bot
    assert [past.by_other(x) for x in found] == [False, True, True, False]
    assert len(past.rows) == 7
    assert [row.author for row in past.work] == [bob.key, bob.key, ada.key]


def test_equal_names_and_own_forks_do_not_review() -> None:
    """A merger with the author's name, or whose fork the branch came from, is taken for the author."""
    people = {
        "Ána": Person("Ána", "1+ana-x@users.noreply.github.com"),
        "Ana": Person("Ana", "ana@example.org"),
        "Cy": Person("Cy", "2+ana-x@users.noreply.github.com"),
        "Bo": Person("Bo", "bo@example.org"),
    }
    told = {}
    for merger in ("Ána", "Cy", "Bo"):
        written = Commit("1" * 40, (), people["Ana"], 1, people["Ana"], 1, "Work", "", ())
        root = Commit("2" * 40, (), people["Ana"], 0, people["Ana"], 0, "Root", "", ())
        subject = "Merge pull request #1 from ana-x/work"
        merge = Commit("3" * 40, (root.sha, written.sha), people[merger], 2, people[merger], 2, subject, "", ())
        project = project_of(Case("Empty", {}, (), ()))
        past = Past(People((merge, written, root)), project.history, ())
        told[merger] = past.by_other(next(past.landings()))
    assert told == {"Ána": False, "Cy": False, "Bo": True}


def test_a_sample_is_spread_evenly() -> None:
    """All of a few, and of many as many as asked for, at equal distances."""
    assert evenly(range(3), 5) == [0, 1, 2]
    assert evenly(range(100), 5) == [0, 20, 40, 60, 80]


def _pictured(*lines: str) -> RepositoryHistory:
    files = {f"shop/{name}/views.py": "x = 1\n" for name in ("orders", "users")}
    files |= {f"shop/{name}/models.py": "x = 1\n" for name in ("orders", "users")}
    found = project_of(Case("Pictures", files, read_history(lines), ())).past.pictured()
    assert found is not None
    return found


def test_what_pictures_show() -> None:
    """Commits of people are counted by area, period and person, and pairs of areas that change together."""
    found = _pictured(
        "2025-01-05 ada *4 shop/orders/views.py tests/test_orders.py",
        "2025-03-05 bob *2 shop/users/views.py",
        "2025-03-06 dependabot[bot] *9 requirements.txt",
    )
    assert found.periods == ("2025-01", "2025-02", "2025-03")
    assert [(a.area, a.code, a.commits, a.periods) for a in found.areas] == [
        ("shop/orders", True, 4, (4, 0, 0)),
        ("tests", False, 4, (4, 0, 0)),
        ("shop/users", True, 2, (0, 0, 2)),
    ]
    assert found.areas[0].owners == (Owner("ada", 4),)
    assert found.together == (Together("shop/orders", "tests", 4),)


@pytest.mark.parametrize(
    ("first", "last", "periods", "ends"),
    [
        ("2023-01-01", "2025-06-30", 30, ("2023-01", "2025-06")),
        ("2023-01-01", "2025-07-01", 11, ("2023-Q1", "2025-Q3")),
        ("2015-12-01", "2025-07-01", 11, ("2015", "2025")),
        ("1970-01-02", "2025-07-01", 40, ("1986", "2025")),
    ],
)
def test_periods_fit_beside_a_name(first: str, last: str, periods: int, ends: tuple[str, str]) -> None:
    """Months become quarters and then years as histories grow, and of the longest the newest years are shown."""
    found = _pictured(f"{first} ada shop/orders/views.py", f"{last} ada shop/orders/views.py")
    assert (len(found.periods), (found.periods[0], found.periods[-1])) == (periods, ends)
    assert sum(found.areas[0].periods) == 2 - (first < "1971")


def test_repairs_of_sweeps_are_none() -> None:
    """A commit that touches hundreds of files mends no trouble, whatever it says."""
    many = " ".join(f"app/a{n}.py" for n in range(400))
    lines = f"""
2025-01-01 ada app/a1.py
2025-01-02 bob app/a1.py
    Hotfix the first view
2025-01-03 bob {many}
    Fix every view for good
2025-02-02 bob app/a2.py
    Hotfix the second view
2025-02-03 bob app/a2.py
    Fix the second view for good
""".strip().splitlines()
    found = list(project_of(Case("Sweep", {}, read_history(lines), ())).past.repairs())
    assert [(each.trouble.commit.subject, each.mended_by is not None) for each in found] == [
        ("Hotfix the second view", True),
        ("Hotfix the first view", False),
    ]


def test_a_drive_needs_files_steps_and_an_end() -> None:
    """The series is told with its topic and steps, oldest first; what was reverted is not complete."""
    lines = """
2025-01-01 ada app/a.py
2025-01-02 ada *4/9 app/a{n}.py app/b{n}.py app/c{n}.py app/d{n}.py
    Port part {n} to pydantic
2025-02-20 ada -app/old.py
    Remove the old forms after the port to pydantic
""".strip().splitlines()
    (drive,) = project_of(Case("Drive", {}, read_history(lines), ())).past.drives()
    assert (drive.topic, len(drive.steps), drive.complete) == ("migrate pydantic", 4, False)
    assert drive.steps[0].commit.committed < drive.steps[-1].commit.committed


def _undone(*lines: str) -> list[str]:
    """What the newest commit of a history takes back, by subject."""
    past = project_of(Case("Undoing", {}, read_history("\n".join(lines).splitlines()), ())).past
    newest = past.people.commits[0]
    subjects = {commit.sha: commit.subject for commit in past.people.commits}
    return [subjects[sha] for sha in past.undoings.of(newest)]


@pytest.mark.parametrize(
    ("message", "undone"),
    [
        ('Revert "Add it (#7)" (#9)', ["Add it (#7)"]),
        ('Revert "Add it" (#9)\n\n    Reverts shop/web#7', ["Add it (#7)"]),
        ('Revert "Add"\n\n    This reverts merge request !7', ["Add it (#7)"]),
        ('Reapply "Add it (#7)"', ['Revert "Add it (#7)"']),
        ('Revert "Something that is not here"', []),
        ("Revert to the old colours", []),
        ("Say what it reverts and why", []),
    ],
)
def test_what_is_taken_back_is_told_by_number_or_subject(message: str, undone: list[str]) -> None:
    """The newest older commit that fits is meant, and nothing where none does."""
    history = ("2025-01-01 ada app/a.py\n    Add it (#7)", '2025-01-02 bob app/a.py\n    Revert "Add it (#7)"')
    assert _undone(*history, f"2025-01-03 bob app/a.py\n    {message}") == undone


def test_what_was_taken_back_and_brought_again_is_not_undone() -> None:
    """A drive whose step was reverted by mistake, and the revert reverted, was driven to its end."""
    subject = "Finish porting part {n} to pydantic"
    drive = f"2025-01-02 ada *4/9 app/a{{n}}.py app/b{{n}}.py app/c{{n}}.py app/d{{n}}.py\n    {subject}"
    back, again = (
        f'2025-02-1{day} bob app/a4.py\n    {word} "{subject.format(n=4)}"'
        for day, word in enumerate(("Revert", "Reapply"))
    )

    def complete(*lines: str) -> bool:
        past = project_of(Case("Drive", {}, read_history("\n".join(lines).splitlines()), ())).past
        return any(found.complete for found in past.drives())

    assert complete(drive) and complete(drive, back, again)
    assert not complete(drive, back)
