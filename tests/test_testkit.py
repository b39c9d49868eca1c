"""The test kit: what a case says, and that it is held to it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from evidence.api import Detector, Observations, Project
from evidence.model import Signal, Site
from evidence.testkit import Case, cases_in, check_case, project_of, read_case

CASE = """# A factory that is called

Some words between.

```python app/__init__.py
x = 1

y = 2
```

````markdown docs/read me.md
```python
inner
```
````

```
without a path: only shown
```

```history
2025-03-01 ada app/__init__.py
2024-01-31 bob app/__init__.py docs/read me.md
```

```expect
a.b practised app/__init__.py:1-2 app/__init__.py:3
a.c absent
```
"""

SIGNAL = Signal(
    id="a.b",
    title="Ones",
    competency="app-structure",
    seeds=("S2.1",),
    counts="Two ones.",
    strong="Three.",
    not_credited="None.",
    clauses=("one",),
    defining=("one",),
    practised=lambda sites: len(sites) >= 2,
    sustained=lambda sites: len(sites) >= 3,
    statement=lambda sites: f"{len(sites)} ones.",
    how_to_show="Add ones.",
    applies="python",
)


def _detect(project: Project) -> Observations:
    for file in project.app:
        for item in file.module.assigns:
            if item.value.text == "1":
                yield SIGNAL, Site(path=file.path, start=item.start, end=item.end, clause="one")


ONES = cast(Detector, SimpleNamespace(__name__="ones", SIGNALS=(SIGNAL,), detect=_detect))


def test_a_case_is_read_whole() -> None:
    """Title, files by path, longer fences with fences inside, history and expectations."""
    case = read_case(CASE)
    assert case.title == "A factory that is called"
    assert dict(case.files) == {
        "app/__init__.py": "x = 1\n\ny = 2\n",
        "docs/read me.md": "```python\ninner\n```\n",
    }
    assert [(c.author, len(c.paths)) for c in case.changes] == [("bob", 3), ("ada", 1)]
    assert [(e.signal, e.result, e.places) for e in case.expectations] == [
        ("a.b", "practised", (("app/__init__.py", 1, 2), ("app/__init__.py", 3, 3))),
        ("a.c", "absent", ()),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```expect\na.b absent\n```\n", "needs a title"),
        ("# Title\n", "an expect fence"),
        ("# Title\n```expect\n\n```\n", "an expect fence"),
        ("# Title\n```python a.py\nx = 1\n", "'python a.py' is not closed"),
        ("# Title\n```expect\na.b practised a.py\n```\n", "must be path:first-last"),
        ("# Title\n```expect\na.b practised a.py:x\n```\n", "must be path:first-last"),
    ],
)
def test_a_case_that_says_nothing_is_refused(text: str, complaint: str) -> None:
    """A case without a title, without an expectation, or with one that cannot be checked is an error, not a pass."""
    with pytest.raises(ValueError, match=complaint):
        read_case(text)


def test_the_case_becomes_a_project() -> None:
    """Files are read by the extractors of a real scan, and the history answers for their dates, newest commit first."""
    project = project_of(read_case(CASE))
    assert sorted(project.python) == ["app/__init__.py"]
    assert sorted(project.documents) == ["docs/read me.md"]
    assert [c.author.name for c in project.history.commits] == ["ada", "bob"]
    dates = project.history.dates(["app/__init__.py", "nowhere"])
    assert dates["app/__init__.py"] == (1706659200, 1740787200)
    assert dates["nowhere"] == ()


@pytest.mark.parametrize(
    ("files", "expectation", "problems"),
    [
        ({"m.py": "x = 1\ny = 1\n"}, "a.b practised", []),
        ({"m.py": "x = 1\ny = 1\n"}, "a.b practised m.py:2", []),
        ({"m.py": "x = 1\n"}, "a.b trace m.py:1-9", []),
        ({"m.py": "x = 2\n"}, "a.b absent", []),
        ({"m.txt": "x"}, "a.b not_applicable", []),
        ({"m.py": "x = 1\n"}, "a.b practised", ["a.b: expected practised, got trace (1 ones.)"]),
        ({"m.py": "x = 1\n"}, "a.b absent", ["a.b: expected absent, got trace (1 ones.)"]),
        ({"m.py": "x = 1\n"}, "a.b trace m.py:2-3", ["a.b: no site at m.py:2-3 among m.py:1-1"]),
        ({"m.py": "x = 1\n"}, "a.b trace n.py:1", ["a.b: no site at n.py:1-1 among m.py:1-1"]),
        ({"m.py": "x = 1\n"}, "a.other trace", ["no detector answers a.other"]),
    ],
)
def test_differences_are_told(files: dict[str, str], expectation: str, problems: list[str]) -> None:
    """A case passes only when result and places are those found; else it says what was expected and what was there."""
    case = Case("Ones", files, (), read_case(f"# Ones\n```expect\n{expectation}\n```\n").expectations)
    assert check_case(case, [ONES]) == problems


def test_a_detector_that_stops_fails_the_case() -> None:
    """What a plugin raises is a problem of the case, whatever the case expects."""
    broken = cast(Detector, SimpleNamespace(__name__="broken", SIGNALS=(SIGNAL,), detect=lambda _: 1 / 0))
    case = Case("Ones", {"m.py": ""}, (), read_case("# Ones\n```expect\na.b error\n```\n").expectations)
    assert check_case(case, [broken]) == ["broken: stopped with ZeroDivisionError"]


def test_cases_are_collected_by_path(tmp_path: Path) -> None:
    """Every Markdown file below a folder is a case, in a fixed order; one that cannot be read is named."""
    for name in ("b.x/two.md", "a.y/one.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(CASE, encoding="utf-8")
    assert list(cases_in(tmp_path)) == ["a.y/one.md", "b.x/two.md"]
    (tmp_path / "b.x" / "three.md").write_text("# Title\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^b\.x/three\.md: a case needs"):
        cases_in(tmp_path)
