"""Documents about a project: what they name, the diagrams in them, what builds them, what their comments say."""

from __future__ import annotations

import pytest

from evidence.facts.formats.documents import extract_markdown
from evidence.facts.project import Project
from evidence.testkit import Case, project_of

CI = "on: push\njobs:\n  docs:\n    steps:\n      - run: {}\n"


def _project(files: dict[str, str]) -> Project:
    return project_of(Case("Writings", files, (), ()))


def test_names_are_those_of_the_project() -> None:
    """A text names dependencies, modules and folders of the project; words that every project has do not count."""
    files = {
        "shop/billing.py": "X = 1\n",
        "requirements.txt": "celery\nflask-login\n",
        "docs/parts.md": "# Parts\n\nThe billing module of shop uses celery and flask_login; models and config.\n",
    }
    (writing,) = _project(files).writings.all
    assert (writing.stem, writing.title, writing.names) == ("parts", "Parts", 4)


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("docs/a.md", True),
        ("README.md", True),
        ("docs/{{app}}/a.md.jinja", True),
        ("vendor/x/README.md", False),
        ("app/templates/welcome.md", False),
        ("tests/data/a.md", False),
        ("web/node_modules/x/README.md", False),
    ],
)
def test_documents_of_others_are_left_out(path: str, own: bool) -> None:
    """Vendored documents, templates of mails and test data are not what people wrote about the project."""
    assert [w.path for w in _project({path: "# A\n\nText.\n"}).writings.all] == ([path] if own else [])


def test_a_section_ends_where_its_level_does() -> None:
    """What is below a section are its own sub-sections, up to the next heading of its level."""
    (writing,) = _project({"a.md": "# A\n\n## B\n\nx\n\n### C\n\ny\n\n## D\n\nz\n"}).writings.all
    assert [s.title for s in writing.below(1)] == ["B", "C"]
    assert [s.title for s in writing.below(3)] == ["D"]


FENCE = "```mermaid\nflowchart LR\n  a --> b\n  b --> c\n```\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"docs/a.md": "# A\n\n" + FENCE}, [("docs/a.md", 3, "")]),
        ({"docs/a.md": "# A\n\n```python\nx = 1\ny = 2\nz = 3\n```\n"}, []),
        ({"docs/a.md": "# A\n\n```dot\na\n```\n"}, []),
        ({"docs/flow.puml": "x"}, [("docs/flow.puml", 1, "")]),
        ({"docs/er_diagram.png": "x"}, [("docs/er_diagram.png", 1, "")]),
        ({"docs/photo.png": "x", "static/diagram.png": "x", "docs/logo-diagram.png": "x"}, []),
        ({"a/x.md": "![x](../img/schema.png)\n", "img/schema.png": "x"}, [("a/x.md", 1, "img/schema.png")]),
        ({"a/x.md": "![x](schema.png)\n"}, []),
        ({"docs/x.md": "![x](erd.png)\n", "docs/erd.png": "x"}, [("docs/x.md", 1, "docs/erd.png")]),
        ({"vendor/x/flow.puml": "x", "tests/flow.puml": "x"}, []),
    ],
)
def test_diagrams_are_found_once(files: dict[str, str], found: list[tuple[str, int, str]]) -> None:
    """A diagram is a fence of some length, a source, or an image named for what it shows and really there."""
    assert [(d.path, d.start, d.file) for d in _project(files).diagrams] == found


@pytest.mark.parametrize(
    ("files", "pages", "built"),
    [
        ({"docs/conf.py": "", "ci": "sphinx-build docs out"}, ["docs/a.md"], "docs/conf.py"),
        ({"docs/conf.py": "", "ci": "make html"}, ["docs/a.md"], "docs/conf.py"),
        ({"mkdocs.yml": "site_name: x\n", "ci": "mkdocs build"}, ["docs/a.md"], "mkdocs.yml"),
        ({".readthedocs.yml": "version: 2\n", "ci": "pytest"}, ["docs/a.md"], ".readthedocs.yml"),
        ({"ci": "markdownlint docs"}, ["README.md"], ".github/workflows/ci.yml"),
        ({"docs/conf.py": "", "ci": "pytest"}, ["docs/a.md"], ""),
        ({"docs/conf.py": "", "ci": "sphinx-build docs out"}, ["README.md"], ""),
        ({"docs/conf.py": "", "ci": "sphinx-build docs out"}, [], ""),
    ],
)
def test_documentation_is_built_where_ci_builds_it(files: dict[str, str], pages: list[str], built: str) -> None:
    """A site's configuration counts when a step builds it and the pages lie in it; a linter counts for any page."""
    named = {
        (".github/workflows/ci.yml" if p == "ci" else p): (CI.format(t) if p == "ci" else t) for p, t in files.items()
    }
    place = _project(named).documentation_build(pages)
    assert (place.path if place else "") == built


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("# A\n\n<!-- say why -->\n\nText <!-- and how -->\n", "say why\nand how"),
        ("<!-- open\nto the end", "open\nto the end"),
        ("no comment\n", ""),
        ("<!--" + "x" * 9_000 + "-->", "x" * 4_000),
    ],
)
def test_comments_are_kept_apart(text: str, comments: str) -> None:
    """What HTML comments say is kept beside the prose, up to a limit."""
    assert extract_markdown(text.encode()).comments == comments
