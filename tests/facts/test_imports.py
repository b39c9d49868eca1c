"""The import graph: who imports whom, cycles, and what is reached."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.projects import project


def _edges(files: Mapping[str, str]) -> set[tuple[str, str, bool]]:
    return {(a, b, d["deferred"]) for a, b, d in project(files).imports.graph.edges(data=True)}


PACKAGE = {"app/__init__.py": "", "app/a.py": "X = 1\n", "app/b.py": ""}


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("import app.a\n", {("app/b.py", "app/a.py", False)}),
        ("from app import a\n", {("app/b.py", "app/a.py", False)}),
        ("from app.a import X\n", {("app/b.py", "app/a.py", False)}),
        ("from . import a\n", {("app/b.py", "app/a.py", False)}),
        ("from .a import X\n", {("app/b.py", "app/a.py", False)}),
        ("from app import NAME\n", {("app/b.py", "app/__init__.py", False)}),
        ("def f():\n    from app import a\n", {("app/b.py", "app/a.py", True)}),
        ("class K:\n    from app import a\n", {("app/b.py", "app/a.py", False)}),
        ("def f():\n    import app.a\n\nimport app.a\n", {("app/b.py", "app/a.py", False)}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app import a\n", set()),
        ("if False:\n    from app import a\n", set()),
        ("import flask\nimport b\n", set()),
        ("# import app.a\nX = 'import app.a'\n", set()),
    ],
)
def test_edges_are_imports_that_happen(text: str, edges: set[tuple[str, str, bool]]) -> None:
    """Each way of writing an import leads to the file it loads; deferred ones stand in functions."""
    assert _edges({**PACKAGE, "app/b.py": text}) == edges


def test_cycles_are_told_module_by_module() -> None:
    """Groups of modules that import each other at the top level, among the paths asked for alone."""
    files = {
        "a.py": "import b\n", "b.py": "import c\n", "c.py": "import a\n", "d.py": "import a\n",
        "e.py": "import f\n", "f.py": "def g():\n    import e\n", "h.py": "import h\n",
    }  # fmt: skip
    imports = project(files).imports
    assert imports.cycles(files) == [["a.py", "b.py", "c.py"]]
    assert imports.cycles(["a.py", "b.py", "d.py"]) == []
    assert imports.deferred_closing_cycles(files) == [("f.py", "e.py", 2)]


def test_a_package_and_its_parts() -> None:
    """Re-exporting parts is no cycle; a part that takes a name from its package closes one."""
    files = {"p/__init__.py": "from .a import A\nN = 1\n", "p/a.py": "A = 1\n"}
    assert project(files).imports.cycles(files) == []
    files["p/a.py"] = "from p import N\nA = 1\n"
    assert project(files).imports.cycles(files) == [["p/__init__.py", "p/a.py"]]


def test_reaching_includes_packages_on_the_way() -> None:
    """Importing a module runs its packages, and what those import."""
    files = {
        "run.py": "import shop.web.views\n", "shop/__init__.py": "import config\n", "shop/web/__init__.py": "",
        "shop/web/views.py": "", "config.py": "", "other.py": "",
    }  # fmt: skip
    imports = project(files).imports
    assert imports.reachable(["run.py"]) == set(files) - {"other.py"}
    assert imports.reachable(["run.py"], frozenset({"shop/__init__.py"})) == set(files) - {
        "other.py",
        "config.py",
        "shop/__init__.py",
    }
    assert imports.reachable(["nowhere.py"]) == frozenset()


def test_long_chains_and_wide_circles_are_walked() -> None:
    """Two thousand modules in one circle are one cycle, found without recursion."""
    files = {f"m{i}.py": f"import m{(i + 1) % 2000}\n" for i in range(2000)}
    imports = project(files).imports
    assert [len(group) for group in imports.cycles(files)] == [2000]
    assert len(imports.reachable(["m0.py"])) == 2000
