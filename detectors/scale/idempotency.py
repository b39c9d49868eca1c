"""Requests and messages that may come twice and count once.

**What it sees.** Idempotency keys and tokens, conditional requests (ETag, If-Match), upserts that a database settles,
checks for what was already processed, writes to Redis that only the first one wins; and tests that repeat themselves.

**Why it matters.** Networks retry, queues deliver again, people click twice. What is not safe to repeat will be
repeated.

**What it cannot tell.** Whether every path that is retried is protected.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import (
    Call,
    Expr,
    Observations,
    Occurrence,
    Project,
    PyFile,
    Scenario,
    Signal,
    Sites,
    at,
    between,
    plural,
    regex,
    site_of,
    stem,
)

# A function that more places call than this guards nothing in particular.
_MANY = 10
_KEYWORDS = regex(r"(?i)idempoten|^client_?request_?token$|^client_?token$|^message_?deduplication_?id$|^dedup")
_HEADERS = frozenset({"idempotency-key", "x-idempotency-key", "idempotencykey", "x-request-idempotency-key"})
_CONDITIONS = frozenset({"if-match", "if-none-match", "if-unmodified-since"})
_CONDITION_REFS = (
    ".if_match", ".if_none_match", ".if_unmodified_since", ".if_match.contains", ".if_none_match.contains",
)  # fmt: skip
_ETAGS = frozenset({"check_etag", "make_conditional"})
_UPSERTS = (
    "on_conflict_do_update", "on_conflict_do_nothing", "on_duplicate_key_update", "on_conflict", "on_conflict_ignore",
    "on_conflict_replace", "insert_or_ignore", "replace_many",
)  # fmt: skip
_SQL_CALLS = ("execute", "text", "executemany", "execute_values", "raw", "SQL", "copy_expert", "exec_driver_sql")
_SQL = regex(
    r"(?i)\bON\s{1,20}CONFLICT\b|\bON\s{1,20}DUPLICATE\s{1,20}KEY\b|\bINSERT\s{1,20}(?:OR\s{1,20})?IGNORE\b|\bMERGE\s{1,20}INTO\b"
)
# What a function is called that asks whether something came before; the words of message systems' own documents.
_THINGS = r"(?:submission|request|message|event|webhook|delivery|callback|notification|job|task)"
_ASKS = regex(
    r"(?i)idempoten|(?:is|was|been|has|already|message|event|request|webhook)_{0,2}(?:been_)?processed"
    r"|already_(?:handled|seen|received|sent|done)|(?:skip|ignore|drop)_(?:a_)?(?:duplicate|replay)|submission_token"
    rf"|(?:completed|processed|handled|seen|repeated|dedup\w{{0,12}})_{_THINGS}(?![a-z])|{_THINGS}_dedup"
)
# Where such a function looks: what came before is kept somewhere.
_KEPT = regex(r"(?i)redis|cache|session|store|table|seen|processed")
_LOCK_NAMES = regex(r"(?i)redis|pipe|cache|valkey|\br\b")
_LOCKS = regex(r"(?i)^_{0,2}(?:redis_?)?(?:lock|acquire|acquire_lock|get_lock|wait_for_lock|with_lock|__enter__)$")
_TEST_NAMES = regex(
    r"(?i)duplicate|dedup|twice|repeat(?:ed|s|ing)?(?:_|$)|same_\w{1,40}_again|second_time|on_conflict|upsert|only_once|exists_already"
)
# Names that can mean nothing else.
_PLAIN_NAMES = regex(
    r"(?i)idempoten|already_processed|redeliver|(?:send|process|handle|enqueue|deliver|charge)(?:s|es)?_(?:\w{1,20}_)?(?:duplicate|twice)"
    r"|duplicate_(?:message|event|request|submission|delivery|webhook|callback|update)"
)
_FIRST_WORDS = {
    "key": "idempotency key",
    "upsert": "upsert",
    "conditional": "conditional request",
    "dedupe": "check for repeats",
}
_KINDS = tuple(_FIRST_WORDS)


def _statement(sites: Sites) -> str:
    shown = [
        plural(n, _FIRST_WORDS[c], "checks for repeats" if c == "dedupe" else "")
        for c in _KINDS
        if (n := sites.count(c))
    ]
    if not shown:
        return "Repetition is described, or provided for in code that nothing runs."
    tail = (
        f"; {plural(sites.count('repeated'), 'test repeats', 'tests repeat')} something"
        if sites.has("repeated")
        else ""
    )
    return f"Safe to repeat: {', '.join(shown)}{tail}."


IDEMPOTENCY = Signal(
    id="scale.idempotency",
    title="Idempotent requests and deduplication",
    competency="caching",
    seeds=("S4.3", "S7.1", "S2.3"),
    counts="Idempotency keys, ETag or If-Match handling, upserts on conflict, or checks that drop repeated messages.",
    strong="A test repeats the request or message and checks that it counts once.",
    not_credited="A GET endpoint; a guide that says jobs must be idempotent; an upsert that nothing calls.",
    how_to_show=(
        "Store the id of each message with what it changed, skip ids that are known, and send one twice in a test."
    ),
    clauses=("key", "dedupe", "upsert", "conditional", "repeated", "unused", "described"),
    leads=("unused", "described"),
    defining=("key", "dedupe", "upsert", "conditional", "unused"),
    applies="python",
    practised=lambda sites: sites.count(*_KINDS) > 0,
    sustained=lambda sites: sites.has("repeated"),
    measures=lambda sites: {
        "kinds": sites.kinds(*_KINDS),
        "places": sites.count(*_KINDS),
        "tested": sites.count("repeated"),
    },
    statement=_statement,
)
SIGNALS = (IDEMPOTENCY,)


def detect(project: Project) -> Observations:
    """Keys, upserts, conditions and checks that can run; those that cannot, and words about them, where there is no
    more."""
    found = list(_places(project))
    live = [(f, scope, o) for f, scope, o in found if project.runs_for_app(f, scope)]
    live = [(f, scope, o) for f, scope, o in live if project.in_flask_part(f.path)] or live
    yield from ((IDEMPOTENCY, site_of(o)) for _, _, o in live)
    if live:
        yield from _repeated(project, [(f, scope) for f, scope, _ in live])
        return
    yield from ((IDEMPOTENCY, site_of(o._replace(kind="unused"))) for _, _, o in found)
    for path, document in project.documents.items():
        for section in document.sections:
            if "idempoten" in section.title.lower():
                yield IDEMPOTENCY, site_of(between(path, section.start, section.end, "described", path))


Place = tuple[PyFile, int, Occurrence]


def _place(file: PyFile, call: Call, clause: str) -> Place:
    return file, call.scope, at(file, call, clause, file.path)


def _places(project: Project) -> Iterator[Place]:
    yield from _upserts(project)
    keys: set[str] = {k for f in project.app for c in f.module.calls for k in c.expr.keys}
    named = frozenset(k for k in keys if _KEYWORDS.search(k))
    for file in project.app:
        for call in file.module.calls:
            headers = _headers_of(call.expr)
            if not (named.isdisjoint(call.expr.keys) and _HEADERS.isdisjoint(headers)):
                yield _place(file, call, "key")
            elif not _CONDITIONS.isdisjoint(headers) or call.last in _ETAGS:
                yield _place(file, call, "conditional")
            elif _wins(call) and not _is_lock(file, call):
                yield _place(file, call, "dedupe")
        yield from _by_reference(file)
    yield from _asked(project)


def _headers_of(expr: Expr) -> set[str]:
    """Headers that a call names, in lower case: ``headers.get("If-Match")``, ``headers["If-Match"]`` among arguments,
    or the keys of a dictionary there."""
    named = {expr.args[0].text.lower()} if "headers" in expr.text and expr.args else set()
    for item in expr.items:
        if item.kind == "dict":
            named.update(map(str.lower, item.keys))
        elif item.kind == "index" and item.items and item.text.endswith("headers"):
            named.add(item.items[0].text.lower())
    return named


def _by_reference(file: PyFile) -> Iterator[Place]:
    for scope, refs in enumerate(file.module.refs):
        for name in refs:
            clause = _read_by_reference(name) if "request" in name else ""
            definition = file.function_of(scope) if clause else None
            if definition is not None:
                yield file, scope, at(file, definition, clause, file.path)


def _read_by_reference(name: str) -> str:
    """What is read where code refers to ``request.headers["If-Match"]``, or to ``request.if_match``."""
    head, _, key = name.rpartition("[")
    header = key.rstrip("]").lower() if head.endswith("headers") and "request" in head else ""
    if header in _HEADERS:
        return "key"
    asked = name.startswith("flask.request") and name.endswith(_CONDITION_REFS)
    return "conditional" if asked or header in _CONDITIONS else ""


def _wins(call: Call) -> bool:
    """Redis writes that only the first one wins, and watched keys: what a second one finds is the first."""
    if call.last not in ("setnx", "watch", "set"):
        return False
    given = call.expr.kwarg("nx") if call.last == "set" else None
    holder = call.name.rpartition(".")[0].rpartition(".")[2]
    return (call.last != "set" or (given is not None and given.text == "True")) and bool(_LOCK_NAMES.search(holder))


def _is_lock(file: PyFile, call: Call) -> bool:
    """Whether a call stands in a lock that waits for its turn: who waits is served all the same."""
    around = file.function_of(call.scope)
    return around is not None and _LOCKS.search(around.name) is not None


def _upserts(project: Project) -> Iterator[Place]:
    for name in _UPSERTS:
        for file, call in project.called.get(name, ()):
            if not _once(file, call):
                yield _place(file, call, "upsert")
    for name in _SQL_CALLS:
        for file, call in project.called.get(name, ()):
            said = any(e.kind in ("str", "fstring") and _SQL.search(e.text) for e in call.expr.walk())
            if said and not _once(file, call):
                yield _place(file, call, "upsert")
    for name in ("update_one", "replace_one", "find_one_and_update", "update_many", "UpdateOne", "find_and_modify"):
        for file, call in project.called.get(name, ()):
            given = call.expr.kwarg("upsert")
            if given is not None and given.text == "True" and not any(_AGAIN & {*e.keys} for e in call.expr.walk()):
                yield _place(file, call, "upsert")


_AGAIN = frozenset({"$push", "$inc", "$mul", "$pop"})  # done again each time
_FILLS = regex(r"(?i)seed|fixture")


def _once(file: PyFile, call: Call) -> bool:
    """Whether a call stands in a command that fills tables: what one person runs by hand is no retry."""
    around = file.function_of(call.scope)
    if _FILLS.search(file.path.rpartition("/")[2]):
        return True
    return around is not None and (
        any(d.expr.text.endswith("command") for d in around.decorators) or _FILLS.search(around.name) is not None
    )


def _asked(project: Project) -> Iterator[Place]:
    """Functions that ask whether something came before, where something calls them."""
    for file in project.app:
        for index, definition in enumerate(file.module.definitions):
            called = definition.kind == "function" and definition.name in project.called
            if not called or not _ASKS.search(definition.name):
                continue
            refs = " ".join(file.module.refs[index + 1])
            if _KEPT.search(refs) or project.data_access.touches(file, index + 1):
                yield file, index + 1, at(file, definition, "dedupe", file.path)


# ------------------------------------------------------------------------------------------------------------- tests


def _repeated(project: Project, guards: list[tuple[PyFile, int]]) -> Observations:
    """Tests of repetition in the parts of the repository that guard against it: those that say so, else those that
    may."""
    names = {d.name for f, scope in guards if (d := f.function_of(scope)) is not None}
    callers = {
        d.name
        for n in names
        for f, c in project.called.get(n, ())
        if (d := f.function_of(c.scope)) is not None and len(project.called.get(n, ())) <= _MANY
    }
    homes, stems = {_home(project, f.path) for f, _ in guards}, {stem(f.path) for f, _ in guards}
    near = [t for t in project.scenarios if t.checks and _home(project, t.file.path) in homes]
    # a refusal tells of repetition only where the tests are named for what guards against it
    tests = [t for t in near if not t.statuses or stem(t.file.path) in stems]
    said = {s for s in stems if _says_so(s)}
    sure = [t for t in tests if _says_so(t.name) or stem(t.file.path) in said or _again(t, names)]
    found = sure or [t for t in tests if t.mentions(*names, *callers) and _TEST_NAMES.search(t.name)]
    # where a file of tests is named for what guards, a reader looks there and not at what else says the word
    for test in [t for t in found if stem(t.file.path) in stems] or found:
        yield IDEMPOTENCY, site_of(at(test.file, test.definition, "repeated", test.file.path))


def _says_so(name: str) -> bool:
    """Whether a name can mean nothing but repetition; most have none of the words that such a name has."""
    words = ("idempoten", "already_processed", "redeliver", "duplicate", "twice")
    return any(map(name.lower().__contains__, words)) and _PLAIN_NAMES.search(name) is not None


def _home(project: Project, path: str) -> str:
    """The part of the repository that a path belongs to: the nearest folder with dependencies of its own."""
    folder = path.rpartition("/")[0]
    while folder and not project.is_part(folder):
        folder = folder.rpartition("/")[0]
    return folder


def _again(test: Scenario, names: set[str]) -> bool:
    """Whether a test makes the very same call twice to what guards against it, or sends the same key twice."""
    again = [c.expr for c in test.calls if c.last in names]
    again += [r.call.expr for r in test.requests if _mentions_token(r.call.expr)]
    return any(again.count(e) > 1 for e in again)


def _mentions_token(expr: Expr) -> bool:
    """Whether a request carries a key made against repetition."""
    return any(_KEYWORDS.search(k) or _ASKS.search(k) or k.lower() in _HEADERS for e in expr.walk() for k in e.keys)
