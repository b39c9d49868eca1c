"""Application factory: a function that builds, configures and returns the Flask application.

**What it sees.** Functions that create a Flask, Quart, APIFlask or connexion application and return it, functions that
receive an application and complete it, who calls them (a WSGI entry, the command line, another module), and whether
tests build their application through them.

**Why it matters.** With a factory the application can be made several times with different settings: in tests, in
workers, on the command line. A module-level application is one global that imports fight over.

**What it cannot tell.** Whether the factory is easy to read, or whether production really starts through it when the
start command lives outside the repository.
"""

from __future__ import annotations

from evidence.api import (
    Call,
    Factory,
    Observations,
    Project,
    PyFile,
    Role,
    Signal,
    Site,
    Sites,
    Use,
    environment_of,
    plural,
)

_NOT_OURS = (Role.EXAMPLE, Role.VENDORED, Role.GENERATED)
# Ways in which tests set the settings of the application, or of its environment.
_REPLACING = (".patch", ".patch.dict", ".patch.object", ".setattr", "patch")
_SETTINGS = frozenset({"settings", "config"})
_SETTING = (
    ".config.update",
    ".config.from_object",
    ".config.from_mapping",
    ".config.setdefault",
    ".setenv",
    "environ.update",
)


_TESTING = frozenset({"unittest", "flask_testing", "flask_unittest", "testtools"})
_ENTRIES = frozenset({
    "wsgi", "asgi", "app", "main", "run", "manage", "server", "application", "autoapp", "serve", "start", "__main__",
    "passenger_wsgi", "web", "index", "api", "cli", "__init__",
})  # fmt: skip

_DEFINED = ("defined", "defined_aside")
# A factory that calls less than a third of what another one does (a page for maintenance) is shown after it.
_SMALL = 3


def _wired(sites: Sites) -> set[str]:
    return sites.subjects(*_DEFINED) & sites.subjects("called", "called_aside", "built", "tested")


def _statement(sites: Sites) -> str:
    wired = sorted(_wired(sites))
    if not wired:
        return "A function makes the application, but nothing in the repository calls it."
    callers = sites.of("called", "called_aside").about(set(wired))
    places = {s.path for s in callers}
    tested = ", and tests build the application through it" if sites.of("tested").about(set(wired)) else ""
    name = wired[0].rpartition(":")[2]
    called = f"; it is called from {plural(len(places), 'file')} outside the tests" if places else ""
    return f"The factory {name}() makes the application{called}{tested}."


APP_FACTORY = Signal(
    id="flask.app_factory",
    title="Application factory",
    competency="app-structure",
    seeds=("S2.1", "C1.2"),
    counts=(
        "A function builds, configures and returns the application (or completes one it is handed), and "
        "something calls it."
    ),
    strong="Tests build the application through the factory, with settings of their own.",
    not_credited="An application made at module level; a factory that nothing calls.",
    how_to_show=(
        "Move the creation of the application into create_app(), call it from wsgi.py, and give tests a fixture "
        "that calls it."
    ),
    clauses=("defined", "called", "tested", "built", "called_aside", "defined_aside"),
    defining=_DEFINED,
    uncited=("called_aside",),
    applies="flask",
    practised=lambda sites: bool(_wired(sites)),
    sustained=lambda sites: bool(sites.subjects(*_DEFINED) & sites.subjects("tested")),
    measures=lambda sites: {
        "factories": len(sites.subjects(*_DEFINED)),
        "tests_through_factory": len({s.path for s in sites.of("tested")}),
    },
    statement=_statement,
)
SIGNALS = (APP_FACTORY,)


def detect(project: Project) -> Observations:
    """Factories, and every place that runs or tests them."""
    wires = {factory.key: _wires(factory) for factory in project.web.factories}
    for factory in project.web.factories:
        place = factory.definition
        clause = "defined_aside" if wires[factory.key] * _SMALL < max(wires.values()) else "defined"
        yield APP_FACTORY, _site(factory.file.path, place.start, place.end, clause, factory)
    configured = {f.path for f in (*project.tests, *filter(_supports_tests, project.app)) if _configures(f)}
    if any(p.endswith("conftest.py") for p in configured):
        configured = {f.path for f in project.tests}
    uses = [(use, clause) for use in project.web.factory_uses if (clause := _clause(project, use, configured))]
    served = {use.factory.key for use, clause in uses if clause == "called" and _serves(use)}
    entered = {use.factory.key for use, clause in uses if clause == "called" and use.file is not None and _serves(use)}
    started = {
        use.factory.key for use, clause in uses if clause == "called" and _serves(use) and not _for_development(use)
    }
    for use, clause in uses:
        # scripts that call it as well prove nothing more where the server does, nor commands that name the file for it
        shown = use.file is not None if use.factory.key in entered else True
        plain = use.factory.key in started and _for_development(use)
        aside = clause == "called" and (plain or (use.factory.key in served and not (_serves(use) and shown)))
        yield APP_FACTORY, _site(use.path, use.start, use.end, "called_aside" if aside else clause, use.factory)


def _wires(factory: Factory) -> int:
    """How many calls a factory itself makes; what the views inside it do is theirs."""
    scope = factory.file.scopes.get(factory.definition.qualname, 0)
    return sum(call.scope == scope for call in factory.file.calls_in(scope))


def _serves(use: Use) -> bool:
    """Whether a use starts the application: a command, or a file named as those that servers are given."""
    if use.file is None or use.path.endswith(".wsgi"):
        return True
    name = use.path.rpartition("/")[2].removesuffix(".py")
    # ``main_app.py``, ``run_server.py``
    return name in _ENTRIES or _ENTRIES.issuperset(name.lower().split("_"))


def _for_development(use: Use) -> bool:
    """Whether a command stands in a file that is named for development: ``compose-dev.yml``."""
    return use.file is None and environment_of(use.path) == "development"


def _clause(project: Project, use: Use, configured: set[str]) -> str:
    """What a use proves: a call that runs, a test with settings of its own, or one without; "" when nothing."""
    if use.file is None:
        return "" if project.role(use.path) in _NOT_OURS else "called"
    if use.file.role is Role.TEST or _supports_tests(use.file):
        own = use.configured or use.path in configured
        return "" if use.by_reference else "tested" if own else "built"
    # what stands at the top of a file runs when the file does
    return "called" if not use.scope or project.reach.live(use.path, use.scope) else ""


def _supports_tests(file: PyFile) -> bool:
    """Whether a file beside the application holds what tests build on: ``testing.py`` with a base of test cases."""
    imported = any(i.module.partition(".")[0] in _TESTING for i in file.module.imports)
    return (
        imported
        and not file.module.main
        and any(
            d.kind == "class" and any(b.text.endswith("TestCase") for b in d.bases) for d in file.module.definitions
        )
    )


def _site(path: str, start: int, end: int, clause: str, factory: Factory) -> Site:
    return Site(path=path, start=start, end=end, clause=clause, subject=factory.key)


def _configures(file: PyFile) -> bool:
    """Whether a test file sets settings of the application or of its environment."""
    targets = (a.target for a in file.module.assigns)
    if any(".config[" in t or t.endswith((".testing", ".TESTING")) or "environ[" in t for t in targets):
        return True
    return any(c.name.endswith(_SETTING) or _replaces_settings(c) for c in file.module.calls)


def _replaces_settings(call: Call) -> bool:
    if not call.name.endswith(_REPLACING) or not call.expr.args:
        return False
    return not _SETTINGS.isdisjoint(call.expr.args[0].text.split("."))
