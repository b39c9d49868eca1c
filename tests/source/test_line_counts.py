"""Counted lines: what git counts for a few commits, white space and moves apart, as far as a clone allows."""

from __future__ import annotations

from evidence.model import Ledger, LineCount
from evidence.source import open_source
from tests.source.building import Build, Builder

TEXT = "".join(f"line {n}\n" for n in range(40))


def counts(project: Builder, *shas: str) -> tuple[dict[str, LineCount], dict[str, int]]:
    """The counts of these commits, and the ledger's codes with their counts."""
    ledger = Ledger()
    with open_source(str(project.folder), ledger=ledger) as repository:
        found = dict(repository.history().line_counts(shas))
    return found, {e.code: e.count for e in ledger.entries()}


def test_added_and_removed_lines(build: Build) -> None:
    """Each path has the lines that came and went; the first commit adds all of its own."""
    project = build()
    first = project.commit({"a.py": "1\n2\n", "b c é.py": "1\n"})
    second = project.commit({"a.py": "1\n3\n4\n"})
    found, ledger = counts(project, first, second)
    assert found == {
        first: LineCount((("a.py", 2, 0), ("b c é.py", 1, 0))),
        second: LineCount((("a.py", 2, 1),)),
    }
    assert ledger == {"lines_sampled": 2}


def test_white_space_and_moves_are_no_lines(build: Build) -> None:
    """A re-indented file and a moved one change nothing; binary files are counted as -1."""
    project = build()
    project.commit({"a.py": TEXT, "b.py": "x = 1\n"})
    indented = project.commit({"b.py": "    x  =  1  \n"})
    project.git("mv", "a.py", "c.py")
    moved = project.commit()
    binary = project.commit({"logo": b"\0\1\2"})
    found, _ = counts(project, indented, moved, binary)
    assert found == {
        indented: LineCount(()),
        moved: LineCount(()),
        binary: LineCount((("logo", -1, -1),)),
    }


def test_paths_do_not_forge_counts(build: Build) -> None:
    """A path that looks like git's own output stays a path."""
    project = build()
    odd = "\x01" + "0" * 40
    project.commit({f"dir/{odd}": TEXT, "1\t2\tx": "1\n"})
    project.git("mv", f"dir/{odd}", f"{odd}")
    project.write({odd: TEXT + "more\n"})
    sha = project.commit({"1\t2\tx": "2\n"})
    found, _ = counts(project, sha)
    assert sorted((added, removed) for _, added, removed in found[sha].files) == [(1, 0), (1, 1)]
    assert list(found) == [sha]


def test_missing_contents_cost_their_commits_alone(build: Build) -> None:
    """Where an old content is not there, the commits that need it are left out, and the ledger says so."""
    project = build()
    first = project.commit({"a.py": "1\n"})
    second = project.commit({"a.py": "2\n"})
    third = project.commit({"b.py": "3\n"})
    project.drop(project.git("rev-parse", f"{first}:a.py"))
    found, ledger = counts(project, third, second, first)
    assert found == {third: LineCount((("b.py", 1, 0),))}
    assert (ledger["lines_sampled"], ledger["lines_not_counted"]) == (1, 2)


def test_nothing_asked_is_nothing_done(build: Build) -> None:
    """Without commits there is no count and no entry in the ledger."""
    project = build()
    project.commit({"a.py": "1\n"})
    assert counts(project) == ({}, {})


def test_what_git_began_early_is_collected(build: Build) -> None:
    """Counting may begin before it is asked for; another question is answered all the same."""
    project = build()
    first = project.commit({"a.py": "1\n", "poetry.lock": TEXT})
    second = project.commit({"a.py": "2\n"})
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        history = repository.history()
        history.begin_counting([first, second])
        assert dict(history.line_counts([first])) == {first: LineCount((("a.py", 1, 0),))}
        assert list(history.line_counts([first, second])) == [first, second]
        history.begin_counting([second])
        assert dict(history.line_counts([second])) == {second: LineCount((("a.py", 1, 1),))}


def test_a_commit_of_very_many_files_has_all_its_lines(build: Build) -> None:
    """No more than two thousand files are named; the lines of the others are still counted."""
    project = build()
    sha = project.commit({f"m{number}.py": "1\n2\n" for number in range(2_003)})
    found, _ = counts(project, sha)
    assert (len(found[sha].files), found[sha].beyond) == (2_000, (6, 0))
