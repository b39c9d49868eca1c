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

from evidence.api import Factory, Observations, Project, PyFile, Signal, Site, Sites, plural


def _wired(sites: Sites) -> set[str]:
    return sites.subjects("defined") & sites.subjects("called", "tested")


def _statement(sites: Sites) -> str:
    wired = sorted(_wired(sites))
    if not wired:
        return "A function makes the application, but nothing in the repository calls it."
    callers = sites.of("called").about(set(wired))
    places = {s.path for s in callers}
    tested = ", and tests build the application through it" if sites.of("tested").about(set(wired)) else ""
    name = wired[0].rpartition(":")[2]
    return (
        f"The factory {name}() makes the application; {plural(len(places), 'file')} outside the tests call it{tested}."
    )


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
    clauses=("defined", "called", "tested"),
    defining=("defined",),
    applies="flask",
    practised=lambda sites: bool(_wired(sites)),
    sustained=lambda sites: bool(sites.subjects("defined") & sites.subjects("tested")),
    measures=lambda sites: {
        "factories": len(sites.subjects("defined")),
        "tests_through_factory": len({s.path for s in sites.of("tested")}),
    },
    statement=_statement,
)
SIGNALS = (APP_FACTORY,)


def detect(project: Project) -> Observations:
    """Factories, and every place that calls or tests them."""
    by_place = {(f.file.path, f.definition.qualname): f for f in project.web.factories}
    for factory in project.web.factories:
        yield (
            APP_FACTORY,
            Site(
                path=factory.file.path,
                start=factory.definition.start,
                end=factory.definition.end,
                clause="defined",
                subject=factory.key,
            ),
        )
    for file in (*project.app, *project.tests):
        yield from _calls(project, file, by_place)


def _calls(project: Project, file: PyFile, factories: dict[tuple[str, str], Factory]) -> Observations:
    clause = "tested" if file in project.tests else "called"
    for call in file.module.calls:
        found = factories.get(project.resolve(file, call.name)) if call.name else None
        if found is not None and file.function_of(call.scope) is not found.definition:
            yield APP_FACTORY, Site(path=file.path, start=call.start, end=call.end, clause=clause, subject=found.key)
