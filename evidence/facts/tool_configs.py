"""Where development tools are configured: their tables in shared files, and files of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from evidence.facts.records import Data, Node
from evidence.facts.roles import Role, role_of

_PYPROJECT = (
    "ruff", "flake8", "black", "isort", "pylint", "pylint-tree", "yapf", "autopep8", "pycodestyle", "pydocstyle",
    "pylama", "prospector", "mypy", "pyright", "basedpyright", "pytype", "pyrefly", "ty", "pyre", "coverage", "pytest",
    "autoflake", "docformatter", "flakeheaven", "flakehell", "blue", "usort", "ufmt",
)  # fmt: skip
_SECTIONS = (
    "flake8", "pycodestyle", "pep8", "pydocstyle", "isort", "pylint", "mypy", "coverage", "pytest", "tool:pytest",
    "yapf", "pylama", "pyflakes", "pep257", "pytype", "autopep8",
)  # fmt: skip
# Sections that mean something only in a file of the tool's own.
_OWN = {
    ".coveragerc": "coverage",
    ".pylintrc": "pylint",
    "pylintrc": "pylint",
    ".isort.cfg": "isort",
    ".style.yapf": "yapf",
}
_OWN_FILES = {
    **_OWN,
    "ruff.toml": "ruff",
    ".ruff.toml": "ruff",
    "mypy.ini": "mypy",
    ".mypy.ini": "mypy",
    "pyrightconfig.json": "pyright",
    "pytype.cfg": "pytype",
    "pytest.ini": "pytest",
    ".pytest.ini": "pytest",
    ".flake8": "flake8",
    "pylama.ini": "pylama",
    ".prospector.yaml": "prospector",
    ".prospector.yml": "prospector",
    "prospector.yaml": "prospector",
    "prospector.yml": "prospector",
    "pyrefly.toml": "pyrefly",
    "ty.toml": "ty",
    ".coveragerc.toml": "coverage",
    "flakeheaven.toml": "flakeheaven",
}
_SHARED_INI = ("setup.cfg", "tox.ini")
_ALIASES = {
    "tool:pytest": "pytest",
    "pep8": "pycodestyle",
    "pep257": "pydocstyle",
    "basedpyright": "pyright",
    "pylint-tree": "pylint",
}
_SUFFIXES = (".jinja", ".jinja2", ".j2")


class ToolConfig(Struct, frozen=True):
    """One place that configures a tool: ``node`` is its table (the whole file where the file is the tool's own),
    ``section`` the table's name in lower case, and ``start``..``end`` the lines it spans."""

    path: str
    start: int
    end: int
    tool: str
    node: Node
    section: str = ""

    def values(self, *keys: str) -> list[Node]:
        """The values of these keys anywhere in the table; dashes and underscores are the same."""
        wanted = {k.replace("-", "_") for k in keys}
        return [v for n in self.node.walk() for k, v in n.pairs() if k.replace("-", "_") in wanted]


def tool_configs(data: Mapping[str, Data]) -> tuple[ToolConfig, ...]:
    """Every such place in files of the project's own, in path order."""
    found = [c for p, d in data.items() if role_of(p) in (Role.APP, Role.TEST) for c in _of_file(p, d.root)]
    return tuple(sorted(found, key=lambda c: (c.path, c.start, c.tool)))


def _of_file(path: str, root: Node) -> Iterable[ToolConfig]:
    name = path.rpartition("/")[2].lower()
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    if name == "pyproject.toml":
        return _tables(path, root.get("tool"), _PYPROJECT)
    if name in _SHARED_INI:
        return _tables(path, root, _SECTIONS)
    tool = _OWN_FILES.get(name)
    if tool is None or not root.items:
        return ()
    if tool in ("flake8", "mypy", "pytest"):  # the tool reads its own section there and nothing else
        return [c for c in _tables(path, root, _SECTIONS) if c.tool == tool]
    return [ToolConfig(path, root.start, root.end, tool, root)]


def _tables(path: str, root: Node | None, names: Iterable[str]) -> Iterator[ToolConfig]:
    """The tables of known tools. ``coverage:report``, ``mypy-requests.*`` and ``pylint.basic`` belong to the tool
    before the mark."""
    for key, node in root.pairs() if root is not None else ():
        section = key.lower()
        head = section if section in _ALIASES else section.replace(":", "-").replace(".", "-").partition("-")[0]
        if root is not None and head in names:
            start = min(root.line_of(key), node.start)
            yield ToolConfig(path, start, node.end, _ALIASES.get(head, head), node, section)
