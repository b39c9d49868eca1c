"""Central error handlers: exceptions and status codes mapped to responses in a shared place.

**What it sees.** ``errorhandler``, ``app_errorhandler`` and ``register_error_handler`` as decorators or calls, the
equivalents of extensions (loaders of Flask-JWT-Extended, handlers of flask-restx, connexion and APIFlask), and tests
that assert the error codes those handlers answer.

**Why it matters.** One place that decides what a client sees when something fails keeps errors consistent and keeps
stack traces inside.

**What it cannot tell.** Whether every failure ends in a handler, or what a proxy in front makes of the answer.
"""

from __future__ import annotations

from collections import Counter

from evidence.api import (
    Assign,
    Callback,
    Expr,
    Observation,
    Observations,
    Project,
    PyFile,
    Signal,
    Site,
    Sites,
    error_statuses,
    plural,
)

_HANDLERS = (
    "errorhandler",
    "app_errorhandler",
    "register_error_handler",
    "add_error_handler",
    "error_processor",
    "error_handler",
)
_LOADERS = (
    "expired_token_loader", "invalid_token_loader", "unauthorized_loader", "revoked_token_loader",
    "needs_fresh_token_loader", "user_lookup_error_loader", "token_verification_failed_loader", "unauthz_handler",
    "unauthn_handler",
)  # fmt: skip
# One callback of a login extension answers one condition only: a lead, not a central place.
_LEAD = ("unauthorized_handler", "needs_refresh_handler")


_RESTFUL = ("flask_restful", "flask_restx", "flask_restplus")
_LONGEST = 40


def _mapped(sites: Sites) -> Sites:
    return sites.of("handler", "part_handler", "lone_handler")


def _statement(sites: Sites) -> str:
    handlers = _mapped(sites)
    if not handlers and sites.of("unattached"):
        return "There are error handlers, but none that is attached answers an error."
    if not handlers:
        return "One callback of an extension answers refused logins; there are no error handlers."
    files = len({s.path for s in handlers})
    tail = "; tests assert error responses" if sites.of("tested") else ""
    return f"Errors are mapped to responses by {plural(len(handlers), 'handler')} in {plural(files, 'file')}{tail}."


ERROR_HANDLERS = Signal(
    id="flask.error_handlers",
    title="Central error handlers",
    competency="routing",
    seeds=("S2.1", "S2.3", "C1.1"),
    counts=(
        "Error handlers of the application, a blueprint or an extension map exceptions or status codes to responses."
    ),
    strong="Tests assert the error responses.",
    not_credited="try/except inside single views; one login callback alone; handlers that nothing attaches.",
    how_to_show=(
        "Register handlers for your exception classes and for 404 and 500 in one module, and test what they answer."
    ),
    clauses=("handler", "tested", "part_handler", "lone_handler", "unattached", "lead"),
    leads=("unattached", "lead"),
    uncited=("lone_handler",),
    defining=("handler", "part_handler", "lone_handler"),
    applies="flask",
    practised=lambda sites: bool(_mapped(sites)),
    sustained=lambda sites: bool(sites.of("tested")),
    measures=lambda sites: {
        "handlers": len(_mapped(sites)),
        "exceptions": len({s.value for s in _mapped(sites) if not str(s.value).isdigit()}),
        "status_codes": len({s.value for s in _mapped(sites) if str(s.value).isdigit()}),
    },
    statement=_statement,
)
SIGNALS = (ERROR_HANDLERS,)


def detect(project: Project) -> Observations:
    """Handlers, leads, and tests that assert an error status."""
    named = [c for c in project.web.callbacks(*_HANDLERS, *_LOADERS, *_LEAD) if c.method != "error_handler" or c.onto]
    found = [c for c in named if project.reach.live(c.file.path, c.scope) and not _idles(c)]
    attached = {id(c) for c in found}
    yield from (_observed(c, "unattached") for c in named if id(c) not in attached)
    shared = Counter(c.file.path for c in found)
    alone = {id(c) for c in found if _is_alone(c, shared)}
    central = any(c.method not in _LEAD and id(c) not in alone for c in found)
    part = "lone_handler" if central else "part_handler"
    for callback in found:
        yield _observed(callback, "lead" if callback.method in _LEAD else part if id(callback) in alone else "handler")
    for file, item in project.served_specs.exceptions:
        # FOCA answers what such a mapping says
        yield _place(file, item.start, item.end, "exceptions")
    yield from _of_restful(project)
    yield from _tested(project, [c for c in found if c.method not in _LEAD])


def _idles(callback: Callback) -> bool:
    """Whether a handler makes no response of its own: it passes, or raises or returns what it was given."""
    file, definition = callback.handler_file, callback.handler
    if file is None or definition is None or len(definition.decorators) > 1 or definition.yields:
        return False
    scope = file.scopes.get(definition.qualname, 0)
    given = {*definition.params, "None"}
    if any(True for c in file.calls_in(scope) if c.target != "decorator") or any(True for _ in file.assigns_in(scope)):
        return False
    return all(r.text in given for r in definition.returns) and all(
        r.name in ("", *definition.params) for r in file.raises_in(scope)
    )


def _of_restful(project: Project) -> Observations:
    """Flask-RESTful's own ways: a table of exceptions that its ``Api`` is given, and an ``Api`` of the project's that
    answers errors."""
    for file, call, name in project.calls(project.app, *_RESTFUL):
        table = call.expr.kwarg("errors") if name.endswith(".Api") else None
        if table is not None and table.text != "None" and project.reach.live(file.path, call.scope):
            yield _place(file, call.start, call.end, "errors")
            yield from _table(project, file, table)
    for file in project.app:
        for definition in file.module.definitions:
            owner = file.definition(definition.parent) if definition.name == "handle_error" else None
            bases = (project.external(file, b.text) for b in owner.bases) if owner is not None else ()
            if any(b.startswith(_RESTFUL) and b.endswith(".Api") for b in bases) and project.reach.live(file.path):
                yield _place(file, definition.start, definition.end, "handle_error")


def _table(project: Project, file: PyFile, table: Expr) -> Observations:
    """Where the dictionary of exceptions is written, if it is the project's."""
    ref = project.resolve(file, table.text) if table.kind == "name" else None
    home = project.python[ref.path] if ref is not None and not ref.external else None
    if home is None or ref is None:
        return
    for item in home.assigned.get((0, ref.name), ()):
        if isinstance(item, Assign) and item.value.kind == "dict":
            yield _place(home, item.start, item.end, "errors")


def _place(file: PyFile, start: int, end: int, what: str) -> Observation:
    end = min(end, start + _LONGEST - 1)
    return ERROR_HANDLERS, Site(path=file.path, start=start, end=end, clause="handler", subject=what, value=what)


def _is_alone(callback: Callback, shared: Counter[str]) -> bool:
    """A lone handler of one blueprint: it counts, but a reader looks where several stand together, if they do."""
    return callback.onto == "blueprint" and shared[callback.file.path] == 1 and not callback.method.startswith("app_")


def _observed(callback: Callback, clause: str) -> Observation:
    what = _what(callback)
    path, start, end = callback.file.path, callback.start, callback.end
    return ERROR_HANDLERS, Site(path=path, start=start, end=end, clause=clause, subject=what, value=what)


def _what(callback: Callback) -> str:
    """What is handled: a status code, or the name of an exception class or callback."""
    first = callback.args[0] if callback.args else None
    if first is None or first.kind not in ("num", "name"):
        return callback.method
    return first.text.rpartition(".")[2]


def _tested(project: Project, handlers: list[Callback]) -> Observations:
    """Checks of an error status in tests that make a request, or that name what a handler handles.

    A handler of a status code is tested by that code, one that writes the status of its answer by what it writes; any
    other may answer any error status.
    """
    told = [{int(w)} if (w := _what(c)).isdigit() else _written(c) for c in handlers]
    codes = set().union(*told)
    names = {w for c in handlers if not (w := _what(c)).isdigit()}
    named_before = {(s.file.path, line): code for s in project.scenarios for code, line in s.statuses.items()}
    asking = {(r.file.path, _function(r.file, r.call.scope)) for r in project.web.requests}
    for check in project.assertions:
        file, line = check.file, check.line
        found = error_statuses(check.expr) or {named_before.get((file.path, line), 0)} - {0}
        if not found & codes and (all(told) or not found):
            continue
        around = file.function_at(line)
        if around is not None and ((file.path, around.qualname) in asking or names & file.imports.keys()):
            yield ERROR_HANDLERS, Site(path=file.path, start=line, end=line, clause="tested", subject=str(min(found)))


def _written(callback: Callback) -> set[int]:
    """The error statuses that a handler writes: beside the body, or on the response before it is returned. None where
    an answer is not told its status so plainly."""
    file, definition = callback.handler_file, callback.handler
    if file is None or definition is None:
        return set()
    scope = file.scopes.get(definition.qualname, 0)
    kept = {item.target: item.value for item in file.assigns_in(scope) if item.target.endswith(".status_code")}
    given = [
        answer.items[1] if answer.kind == "list" and len(answer.items) > 1 else kept.get(f"{answer.text}.status_code")
        for answer in definition.returns
    ]
    codes = [error_statuses(status) if status is not None and status.kind != "op" else set() for status in given]
    return set().union(*codes) if all(codes) else set()


def _function(file: PyFile, scope: int) -> str:
    definition = file.function_of(scope)
    return definition.qualname if definition else ""
