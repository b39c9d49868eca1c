"""Answers that are sent bit by bit: streams, server-sent events, WebSockets.

**What it sees.** Responses made of generators, server-sent events, events of Flask-SocketIO, routes of flask-sock
and its
kin, WebSocket handlers and clients, streaming transports; heartbeats, limits, and tests of them.

**Why it matters.** Large or live data must reach people before all of it is there, and a held connection has its own
ways to fail.

**What it cannot tell.** Whether a proxy in between holds the stream back.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Call, Observations, Project, PyFile, Role, Signal, Site, Sites, plural

_STREAMS = ("flask.stream_with_context", "quart.stream_with_context", "flask.helpers.stream_with_context")
_RESPONSES = (
    "flask.Response",
    "flask.wrappers.Response",
    "quart.Response",
    "werkzeug.wrappers.Response",
    "werkzeug.Response",
    "flask.make_response",
    "quart.make_response",
)
_OTHER = (
    "sse_starlette", "fastapi.responses.StreamingResponse", "starlette.responses.StreamingResponse",
    "flask_sse.sse.publish",
    "flask_sockets", "websockets", "websocket", "simple_websocket", "starlette.websockets", "geventwebsocket",
    "mcp.client.streamable_http", "aiohttp.web.StreamResponse", "aiohttp.web.WebSocketResponse",
)  # fmt: skip
_SOCKETS = ("flask_socketio", "flask_sock", "flask_sockets", "socketio", "flask_uwsgi_websocket")
_EVENTS = frozenset({"on", "event", "on_event"})
# flask-sock hands these settings to every socket that it opens.
_OPTIONS = ("SOCK_SERVER_OPTIONS",)
_HEARTBEATS = ("ping_interval", "ping_timeout", "heartbeat", "reconnection", "reconnect", "max_size", "max_queue")
# Methods of resources are named after the verb they answer: a test that calls ``client.get`` names none of them.
# Nor does one that calls some ``main``: every script has one.
_VERBS = frozenset({
    "get", "post", "put", "patch", "delete", "head", "dispatch_request", "main", "run", "start", "serve", "index",
    "create_app", "__init__", "__call__",
})  # fmt: skip
_PACKAGES = frozenset(
    {"flask-socketio", "flask-sock", "flask-sockets", "flask-sse", "websockets", "python-socketio", "simple-websocket"}
)
_KINDS = ("stream", "event", "socket")
_LONGEST = 40


def _statement(sites: Sites) -> str:
    if not sites.kinds(*_KINDS):
        return "A library for live connections is a dependency, and no code that runs uses it."
    told = {"stream": "streamed response", "event": "socket event", "socket": "WebSocket or streaming transport"}
    parts = ", ".join(plural(sites.count(k), w) for k, w in told.items() if sites.has(k))
    more = [w for c, w in (("heartbeat", "heartbeats or limits"), ("tested", "tests")) if sites.has(c)]
    return f"The application has {parts}{' with ' + ' and '.join(more) if more else ''}."


STREAMING = Signal(
    id="scale.streaming",
    title="Streaming, server-sent events or WebSockets",
    competency="streaming",
    seeds=("S7.2",),
    counts="Responses from generators, server-sent events, or WebSockets with real events.",
    strong="Heartbeats, limits, reconnecting, or tests.",
    not_credited="send_file; the dependency alone; polling.",
    how_to_show="Stream one real answer from a generator or socket handler, and test what arrives.",
    clauses=("stream", "event", "socket", "tested", "heartbeat", "unused", "dependency"),
    leads=("unused", "dependency"),
    defining=("stream", "event", "socket", "unused"),
    applies="python",
    practised=lambda sites: sites.kinds(*_KINDS) > 0,
    sustained=lambda sites: sites.count("tested", "heartbeat") > 0,
    measures=lambda sites: {"places": sites.count(*_KINDS)},
    statement=_statement,
)
SIGNALS = (STREAMING,)

Place = tuple[PyFile, Call, str]


def detect(project: Project) -> Observations:
    """Streams, events and sockets that can run, and their tests; else those that cannot, and dependencies."""
    found = [*_streams(project), *_sockets(project)]
    live = [
        (f, c, k) for f, c, k in found if project.reach.live(f.path, c.scope) and project.in_flask_part(f.path)
    ] or [(f, c, k) for f, c, k in found if project.reach.live(f.path, c.scope)]
    yield from ((STREAMING, _at(f, c, k)) for f, c, k in live)
    if live:
        yield from ((STREAMING, s) for s in _tested(project, live))
        yield from ((STREAMING, s) for s in _beats(project))
        return
    yield from ((STREAMING, _at(f, c, "unused")) for f, c, _ in found)
    if not found:
        yield from ((STREAMING, s) for s in _dependencies(project))


def _at(file: PyFile, call: Call, clause: str) -> Site:
    return _site(file.path, call.start, call.end, clause, file.path)


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=min(end, start + _LONGEST - 1), clause=clause, subject=subject)


def _streams(project: Project) -> Iterator[Place]:
    for file, call, name in project.calls(project.app, *_STREAMS, *_RESPONSES, *_OTHER):
        if name in _STREAMS:
            yield file, call, "stream"
        elif name.startswith(_RESPONSES):
            if _event_stream(call) or any(
                _generates(project, file, call.scope, a.text) for a in call.expr.args[:1] if a.kind in ("call", "name")
            ):
                yield file, call, "stream"
        else:
            yield file, call, "stream" if "Stream" in name or "sse" in name else "socket"
    for file, call in project.called.get("start_response", ()):
        if _names_events(file, call) and _yields(file, call.scope):
            yield file, call, "stream"


def _event_stream(call: Call) -> bool:
    given = (v for k in ("mimetype", "content_type", "headers") if (v := call.expr.kwarg(k)) is not None)
    return any("event-stream" in part.text for value in given for part in value.walk())


def _names_events(file: PyFile, call: Call) -> bool:
    """Whether an application that speaks WSGI itself answers with events: in the headers that it hands over, or in
    those that it named before."""
    headers = call.expr.args[1] if len(call.expr.args) > 1 else None
    if headers is None:
        return False
    values = [headers]
    if headers.kind == "name":
        held = (i for i in file.module.assigns if i.scope == call.scope and i.target == headers.text)
        values = [i.value for i in held]
    return any("event-stream" in part.text for value in values for part in value.walk())


def _yields(file: PyFile, scope: int) -> bool:
    around = file.definition(scope)
    nested = (d for d in file.module.definitions if d.parent == scope and d.kind == "function")
    return (around is not None and around.yields) or any(d.yields for d in nested)


def _generates(project: Project, file: PyFile, scope: int, name: str) -> bool:
    """Whether a name is a generator function of the project: nested in the view, or found through imports."""
    for nested in file.module.definitions:
        if nested.kind == "function" and nested.name == name and nested.yields and nested.parent == scope:
            return True
    found = project.defined(file, name)
    return found is not None and found[1].kind == "function" and found[1].yields


def _sockets(project: Project) -> Iterator[Place]:
    """Events and routes of sockets: methods of an object that a socket library makes."""
    for method in ("on", "event", "route", "websocket", "on_namespace", "run", "add_api_websocket_route"):
        for file, call in project.called.get(method, ()):
            receiver = call.name.rpartition(".")[0]
            made = project.variable_class(file, call.scope, receiver) if receiver else ""
            streams = method == "run" and any(e.text.startswith(("streamable", "sse")) for e in call.expr.items)
            if streams or (method == "websocket" and call.target == "decorator"):
                yield file, call, "socket"
            elif made.startswith(_SOCKETS) and method not in ("run", "websocket"):
                yield file, call, "event"


def _tested(project: Project, live: list[Place]) -> Iterator[Site]:
    """Tests that talk to sockets, or that read what a streaming view or generator gives."""
    names = {d.name for f, c, k in live if (d := f.function_of(c.scope)) is not None} - _VERBS
    for _, call, _ in live:
        names |= {a.text.rpartition(".")[2] for a in call.expr.args[:1] if a.kind in ("call", "name")}
    handlers = {id(f.function_of(c.scope)) for f, c, _ in live}
    rules = {r.rule for r in project.web.routes if id(r.handler) in handlers}
    for test in project.scenarios:
        d = test.definition
        asked = any(
            r.target and any(r.target.rstrip("/").endswith(x.rstrip("/").partition("<")[0] or "\0") for x in rules)
            for r in test.requests
        )
        sockets = any(
            c.name.endswith((".test_client", "SocketIOTestClient")) and "socket" in c.name.lower() for c in test.calls
        )
        called_so = any(c.name.endswith(("client.get", "client.post")) for c in test.calls) and any(
            len(n) > 7 and n in test.file.path.rpartition("/")[2] for n in names
        )
        if test.checks and (asked or called_so or sockets or test.mentions(*names)):
            yield _site(test.file.path, d.start, d.end, "tested", test.file.path)


def _beats(project: Project) -> Iterator[Site]:
    for file, call, _ in project.calls(project.app, *_SOCKETS, "websockets"):
        if any(k in _HEARTBEATS for k in call.expr.keys):
            yield _at(file, call, "heartbeat")
    for file in project.app:
        for item in file.module.assigns:
            named = item.target.rpartition("[")[2].rstrip("]") in _OPTIONS
            if named and any(k in _HEARTBEATS for e in item.value.walk() for k in e.keys):
                yield _site(file.path, item.start, item.end, "heartbeat", file.path)


def _dependencies(project: Project) -> Iterator[Site]:
    for path, listed in project.dependencies.items():
        if project.role(path) is Role.APP and not (listed.lock or listed.compiled):
            yield from (_site(path, i.line, i.line, "dependency", i.name) for i in listed.items if i.name in _PACKAGES)
