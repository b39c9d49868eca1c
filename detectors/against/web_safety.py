"""Web safety (counter-evidence): open CORS, SQL built from strings, TLS checks switched off, input that is executed.

**What it sees.** Cross-origin access granted to every origin; SQL statements put together from strings; requests whose
certificate check is switched off; ``eval``, ``exec``, ``pickle`` and unsafe YAML loading in application code that can
run, and whether what statements and loaders are given comes from a request.

**Why it matters.** Each of these is a door that an attacker tries first.

**What it cannot tell.** Whether a value was checked before it is used, or whether a service is public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evidence.api import Call, Expr, Observations, Polarity, Project, PyFile, Signal, Site, Sites, never, plural

_SQL_WORDS = (
    "select ",
    "insert into ",
    "update ",
    "delete from ",
    "create table ",
    "drop table ",
    "alter table ",
    "union ",
)
_SQL_CALLS = frozenset(
    {"execute", "executemany", "executescript", "raw", "text", "read_sql", "read_sql_query", "from_statement"}
)
_LOADERS = (
    "pickle.load",
    "pickle.loads",
    "cPickle.loads",
    "dill.loads",
    "marshal.loads",
    "jsonpickle.decode",
    "shelve.open",
)
_CODE = frozenset({"eval", "exec", "builtins.eval", "builtins.exec"})
_CLIENTS = ("requests", "httpx", "aiohttp", "urllib3", "treq")
_UNVERIFIED = ("ssl._create_unverified_context", "ssl.CERT_NONE")
_REQUEST = ("flask.request", "request.", "quart.request")


def _of(clause: str) -> Callable[[Sites], bool]:
    return lambda sites: bool(sites.of(clause))


def _said(what: str, clause: str, lead: str) -> Callable[[Sites], str]:
    def statement(sites: Sites) -> str:
        count = sites.count(clause)
        return f"{what} in {plural(count, 'place')}." if count else lead

    return statement


OPEN_CORS = Signal(
    id="against.open_cors",
    title="CORS open to every origin",
    competency="input-validation",
    seeds=("S6.1", "C5.2"),
    counts="Cross-origin access is granted to every origin on a live application or blueprint.",
    strong="Counter-evidence has no stronger form.",
    not_credited="Origins that are listed or come from the environment.",
    how_to_show="Name the origins that may call the application, from the environment.",
    clauses=("open",),
    defining=("open",),
    applies="flask",
    polarity=Polarity.AGAINST,
    trace=never,
    practised=_of("open"),
    sustained=never,
    measures=lambda sites: {"places": sites.count("open")},
    statement=_said("Every origin may call the application", "open", ""),
)
SQL_FROM_STRINGS = Signal(
    id="against.sql_from_strings",
    title="SQL built from strings",
    competency="input-validation",
    seeds=("C5.2",),
    counts="A value that comes from the request is put into an SQL statement as text, in code that can run.",
    strong="Counter-evidence has no stronger form.",
    not_credited="Bound parameters; migrations and tests; values from elsewhere: a lead to look at, no more.",
    how_to_show="Pass values as bound parameters, or let the query builder write the statement.",
    clauses=("input", "built"),
    defining=("input", "built"),
    applies="python",
    polarity=Polarity.AGAINST,
    practised=_of("input"),
    sustained=never,
    measures=lambda sites: {"places": sites.count("input")},
    statement=_said(
        "A value of the request is put into an SQL statement as text",
        "input",
        "A value is put into an SQL statement as text; it does not plainly come from a request.",
    ),
)
UNVERIFIED_TLS = Signal(
    id="against.unverified_tls",
    title="TLS verification switched off",
    competency="input-validation",
    seeds=("C5.2", "S6.1"),
    counts="Requests are made, or contexts created, with the check of certificates switched off.",
    strong="Counter-evidence has no stronger form.",
    not_credited="A switch that the environment sets and that is on by default; tests.",
    how_to_show="Trust your own authority through a CA bundle in place of verify=False.",
    clauses=("unverified",),
    defining=("unverified",),
    applies="python",
    polarity=Polarity.AGAINST,
    trace=never,
    practised=_of("unverified"),
    sustained=never,
    measures=lambda sites: {"places": sites.count("unverified")},
    statement=_said("The check of certificates is switched off", "unverified", ""),
)
UNTRUSTED_CODE = Signal(
    id="against.untrusted_input",
    title="eval, pickle or unsafe loading of input",
    competency="input-validation",
    seeds=("C5.2",),
    counts="eval, exec, pickle or an unsafe loader is given something that comes from the request.",
    strong="Counter-evidence has no stronger form.",
    not_credited="The same calls on the project's own files and caches: a lead to look at, no more.",
    how_to_show="Read input with json or a schema; keep pickle for data that only the application writes.",
    clauses=("input", "call"),
    defining=("input", "call"),
    applies="python",
    polarity=Polarity.AGAINST,
    practised=_of("input"),
    sustained=never,
    measures=lambda sites: {"places": sites.count("input")},
    statement=_said(
        "Input of a request reaches eval, pickle or an unsafe loader", "input",
        "Something like eval or pickle is called, on what does not plainly come from a request.",
    ),
)  # fmt: skip
SIGNALS = (OPEN_CORS, SQL_FROM_STRINGS, UNVERIFIED_TLS, UNTRUSTED_CODE)


def detect(project: Project) -> Observations:
    """Every place, in application code that can run."""
    for grant in project.cross_origins:
        if not grant.named:
            path = grant.file.path
            yield OPEN_CORS, Site(path=path, start=grant.start, end=grant.end, clause="open", subject=path)
    named = {id(item) for _, item, part in project.expressions("name", "call") if part.text in _UNVERIFIED}
    for file in project.app:
        if project.reach.live(file.path):
            for call in file.module.calls:
                yield from _call(file, call)
                if id(call) in named or (call.expr.keys and _switches_off(call)):
                    yield UNVERIFIED_TLS, _site(file, call, "unverified")


def _call(file: PyFile, call: Call) -> Observations:
    last = call.last
    if last in _SQL_CALLS and call.expr.args:
        built = _built(file, call, call.expr.args[0])
        if built:
            clause = "input" if any(_from_request(file, call, e) for e in built) else "built"
            yield SQL_FROM_STRINGS, _site(file, call, clause)
    if call.name in _CODE or call.name.endswith(_LOADERS) or _loads_yaml(call):
        values = [e for a in call.expr.items for e in a.walk()]
        if not all(e.kind in ("str", "num", "const") for e in values):
            yield (
                UNTRUSTED_CODE,
                _site(file, call, "input" if any(_from_request(file, call, e) for e in values) else "call"),
            )


def _site(file: PyFile, call: Call, clause: str) -> Site:
    return Site(path=file.path, start=call.start, end=call.end, clause=clause, subject=f"{file.path}:{call.start}")


def _built(file: PyFile, call: Call, value: Expr) -> list[Expr]:
    """The values, other than constants, that are put into an SQL text; none when it is no such text."""
    if value.kind == "name":
        assigned = [a for a in file.module.assigns if a.target == value.text and a.scope == call.scope]
        value = assigned[-1].value if assigned else value
    if value.kind == "call" and value.text.rpartition(".")[2] == "text" and value.args:
        value = value.args[0]
    formatted = value.kind == "call" and value.text.endswith("format")
    parts = _parts(value)
    texts = [p.text.lower() for p in parts if p.kind in ("str", "fstring")]
    if not (value.kind in ("fstring", "op") or formatted) or not any(t.lstrip().startswith(_SQL_WORDS) for t in texts):
        return []
    return [
        p for p in parts if p.kind not in ("str", "fstring", "num", "const") and not _constant(p) and p is not value
    ]


def _parts(value: Expr) -> list[Expr]:
    """What a text is put together from."""
    if value.kind == "op" and value.text in ("+", "%"):
        return [p for item in value.items for p in _parts(item)]
    if value.kind == "fstring":
        return [value, *value.items]
    if value.kind == "list":
        return [p for item in value.items for p in _parts(item)]
    return [value, *value.items] if value.kind == "call" and value.text.endswith("format") else [value]


def _constant(value: Expr) -> bool:
    """A name in capitals, or a table's or column's own name."""
    owner, _, last = value.text.rpartition(".")
    own = bool(owner) and last in ("__tablename__", "name", "table_name", "schema")
    return value.kind == "name" and (last.isupper() or own)


def _switches_off(call: Call) -> bool:
    verify = call.expr.kwarg("verify") or call.expr.kwarg("verify_ssl") or call.expr.kwarg("ssl_verify")
    off = verify is not None and verify.text == "False"
    return off and (call.name.startswith(_CLIENTS) or _is_request(call))


def _is_request(call: Call) -> bool:
    return call.last in (
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "request",
        "Session",
        "Client",
    )


def _loads_yaml(call: Call) -> bool:
    if call.name not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load_all", "yaml.load_all"):
        return False
    given = [*call.expr.args[1:], *(v for v in [call.expr.kwarg("Loader")] if v is not None)]
    return not any("Safe" in e.text for e in given)


def _from_request(file: PyFile, call: Call, value: Expr) -> bool:
    if value.text.startswith(_REQUEST) or value.text == "flask.request":
        return True
    names: Iterator[Expr] = (a.value for a in file.module.assigns if a.scope == call.scope and a.target == value.text)
    made = (c.expr for c in file.module.calls if c.scope == call.scope and c.target == value.text)
    return value.kind == "name" and any(e.text.startswith(_REQUEST) for v in (*names, *made) for e in v.walk())
