"""Extensions bound lazily: created without an application, bound to one by ``init_app``.

**What it sees.** Objects created at module level without an application and bound inside a function by ``init_app``,
one by one or in a loop; whether they live in a module made for them; whether settings differ per environment.

**Why it matters.** An extension that is bound late belongs to no particular application: tests, workers and commands
can each make their own.

**What it cannot tell.** Whether an extension is a good choice, or is kept up to date.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Assign, Call, Expr, Observations, Project, PyFile, Signal, Site, Sites, plural

_HOMES = frozenset({"extensions", "ext", "extension", "exts", "plugins", "_extensions", "flask_extensions"})


def _lazy(sites: Sites) -> set[str]:
    return sites.subjects("created") & sites.subjects("bound")


def _home(sites: Sites) -> bool:
    lazy = _lazy(sites)
    return sum(s.subject in lazy and s.value == "home" for s in sites.of("created")) >= 2


def _statement(sites: Sites) -> str:
    lazy = _lazy(sites)
    names = sorted({s.rpartition(":")[2] for s in lazy})
    shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    if not lazy:
        return "init_app is called, but on nothing that was created unbound."
    tail = ", from a module of their own" if _home(sites) else ""
    return f"{plural(len(lazy), 'extension')} created unbound and bound by init_app ({shown}){tail}."


EXTENSIONS = Signal(
    id="flask.extensions_init_app",
    title="Extensions bound lazily with init_app",
    competency="extensions",
    seeds=("S2.2", "C1.4"),
    counts="Two or more extensions are created unbound and bound by init_app in the factory or a function it calls.",
    strong="They live in a module of their own, and settings differ per environment.",
    not_credited="Extension(app) only, at import time or in the factory.",
    how_to_show="Create extensions without an application in extensions.py and call init_app on each in create_app().",
    clauses=("bound", "created", "settings"),
    defining=("created",),
    uncited=("settings",),
    applies="flask",
    trace=lambda sites: bool(sites.of("bound")),
    practised=lambda sites: len(_lazy(sites)) >= 2,
    sustained=lambda sites: _home(sites) and bool(sites.of("settings")),
    measures=lambda sites: {"extensions": len(_lazy(sites)), "dedicated_module": _home(sites)},
    statement=_statement,
)
SIGNALS = (EXTENSIONS,)


def detect(project: Project) -> Observations:
    """Objects created unbound, the calls that bind them, and whether settings depend on the environment."""
    for file in project.app:
        for call in file.module.calls:
            if (
                call.name.endswith(".init_app")
                and file.function_of(call.scope) is not None
                and project.reach.live(file.path)
            ):
                yield from _bound(project, file, call)
    for file in project.app:
        if any(
            n in ("os.environ", "os.getenv") or n.startswith("os.environ.") for refs in file.module.refs for n in refs
        ):
            yield EXTENSIONS, Site(path=file.path, clause="settings", subject="environment")


def _bound(project: Project, file: PyFile, call: Call) -> Observations:
    receiver = call.name.removesuffix(".init_app")
    targets = list(_created(project, file, call.scope, receiver))
    for home, created in targets:
        subject = f"{home.path}:{created.target}"
        where = (
            "home"
            if home.path.rpartition("/")[2].removesuffix(".py") in _HOMES or _in_home_package(home)
            else "elsewhere"
        )
        yield (
            EXTENSIONS,
            Site(path=home.path, start=created.start, end=created.end, clause="created", subject=subject, value=where),
        )
        yield EXTENSIONS, Site(path=file.path, start=call.start, end=call.end, clause="bound", subject=subject)
    if not targets:
        yield (
            EXTENSIONS,
            Site(path=file.path, start=call.start, end=call.end, clause="bound", subject=f"{file.path}:{receiver}"),
        )


def _in_home_package(file: PyFile) -> bool:
    return file.folder.rpartition("/")[2] in _HOMES


def _created(project: Project, file: PyFile, scope: int, name: str, depth: int = 0) -> Iterator[tuple[PyFile, Call]]:
    """The module-level creations, without an application, of what a name stands for; loops over several included."""
    for item in file.assigned.get((scope, name), ()) if scope else ():
        if isinstance(item, Assign) and item.value.kind == "op" and item.value.text == "for" and depth < 3:
            for element in _elements(file, scope, item.value.items[0]):
                yield from _created(project, file, scope, element.text, depth + 1)
            return
    ref = project.resolve(file, name)
    if ref.external:
        return
    home = project.python[ref.path]
    for item in home.assigned.get((0, ref.name), ()):
        if isinstance(item, Call) and not any(a.text in ("app", "application") for a in item.expr.args):
            yield home, item
            return


def _elements(file: PyFile, scope: int, value: Expr) -> Iterator[Expr]:
    if value.kind == "list":
        yield from (e for e in value.items if e.kind == "name")
    elif value.kind == "name":
        for item in (*file.assigned.get((scope, value.text), ()), *file.assigned.get((0, value.text), ())):
            if isinstance(item, Assign) and item.value.kind == "list":
                yield from (e for e in item.value.items if e.kind == "name")
