"""Fixtures, factories and fakes: what tests stand on is prepared once and shared.

**What it sees.** pytest fixtures that several tests ask for, factories (factory_boy and kin, or functions of the tests
that build the project's models), libraries that answer in place of external services, patches of calls to such
services, and what gives each test a database of its own: tables dropped, emptied or rolled back after every test.

**Why it matters.** Tests that prepare everything themselves are long, differ by accident, and break together. Tests
that share rows pass alone and fail in a group.

**What it cannot tell.** Whether a fake behaves like the service it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Definition, Fixture, Observations, Project, PyFile, Role, Signal, Site, Sites, plural

#: What takes a database back to where it was.
_WIPES = frozenset({
    "drop_all", "rollback", "sorted_tables", "drop_database", "truncate", "truncate_tables", "truncate_all",
    "downgrade", "drop_tables", "drop_table", "drop_collection", "flushdb", "flushall", "delete_db", "reset_db",
    "clear_db", "drop_db", "clean_db", "truncate_db", "reset_database", "clear_database", "clean_database",
    "delete_database",
})  # fmt: skip
#: A database file of its own for each test, as Flask's tutorial does it.
_OWN_FILE = frozenset({"mkstemp", "unlink"})
# What builds the tables again.
_BUILDS = frozenset({"create_all", "upgrade"})
#: What ends a database altogether; a helper that so many tests call for it is how each gets a clean one.
_ENDS = _WIPES - {"rollback", "sorted_tables", "downgrade", "flushdb", "flushall"}
_MANY = 5
_SET_UPS = frozenset({"setUp", "setup_method", "setup", "asyncSetUp"})
#: What a base class prepares for the tests of others, besides these.
_OF_A_BASE = _SET_UPS | {"setUpClass", "setup_class", "create_app"}
_TEAR_DOWNS = frozenset({"tearDown", "teardown_method", "teardown", "asyncTearDown"})
_SHOWN = 40
# A single patched call is an incident; three are how these tests are written.
_HABIT = 3


def _practised(sites: Sites) -> bool:
    return bool(sites.of("shared", "reused", "factory", "fake", "generated")) or sites.count("patched") >= _HABIT


def _factories_for_most(sites: Sites) -> bool:
    """Factories for at least half of the models."""
    models = sites.subjects("model")
    return bool(models) and 2 * len(sites.subjects("factory") & models) >= len(models)


def _statement(sites: Sites) -> str:
    counted = (
        (sites.count("shared", "reused"), "shared fixture or base class", "shared fixtures or base classes"),
        (sites.count("factory"), "factory", "factories"),
        (len(sites.subjects("fake")), "kind of fake", "kinds of fake"),
        (sites.count("patched"), "patched call of an external service", "patched calls of external services"),
        (len(sites.subjects("generated")), "generator of test data", "generators of test data"),
    )
    parts = [plural(count, one, many) for count, one, many in counted if count]
    if not parts:
        return "Tests prepare themselves class by class; nothing is shared."
    return f"{', '.join(parts)}" + ("; each test gets a clean database." if sites.has("isolated") else ".")


FIXTURES = Signal(
    id="test.fixtures_factories",
    title="Fixtures, factories and fakes",
    competency="testing",
    seeds=("S8.1", "C7.3"),
    counts="Shared pytest fixtures, factories of models, or fakes of external services.",
    strong="Factories for most models, or a clean database for every test.",
    not_credited=(
        "setUp methods that one class keeps to itself; fixtures nothing asks for, or that return literals; a library "
        "that is only installed."
    ),
    how_to_show=(
        "Move the application, client and database into conftest fixtures, roll back after each test, and build rows "
        "with factories."
    ),
    clauses=("factory", "isolated", "shared", "fake", "reused", "generated", "patched", "set_up", "model"),
    leads=("set_up",),
    defining=("factory", "isolated", "shared", "fake", "reused", "generated", "patched", "set_up"),
    uncited=("model",),
    practised=_practised,
    sustained=lambda sites: sites.has("isolated") or _factories_for_most(sites),
    trace=lambda sites: bool(sites.of("set_up", "patched", "isolated")),
    measures=lambda sites: {
        "shared": sites.count("shared", "reused"),
        "factories": sites.count("factory"),
        "fakes": len(sites.subjects("fake")),
    },
    statement=_statement,
)
SIGNALS = (FIXTURES,)


def detect(project: Project) -> Observations:
    """Fixtures and what they clean up, factories, fakes, and patches of external services."""
    if not project.suite.functions:
        return
    fixtures = list(_fixtures(project))
    common = any(s.clause == "shared" for s in fixtures)
    yield from ((FIXTURES, s) for s in fixtures if s.clause != "reused" or not common)
    yield from ((FIXTURES, s) for s in (*_set_ups(project), *_ended(project)))
    for item in project.stand_ins.all:
        yield FIXTURES, Site(path=item.path, start=item.start, end=item.end, clause=item.kind, subject=item.subject)
    if any(s.kind == "factory" for s in project.stand_ins.all):
        for name, (file, definition) in project.stand_ins.models.items():
            yield FIXTURES, _site(file, definition, "model", name)


def _site(file: PyFile, definition: Definition, clause: str, subject: str) -> Site:
    end = min(definition.end, definition.start + _SHOWN - 1)
    return Site(path=file.path, start=definition.start, end=end, clause=clause, subject=subject)


def _fixtures(project: Project) -> Iterator[Site]:
    known: dict[str, _Refs] = {}
    for fixture in project.suite.fixtures:
        file, definition = fixture.file, fixture.definition
        refs = known.get(file.path) or known.setdefault(file.path, _Refs(file))
        if fixture.shared and fixture.scope in refs.calling:
            yield _site(file, definition, "reused" if _is_test_module(file) else "shared", definition.name)
        named = refs.followed(fixture.scope)
        cleans = _cleans(named) and _per_test(fixture, refs, anew=not _BUILDS.isdisjoint(named))
        if not _is_test_module(file) and (cleans or _in_memory(project, fixture)):
            yield _site(file, definition, "isolated", definition.name)


class _Refs:
    """What each function of a file, with those nested in it, refers to: the last names."""

    def __init__(self, file: PyFile) -> None:
        self._file = file
        self.calling = {c.scope for c in file.module.calls}
        self._names: dict[int, set[str]] = {}
        for index, names in enumerate(file.module.refs):
            last = {n.rpartition(".")[2].partition("(")[0] for n in names}
            scope = index
            while scope:
                self._names.setdefault(scope, set()).update(last)
                scope = file.module.definitions[scope - 1].parent

    def of(self, scope: int) -> set[str]:
        """What one function refers to."""
        return self._names.get(scope, set())

    def followed(self, scope: int) -> set[str]:
        """The same, with what the functions of this file that it names refer to."""
        scopes = self._file.scopes
        return self.of(scope).union(*(self.of(scopes[n]) for n in sorted(self.of(scope)) if n in scopes))


def _in_memory(project: Project, fixture: Fixture) -> bool:
    """Whether a fixture makes a database in memory for each test that asks for it."""
    if fixture.lifetime != "function" or not fixture.users:
        return False
    calls = [c for c in fixture.file.module.calls if c.scope == fixture.scope]
    if any(c.last == "MongoClient" and project.external(fixture.file, c.name).startswith("mongomock") for c in calls):
        return True
    texts = (e.text for c in calls for v in c.expr.items for e in v.walk() if e.kind in ("str", "fstring"))
    return any(t in ("sqlite://", "sqlite:///:memory:", "sqlite+pysqlite:///:memory:", ":memory:") for t in texts)


def _ended(project: Project) -> Iterator[Site]:
    """Helpers that take the database away, called by many tests."""
    used = project.tested_names()
    for file in project.tests:
        if _is_test_module(file):
            continue
        refs = _Refs(file)
        for index, definition in enumerate(file.module.definitions):
            plain = definition.kind == "function" and not definition.parent
            if plain and not _ENDS.isdisjoint(refs.of(index + 1)) and len(used.get(definition.name, ())) >= _MANY:
                yield _site(file, definition, "isolated", definition.name)


def _cleans(named: set[str]) -> bool:
    """Whether what a function refers to takes a database back, or gives a test a file of its own."""
    rebuilt = "remove" in named and not _BUILDS.isdisjoint(named)
    return not _WIPES.isdisjoint(named) or named >= _OWN_FILE or rebuilt


def _is_test_module(file: PyFile) -> bool:
    """Whether a file holds tests itself: its fixtures serve these alone."""
    name = file.path.rpartition("/")[2]
    return name.startswith("test") or name.endswith(("_test.py", "_tests.py"))


def _per_test(fixture: Fixture, refs: _Refs, anew: bool) -> bool:
    """Whether a fixture is set up and taken down for each test that uses it, or taken down before it is made
    ``anew``."""
    ends = fixture.definition.yields or "addfinalizer" in refs.of(fixture.scope) or anew
    return fixture.lifetime == "function" and ends and (fixture.autouse or fixture.users > 0)


def _set_ups(project: Project) -> Iterator[Site]:
    """setUp methods that build something, and pairs of setUp and tearDown that leave a clean database."""
    heirs = _heirs(project)
    # a base class for tests may stand beside the application: ``app/testing.py``
    kept = [f for f in project.app if any(d.name in heirs and _is_case(d) for d in f.module.definitions)]
    for file in (*project.tests, *kept):
        definitions = file.module.definitions
        prepared = [i for i, d in enumerate(definitions) if d.parent and d.name in _OF_A_BASE | _TEAR_DOWNS]
        if not prepared:
            continue
        refs = _Refs(file)
        for index in prepared:
            around = definitions[definitions[index].parent - 1]
            if around.kind != "class" or index + 1 not in refs.calling:
                continue
            if definitions[index].name in _OF_A_BASE and _is_base(file, around, heirs):
                yield _site(file, definitions[index], "shared", around.name)
            named = refs.of(index + 1) | _called(project, file, index + 1)
            clause = "isolated" if _cleans(named) else "set_up"
            if clause == "isolated" or definitions[index].name in _SET_UPS:
                yield _site(file, definitions[index], clause, around.name)


def _called(project: Project, file: PyFile, scope: int) -> set[str]:
    """What the functions of the tests' own helper files that a set-up calls refer to."""
    named: set[str] = set()
    for call in file.calls_in(scope):
        found = project.defined(file, call.name) if call.name else None
        if found is not None and found[0] is not file and found[1].kind == "function" and found[0].role is Role.TEST:
            named |= _Refs(found[0]).of(found[0].scopes.get(found[1].qualname, 0))
    return named


def _is_case(definition: Definition) -> bool:
    return definition.kind == "class" and any(b.text.endswith("TestCase") for b in definition.bases)


def _heirs(project: Project) -> dict[str, list[str]]:
    """By the last name of a base class, the files of the test classes that have it."""
    found: dict[str, list[str]] = {}
    for file in project.tests:
        for definition in file.module.definitions:
            for base in definition.bases if definition.kind == "class" else ():
                found.setdefault(base.text.rpartition(".")[2], []).append(file.path)
    return found


def _is_base(file: PyFile, around: Definition, heirs: dict[str, list[str]]) -> bool:
    """Whether test classes of another file, or several of its own, stand on what this class sets up."""
    paths = heirs.get(around.name, ())
    return any(path != file.path for path in paths) or len(paths) > 1
