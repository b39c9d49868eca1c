"""Extensions bound lazily: created without an application, bound to one by ``init_app``.

**What it sees.** Objects created without an application, at module level or beside such ones in the factory, and
bound inside a function by ``init_app``, one by one or in a loop; whether they live in a module made for them; whether
settings differ per environment.

**Why it matters.** An extension that is bound late belongs to no particular application: tests, workers and commands
can each make their own.

**What it cannot tell.** Whether an extension is a good choice, or is kept up to date.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from evidence.api import Assign, Call, Expr, Observations, Project, PyFile, Signal, Site, Sites, plural

_ENVIRONMENT = ("os.environ", "os.getenv")
_HOMES = frozenset({"extensions", "ext", "extension", "exts", "plugins", "_extensions", "flask_extensions"})


def _lazy(sites: Sites) -> set[str]:
    """What is created unbound and bound later; what a factory keeps for itself counts beside what it shares."""
    lazy = sites.subjects("created", "strewn") & sites.subjects("bound", "bound_aside")
    # services of one repository that each create the same one have one extension each
    lazy = lazy if len({s.rpartition(":")[2] for s in lazy}) > 1 else set(sorted(lazy)[:1])
    shared = {s.subject for s in sites.of("created", "strewn") if s.value != "local"}
    return lazy if lazy & shared else set()


def _home(sites: Sites) -> bool:
    lazy = _lazy(sites)
    return sum(s.subject in lazy and s.value == "home" for s in sites.of("created")) >= 2


def _statement(sites: Sites) -> str:
    lazy = _lazy(sites)
    names = sorted(s.rpartition(":")[2] for s in lazy)
    shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    if not lazy and sites.of("at_import") and not sites.of("bound", "bound_aside"):
        return "Extensions are bound by init_app when a module is imported, by no function."
    if not lazy and not sites.of("bound", "bound_aside"):
        return "There are functions that bind extensions by init_app, but nothing that runs calls them."
    if not lazy:
        return "Extensions are bound by init_app, but they were not created unbound at module level."
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
    clauses=("bound", "created", "strewn", "bound_aside", "unreached", "at_import", "settings"),
    defining=("created", "strewn"),
    leads=("unreached", "at_import"),
    uncited=("strewn", "bound_aside", "settings"),
    applies="flask",
    trace=lambda sites: bool(sites.of("bound", "bound_aside", "unreached", "at_import")),
    practised=lambda sites: len(_lazy(sites)) >= 2,
    sustained=lambda sites: _home(sites) and bool(sites.of("settings")),
    measures=lambda sites: {"extensions": len(_lazy(sites)), "dedicated_module": _home(sites)},
    statement=_statement,
)
SIGNALS = (EXTENSIONS,)


def detect(project: Project) -> Observations:
    """Objects created unbound, the calls that bind them, and whether settings depend on the environment."""
    found = list(_bindings(project))
    homes = {s.subject for _, s in found if s.value == "home"}
    # where a module is made for extensions, what one strewn elsewhere is created and bound by only counts
    aside = {"created": "strewn", "bound": "bound_aside"} if len(homes) > 1 else {}
    yield from (
        (signal, s if s.subject in homes else replace(s, clause=aside.get(s.clause, s.clause))) for signal, s in found
    )
    # fields of pydantic's settings are read from the environment by their names
    reading = {r.file.path for r in project.settings.reads} | {c.file.path for c in project.settings.typed}
    for file in project.app:
        names = (n for refs in file.module.refs for n in refs)
        if file.path in reading or any(n in _ENVIRONMENT or n.startswith("os.environ.") for n in names):
            yield EXTENSIONS, Site(path=file.path, clause="settings", subject="environment")


def _bindings(project: Project) -> Observations:
    """What is created unbound, and the calls of ``init_app`` in functions."""
    for file in project.app:
        for call in file.module.calls:
            if call.name.endswith(".init_app") and call.name != "self.init_app":
                if file.function_of(call.scope) is not None:
                    yield from _bound(project, file, call)
                elif project.reach.live(file.path) and _made(project, file, call):
                    yield EXTENSIONS, _site(file, call, "at_import", f"{file.path}:{call.name}")


def _bound(project: Project, file: PyFile, call: Call) -> Observations:
    receiver = call.name.removesuffix(".init_app")
    if not project.reach.live(file.path, call.scope):
        yield EXTENSIONS, _site(file, call, "unreached", f"{file.path}:{receiver}")
        return
    targets = list(_created(project, file, call.scope, Expr("name", receiver)))
    if not targets and _found_by_name(project, file, call.scope, receiver):
        targets = list(_at_home(project, file))
    for home, created in targets:
        subject = f"{home.path}:{created.target}"
        yield EXTENSIONS, _site(home, created, "created", subject, "home" if _is_home(home) else "elsewhere")
        yield EXTENSIONS, _site(file, call, "bound", subject)
    if not targets and not _is_settings(project, file, call):
        made = _in_place(project, file, call, receiver)
        if made is not None:
            yield EXTENSIONS, _site(file, made, "created", f"{file.path}:{receiver}", "local")
        yield EXTENSIONS, _site(file, call, "bound", f"{file.path}:{receiver}")


def _in_place(project: Project, file: PyFile, call: Call, receiver: str) -> Call | None:
    """What the function that binds an extension created unbound before: ``login = LoginManager()``."""
    given = file.assigned.get((call.scope, receiver), ())
    made = (c for c in given if isinstance(c, Call) and c.start < call.start and not _handed_app(project, file, c))
    return next((c for c in made if c.name.rpartition(".")[2][:1].isupper()), None)


def _made(project: Project, file: PyFile, call: Call) -> bool:
    """Whether what is bound was created without an application, in a module that knows none."""
    created = _created(project, file, 0, Expr("name", call.name.removesuffix(".init_app")))
    return any(home is not file for home, _ in created)


def _found_by_name(project: Project, file: PyFile, scope: int, receiver: str) -> bool:
    """Whether a loop binds whatever modules that are loaded by name hold: which ones cannot be followed."""
    looped = _looped_over(file, scope, receiver)
    return looped is not None and any(c.name.endswith("import_module") for f in project.app for c in f.module.calls)


def _at_home(project: Project, file: PyFile) -> Iterator[tuple[PyFile, Call]]:
    """What modules made for extensions create unbound, below the folder of the file that binds them in a loop."""
    for home in project.app:
        if _is_home(home) and home.path.startswith(f"{file.folder}/" if file.folder else ""):
            for call in home.module.calls:
                if not call.scope and call.target.isidentifier() and not _handed_app(project, home, call):
                    last = call.name.rpartition(".")[2]
                    if last[:1].isupper():
                        yield home, call


def _is_settings(project: Project, file: PyFile, call: Call) -> bool:
    """``config[name].init_app(app)``: classes of settings have such a method by custom, and are no extensions."""
    around = file.definition(call.scope)
    inside = file.definition(around.parent) if around is not None else None
    owners = {(c.file.path, c.definition.qualname) for c in project.settings.classes}
    head = call.name.removesuffix(".init_app").partition("[")[0]
    found = project.resolve(file, head)
    home = project.python.get(found.path) if not found.external else None
    chosen = home is not None and any(
        isinstance(a, Assign) and a.value.kind == "dict" for a in home.assigned.get((0, found.name), ())
    )
    named = (found.path, found.name) in owners
    return chosen or named or (inside is not None and (file.path, inside.qualname) in owners)


def _site(file: PyFile, call: Call, clause: str, subject: str, value: str | None = None) -> Site:
    return Site(path=file.path, start=call.start, end=call.end, clause=clause, subject=subject, value=value)


def _is_home(file: PyFile) -> bool:
    """Whether a module, or the package it is in, is made for extensions."""
    return file.path.rpartition("/")[2].removesuffix(".py") in _HOMES or file.folder.rpartition("/")[2] in _HOMES


def _created(project: Project, file: PyFile, scope: int, value: Expr) -> Iterator[tuple[PyFile, Call]]:
    """The module-level creations, without an application, of what a name stands for; those of a list one by one."""
    pending, seen = [(file, scope, value)], set[tuple[str, int, str]]()
    while pending:
        at, number, current = pending.pop()
        if current.kind in ("list", "dict"):
            pending.extend((at, number, element) for element in reversed(current.items))
        key = (at.path, number, current.text)
        if current.kind != "name" or key in seen:
            continue
        seen.add(key)
        looped = _looped_over(at, number, current.text)
        ref = project.resolve(at, current.text)
        if looped is not None:
            pending.append((at, number, looped))
        elif not ref.external:
            home = project.python[ref.path]
            given = home.assigned.get((0, ref.name), ())
            pending.extend((home, 0, item.value) for item in given if isinstance(item, Assign))
            made = next((c for c in given if isinstance(c, Call) and not _handed_app(project, home, c)), None)
            if made is not None:
                yield home, made


def _looped_over(file: PyFile, scope: int, name: str) -> Expr | None:
    """What a loop that gives a name its values goes over, or what a name of the function holds."""
    for item in file.assigned.get((scope, name), ()) if scope else ():
        if isinstance(item, Assign):
            looped = item.value.kind == "op" and item.value.text == "for"
            return item.value.items[0] if looped else item.value
    return None


def _handed_app(project: Project, file: PyFile, call: Call) -> bool:
    """Whether a creation is given an application right away."""
    for value in call.expr.items:
        found = project.web.instance(file, call.scope, value.text) if value.kind == "name" else None
        if found is not None and found.kind == "app":
            return True
    return False
