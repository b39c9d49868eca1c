"""Asynchronous serving and work, where waiting is what the code does most.

**What it sees.** Views written with ``async def``, Quart, FastAPI and their kin, ASGI servers and adapters, gevent and
eventlet workers and servers, and batches of requests that run together under a limit of their own.

**Why it matters.** A worker that waits for other systems serves nobody; asynchronous workers and bounded fan-out let
one
process wait for many.

**What it cannot tell.** Whether the work is bound by waiting at all, and what blocks the event loop.
"""

from __future__ import annotations

import re

from evidence.api import Observations, Project, PyFile, Role, Scenario, Signal, Site, Sites, plural, regex

_ASGI = frozenset({"uvicorn", "hypercorn", "daphne", "granian"})
_GREEN = regex(r"gevent|eventlet", re.IGNORECASE)
_ASYNC_WORKER = regex(r"gevent|eventlet|uvicorn|asgi|tornado|aiohttp", re.IGNORECASE)
_MADE = (
    "quart.Quart", "asgiref.wsgi.WsgiToAsgi", "a2wsgi.WSGIMiddleware", "fastapi.FastAPI",
    "starlette.applications.Starlette",
    "uvicorn.middleware.wsgi.WSGIMiddleware", "hypercorn.middleware.AsyncioWSGIMiddleware", "apiflask.APIFlask.as_asgi",
    "connexion.AsyncApp", "connexion.FlaskApp.as_asgi", "sanic.Sanic", "aiohttp.web.Application", "litestar.Litestar",
)  # fmt: skip
_PATCHED = ("gevent.monkey.patch_all", "eventlet.monkey_patch")
_LIMITS = ("asyncio.Semaphore", "asyncio.BoundedSemaphore", "anyio.CapacityLimiter", "anyio.Semaphore")
_STRAY = ("asyncio.run", "asyncio.gather", "asyncio.get_event_loop", "asyncio.new_event_loop")
_GREEN_POOL = regex(r"celery\b.{0,300}\bworker\b.{0,300}(?:-P|--pool)[= ]{0,3}(?:gevent|eventlet)")
_PACKAGES = frozenset({"gevent", "eventlet", "uvicorn", "hypercorn", "quart", "daphne", "asgiref"})
_KINDS = ("worker", "server", "view", "bounded")
_LONGEST = 40


def _statement(sites: Sites) -> str:
    if sites.kinds(*_KINDS):
        parts = [
            (sites.count("worker"), "asynchronous worker setting"),
            (sites.count("server"), "asynchronous application or server"),
            (sites.count("view"), "asynchronous view"),
            (sites.count("bounded"), "bounded batch of asynchronous calls", "bounded batches of asynchronous calls"),
        ]
        told = ", ".join(plural(*p) for p in parts if p[0])  # type: ignore[arg-type]
        return f"The application has {told}{', checked by tests' if sites.has('tested') else ''}."
    if sites.has("stray"):
        return "A few asynchronous calls run inside synchronous code."
    return "An asynchronous server or library is a dependency, and nothing runs on it."


ASYNC = Signal(
    id="scale.async",
    title="Async where it fits",
    competency="async",
    seeds=("S4.1",),
    counts="Asynchronous views, Quart or ASGI serving, gevent or eventlet chosen and configured, or bounded"
    " asynchronous"
    " batches of calls to other systems.",
    strong="Tests check it.",
    not_credited="A stray asyncio.run; plugins for asynchronous tests; the dependency alone.",
    how_to_show="Commit the worker class or asynchronous views with a test, or with the measurement that led to them.",
    clauses=("worker", "server", "view", "bounded", "tested", "stray", "dependency"),
    leads=("stray", "dependency"),
    defining=("worker", "server", "view", "bounded", "stray"),
    practised=lambda sites: sites.kinds(*_KINDS) > 0,
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {"views": sites.count("view"), "places": sites.count(*_KINDS)},
    statement=_statement,
)
SIGNALS = (ASYNC,)


def detect(project: Project) -> Observations:
    """Workers, servers, views and batches; where there are none, what may lead to them."""
    found = [*_workers(project), *_servers(project), *_views(project), *_bounded(project)]
    yield from ((ASYNC, s) for s in found)
    if any(s.clause != "bounded" for s in found):
        yield from ((ASYNC, s) for s in _tested(project, found))
    elif not found:
        yield from ((ASYNC, s) for s in _stray(project))


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=min(end, start + _LONGEST - 1), clause=clause, subject=subject)


def _workers(project: Project) -> list[Site]:
    sites = [
        _site(s.path, s.start, s.end, "worker", s.worker.rpartition(".")[2])
        for s in project.servers
        if s.used and _ASYNC_WORKER.search(s.worker)
    ]
    sites += [_site(s.path, s.start, s.end, "worker", "celery") for s in project.starts if _GREEN_POOL.search(s.text)]
    for file, call, name in project.calls(project.app, "flask_socketio.SocketIO"):
        mode = call.expr.kwarg("async_mode")
        if mode is not None and _GREEN.search(mode.text) and project.reach.live(file.path, call.scope):
            sites.append(_site(file.path, call.start, call.end, "worker", name))
    return sites


def _servers(project: Project) -> list[Site]:
    sites = [
        _site(s.path, s.start, s.end, "server", s.program)
        for s in project.servers
        if s.part == "start" and s.program in _ASGI
    ]
    for file, call, name in project.calls(project.app, *_MADE, *_PATCHED):
        if project.reach.live(file.path, call.scope):
            sites.append(_site(file.path, call.start, call.end, "server", name))
    return sites


def _views(project: Project) -> list[Site]:
    """Views that are coroutines, of Flask and of frameworks whose handlers are decorated alike."""
    views = [(f, d) for f, d in project.web.views if d.is_async]
    known = {id(d) for _, d in views}
    for file in project.app:
        if any(
            i.module.partition(".")[0] in ("fastapi", "quart", "starlette", "litestar", "sanic")
            for i in file.module.imports
        ):
            for d in file.module.definitions:
                routed = any(
                    x.expr.kind == "call"
                    and x.expr.text.rpartition(".")[2]
                    in ("get", "post", "put", "delete", "patch", "route", "websocket")
                    for x in d.decorators
                )
                if d.is_async and routed and id(d) not in known:
                    views.append((file, d))
    return [_site(f.path, d.start, d.end, "view", d.qualname) for f, d in views if project.reach.live(f.path)]


def _bounded(project: Project) -> list[Site]:
    sites = []
    for file, call, _ in project.calls(project.app, *_LIMITS):
        around = _coroutine(file, call.scope)
        if around is not None and project.reach.live(file.path, call.scope):
            sites.append(_site(file.path, around[0], around[1], "bounded", file.path))
    return sites


def _coroutine(file: PyFile, scope: int) -> tuple[int, int] | None:
    definition = file.function_of(scope)
    return (definition.start, definition.end) if definition is not None and definition.is_async else None


def _tested(project: Project, found: list[Site]) -> list[Site]:
    """Tests that check the worker class, or that await the application's own views."""
    names = {s.subject.rpartition(".")[2] for s in found if s.clause == "view"}
    sites = []
    for test in project.scenarios:
        if any(e.kind == "str" and _ASYNC_WORKER.search(e.text) for c, _ in test.checks for e in c.walk()) or _awaits(
            test, names
        ):
            d = test.definition
            sites.append(_site(test.file.path, d.start, d.end, "tested", test.name))
    return sites


def _awaits(test: Scenario, names: set[str]) -> bool:
    return test.definition.is_async and bool(test.checks) and (bool(test.requests) or test.mentions(*names))


def _stray(project: Project) -> list[Site]:
    sites = []
    for file, call, name in project.calls(project.app, *_STRAY):
        if project.reach.live(file.path, call.scope):
            sites.append(_site(file.path, call.start, call.end, "stray", name))
    if sites:
        return sites
    for path, listed in project.dependencies.items():
        if project.role(path) is Role.APP and not listed.lock and not listed.compiled:
            sites += [_site(path, i.line, i.line, "dependency", i.name) for i in listed.items if i.name in _PACKAGES]
    return sites
