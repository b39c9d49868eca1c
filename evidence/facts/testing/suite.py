"""The tests of a project, one by one: which are collected, which check anything, which touch the project's code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.roles import Role
from evidence.facts.testing.collected import candidates, expected_to_fail, is_apart
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SKIPS = regex(r"(?:^|\.)(?:mark\.)?skip$")
_FIXTURES = ("pytest.fixture", "pytest_asyncio.fixture", "pytest.yield_fixture", "fixture")
_SET_UPS = frozenset({
    "setUp", "setUpClass", "asyncSetUp", "setup", "setup_method", "setup_class", "setup_module", "create_app", "set_up",
})  # fmt: skip

_BROWSERS = frozenset({"selenium", "splinter", "playwright", "pyppeteer", "seleniumbase", "behave"})
_CLIENTS = frozenset({"requests", "httpx"})
_REPLACED = frozenset(
    {"responses", "requests_mock", "respx", "httpretty", "vcr", "mock", "pytest_httpx", "pytest_mock"}
)


class CollectedTest(Struct, frozen=True, eq=False):
    """One collected test. ``checks`` means that it (or a helper of the tests it calls) asserts something that can fail;
    ``own`` that it reaches code of the project: by import, through fixtures, or through its class."""

    file: PyFile
    scope: int
    definition: Definition
    checks: bool
    own: bool

    @property
    def effective(self) -> bool:
        """Whether it can fail because the project's code is wrong."""
        return self.checks and self.own

    @property
    def marks(self) -> Iterator[tuple[str, int, int]]:
        """The pytest marks on it, on its class and on its module: (name, first line, last line)."""
        for expr, first, last in self._marked:
            yield expr.text.rpartition(".")[2], first, last

    @property
    def mark_expressions(self) -> Iterator[Expr]:
        """The same as they are written."""
        return (expr for expr, _, _ in self._marked)

    @property
    def _marked(self) -> Iterator[tuple[Expr, int, int]]:
        around = self.file.definition(self.definition.parent)
        for marked in (self.definition, *((around,) if around is not None else ())):
            for decorator in marked.decorators:
                if ".mark." in decorator.expr.text:
                    yield decorator.expr, decorator.line, marked.line
        yield from _module_marks(self.file)


class Fixture(Struct, frozen=True, eq=False):
    """One pytest fixture. ``shared`` means that it stands in a conftest, or is asked for by more than one function."""

    file: PyFile
    scope: int
    definition: Definition
    lifetime: str
    autouse: bool
    users: int

    @property
    def shared(self) -> bool:
        """Whether more than its own test can use it, and something does."""
        return self.autouse or self.users > 1 or (self.users == 1 and self.file.path.endswith("conftest.py"))


class Suite:
    """The tests of one project and the fixtures they stand on."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._files = project.tests

    @cached_property
    def functions(self) -> tuple[CollectedTest, ...]:
        """Every test that pytest or unittest would collect and not skip, in path order."""
        return tuple(t for f in self._files for t in self._of_file(f))

    def _of_file(self, file: PyFile) -> Iterable[CollectedTest]:
        if _skips_all(file) or file.path.endswith("conftest.py"):
            return
        reached = file.path in self._reaching
        for scope, definition, around in candidates(file):
            if any(_skipped(d) for d in (definition, around) if d is not None):
                continue
            checks = definition.asserts > 0 or not self._helpers.isdisjoint(_called(file, scope))
            own = reached or (self._conftests(file) and len(definition.params) > (around is not None))
            alone = own and not _asks_from_outside(file) and is_apart(file, scope, definition)
            test = CollectedTest(file, scope, definition, checks, own and not alone)
            yield test if not any(map(expected_to_fail, test.mark_expressions)) else replace(test, checks=False)

    @cached_property
    def _helpers(self) -> frozenset[str]:
        """Names of functions of the tests that check something on behalf of a test."""
        return frozenset(
            d.name
            for f in self._files
            for d in f.module.definitions
            if d.kind == "function" and d.asserts and not d.name.startswith("test") and d.name not in _SET_UPS
        )

    @cached_property
    def _reaching(self) -> frozenset[str]:
        """Test files that import code of the project, themselves or through other test files; and browser or HTTP
        tests."""
        graph = self._project.imports.graph
        app = [f.path for f in self._project.python_of(Role.APP, Role.MIGRATION, Role.GENERATED) if f.path in graph]
        outside = [f.path for f in self._files if f.path in graph and _asks_from_outside(f)] if app else []
        return self._project.imports.leading_to([*app, *outside])

    def _conftests(self, file: PyFile) -> bool:
        """Whether a conftest above a test reaches the project's code."""
        folder = file.folder
        while True:
            path = f"{folder}/conftest.py" if folder else "conftest.py"
            if path in self._reaching:
                return True
            if not folder:
                return False
            folder = folder.rpartition("/")[0]

    @cached_property
    def fixtures(self) -> tuple[Fixture, ...]:
        """Every pytest fixture of the tests, in path order."""
        users = self._users
        found = []
        for file in (*self._files, *(f for f in self._project.app if f.path.endswith("conftest.py"))):
            for index, definition in enumerate(file.module.definitions):
                expr = next((d.expr for d in definition.decorators if d.expr.text.endswith(_FIXTURES)), None)
                if expr is None or definition.kind != "function":
                    continue
                name = expr.kwarg("name")
                scope, autouse = expr.kwarg("scope"), expr.kwarg("autouse")
                known = name.text if name is not None and name.kind == "str" else definition.name
                lifetime = scope.text if scope is not None else "function"
                found.append(
                    Fixture(
                        file,
                        index + 1,
                        definition,
                        lifetime,
                        autouse is not None and autouse.text == "True",
                        users.get(known, 0),
                    )
                )
        return tuple(found)

    @cached_property
    def _users(self) -> dict[str, int]:
        """How many tests and fixtures ask for each name: as a parameter, or with ``usefixtures``."""
        counts: dict[str, int] = {}
        for file in self._files:
            for definition in file.module.definitions:
                asked = set(definition.params) if definition.kind == "function" else set()
                for decorator in definition.decorators:
                    if decorator.expr.text.endswith("usefixtures"):
                        asked.update(a.text for a in decorator.expr.args if a.kind == "str")
                for name in asked:
                    counts[name] = counts.get(name, 0) + 1
            for item in file.module.calls:
                if item.name.endswith("usefixtures") and item.target == "pytestmark":
                    for argument in item.expr.args:
                        counts[argument.text] = counts.get(argument.text, 0) + 2
        for name, other in self._aliases:
            counts[name] = counts.get(name, 0) + counts.get(other, 0)
        return counts

    @property
    def _aliases(self) -> Iterator[tuple[str, str]]:
        """Functions that have another name too: ``db = own_database``."""
        for file in self._files:
            for item in file.module.assigns:
                if item.scope == 0 and item.value.kind == "name" and item.value.text in file.defined:
                    yield item.value.text, item.target


def _asks_from_outside(file: PyFile) -> bool:
    """Whether a test file drives a browser, or asks a running service over HTTP with nothing put in its place."""
    names = {i.target.partition(".")[0] for i in file.module.imports}
    replaced = names & _REPLACED or any(i.target.startswith("unittest.mock") for i in file.module.imports)
    return bool(names & _BROWSERS) or bool(names & _CLIENTS and not replaced)


def _skipped(definition: Definition) -> bool:
    return any(_SKIPS.search(d.expr.text) for d in definition.decorators)


def _skips_all(file: PyFile) -> bool:
    """A module that marks all its tests as skipped."""
    return any(expr.text.endswith(".skip") for expr, _, _ in _module_marks(file))


def _module_marks(file: PyFile) -> Iterator[tuple[Expr, int, int]]:
    """The marks that ``pytestmark`` puts on a whole module."""
    for item in file.assigned.get((0, "pytestmark"), ()):
        expr = item.expr if isinstance(item, Call) else item.value
        for part in (expr, *expr.items) if expr.kind != "call" else (expr,):
            if ".mark." in part.text:
                yield part, item.start, item.end


def _called(file: PyFile, scope: int) -> set[str]:
    """Last names of what a test refers to."""
    return (
        {name.rpartition(".")[2].partition("(")[0] for name in file.module.refs[scope]}
        if scope < len(file.module.refs)
        else set()
    )
