"""Lists answered in pages: queries that are cut, parameters of requests that choose the page, bounds of its size.

Names of parameters are a table (``page_names``); what is cut to a page is told by calls, whatever the names are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from evidence.facts.data.page_caps import has_maximum, is_capped, names_maximum, size_is_fixed
from evidence.facts.data.page_guards import guards
from evidence.facts.data.page_names import SIZES, is_parameter, names_page
from evidence.facts.data.page_places import answering, background_of, inside
from evidence.facts.data.page_requests import asked, asks_the_request, from_request, readers, reads_for, reads_request
from evidence.facts.data.page_slices import Returned, Slice, names_window, page_names, sliced, told_a_page
from evidence.facts.data.page_sums import (
    bounded,
    connects,
    declares_connection,
    first_items,
    goes_on,
    handed,
    named_in_turn,
    varies,
    walks_itself,
)
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project
    from evidence.facts.web import Route

# Keywords that tell a library where a page starts or how long it is.
_TELLING = frozenset({
    "last_evaluated_key", "exclusive_start_key", "ExclusiveStartKey", "starting_after", "start_cursor", "page_token",
    "start_at", "start_after", "from_", "page_offset", "page_number", "page_size",
})  # fmt: skip
_FIELDS = regex(r"(?:^|\.)(?:Int(?:eger)?|Str(?:ing)?|Number|UUID|Field|int_range|positive|natural|query_param)$")
_ANSWER_FIELDS = ("flask_restx", "flask_restful", "flask_restplus")
# Readers of flask-paginate, and peewee's views of lists, which read the page of the request themselves.
_READERS = frozenset({"get_page_args", "get_page_parameter", "paginate_query", "object_list", "PaginatedQuery"})
# Ranges of lists in Redis, and where a query of Firestore begins.
_RANGES = frozenset({
    "lrange", "zrange", "zrevrange", "zrangebyscore", "zrevrangebyscore", "xrange", "xrevrange", "start_after",
    "islice",
})  # fmt: skip
# "Reading offset %s" is told to a log.
_LOGS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print"})
_RULE_VARIABLE = regex(r"<(?:([^<>:]{1,30}):)?(\w{1,40})>")
# What a view does with a page that comes as text: ``<page>`` alone may be the name of a static page.
_NUMBERING = frozenset({"int", "paginate", "isdigit"})
# AWS clients page through answers of their own.
_CLIENTS = ("boto3", "botocore", "aioboto3", "googleapiclient", "github", "slack_sdk", "stripe")


class PageUse(Struct, frozen=True):
    """One place that pages. ``kind`` is query (a result is cut to a page), parameter (a request chooses it) or capped
    (its size has a bound); ``subject`` the function or parameter."""

    file: PyFile
    start: int
    end: int
    kind: str
    subject: str


def page_uses(project: Project) -> tuple[PageUse, ...]:
    """Every such place in files that answer requests and in what those import; nothing where no query is paged."""
    files = answering(project)
    cut = sliced(project)
    found = [u for f in files for u in (*_paged_in(project, f, cut.get(f.path, ())), *_parameters(project, f))]
    if not any(u.kind == "query" for u in found):
        # what walks through every page by itself is a lead, whatever parameters there are
        return tuple(replace(u, kind="query") for u in found if u.kind == "walked")
    found = [u for u in found if u.kind != "walked"]
    for operation in project.served_specs.operations:
        line = operation.definition.line
        named = (p for p in operation.definition.params if names_page(p))
        found.extend(PageUse(operation.file, line, line, "parameter", p) for p in named)
    for route in project.web.routes:
        if any(names_page(v) and _numbers(route, c, v) for c, v in _RULE_VARIABLE.findall(route.rule[:300])):
            found.append(PageUse(route.file, route.start, route.end, "parameter", route.rule))
    return tuple(found)


def _numbers(route: Route, converter: str, variable: str) -> bool:
    """Whether a variable of a route can be the number of a page, and not the name of one."""
    if converter or variable.lower() != "page" or route.handler is None:
        return converter not in ("string", "path")
    file = route.handler_file
    return any(c.last in _NUMBERING for c in file.calls_in(file.scopes.get(route.handler.qualname, 0)))


def _paged_in(project: Project, file: PyFile, cut: Iterable[Slice]) -> Iterator[PageUse]:
    background = background_of(project, file)
    scopes = set()
    for call, capped in _queries(project, file):
        own = _reads_itself(file, call.scope, call)
        if not project.reach.live(file.path, call.scope) or (inside(file, call.scope, background) and not own):
            continue
        scopes.add(call.scope)
        yield from _cut(file, call, own)
        if capped:
            yield PageUse(file, call.start, call.end, "capped", "fixed")
    for item, page in (*first_items(file), *cut):
        own = from_request(file, item.scope, page, 3)
        if project.reach.live(file.path, item.scope) and not inside(file, item.scope, background):
            scopes.add(item.scope)
            yield from _cut(file, item, own)
    for scope in sorted(scopes):
        yield from _handed(file, scope)
    for item, subject in guards(file, scopes):
        yield PageUse(file, item.start, item.end, "capped", subject)


def _cut(file: PyFile, item: Assign | Call | Returned, own: bool) -> Iterator[PageUse]:
    definition = file.function_of(item.scope)
    kind = "walked" if isinstance(item, Call) and walks_itself(file, item) else "query"
    yield PageUse(file, item.start, item.end, kind, definition.qualname if definition else "")
    if own:
        yield PageUse(file, item.start, item.end, "parameter", "own")


def _handed(file: PyFile, scope: int) -> Iterator[PageUse]:
    """Parameters of a function that a decorator takes from the request and names: ``@requestargs(('page', int))``."""
    definition = file.function_of(scope)
    for decorator in definition.decorators if definition is not None else ():
        said = {t for e in decorator.expr.walk() for t in (*((e.text,) if e.kind == "str" else ()), *e.keys)}
        for name in definition.params if definition is not None else ():
            if name in said and is_parameter(name):
                yield PageUse(file, decorator.line, decorator.line, "parameter", name)


def _queries(project: Project, file: PyFile) -> Iterator[tuple[Call, bool]]:
    """Calls that cut a result to a page, and whether the size is fixed or capped there."""
    client = any(i.module.partition(".")[0] in _CLIENTS for i in file.module.imports)
    for call in file.module.calls:
        receiver, _, last = call.name.rpartition(".")
        if last == "paginate":
            other = client or "paginator" in receiver.lower() or call.target == "decorator"
            if receiver and not other and not project.defined(file, call.name):
                yield call, is_capped(call)
        elif (last == "limit" and varies(call.expr.args) and _follows(file, call)) or (
            ((page := handed(call)) is not None and asked(project, file, call, page))
            or _cuts(call, last)
            or (receiver and not client and _cuts_as_told(project, file, call, last))
        ):
            yield call, size_is_fixed(file, call)


def _follows(file: PyFile, call: Call) -> bool:
    """Whether so many are taken after a cursor that the function around knows."""
    return connects(file, call.scope) or goes_on(file, call.scope)


def _cuts(call: Call, last: str) -> bool:
    """``offset`` with a value that varies, in a query builder or in SQL; readers of flask-paginate."""
    if last == "offset":
        return varies(call.expr.args[:1])
    return last in _READERS or (
        last not in _LOGS and any(v.kind in ("str", "fstring") and names_window(v.text) for v in call.expr.items)
    )


def _cuts_as_told(project: Project, file: PyFile, call: Call, last: str) -> bool:
    """Slices, cursors and pages handed to a library, which page only where the function around is told the page."""
    if "[:]." in call.name:  # ``search[query.page_start : query.page_end].execute()``
        return told_a_page(file, call.scope)
    keys = _TELLING.intersection(call.expr.keys)
    told = any((v := call.expr.kwarg(k)) is not None and varies((v,)) for k in keys)
    skipped = last in ("slice", "skip") and varies(call.expr.args)
    ranged = last in _RANGES and any(page_names(file, call.scope, v, 3) for v in call.expr.args)
    if not (told or skipped or ranged):
        return False
    driven = _driven(file, call) or (last == "slice" and bounded(file, call))
    return driven and not project.defined(file, call.name)


def _driven(file: PyFile, call: Call) -> bool:
    """Whether the function around is told the page, by its parameters or the request."""
    definition = file.function_of(call.scope)
    told = definition is not None and any(is_parameter(p) for p in definition.params)
    return told or _reads_itself(file, call.scope, call)


def _reads_itself(file: PyFile, scope: int, call: Call) -> bool:
    """The page comes straight from the request: ``paginate()`` of Flask-SQLAlchemy with no page, an argument that
    reads the request, or a variable that does, whatever its name."""
    if call.last in _READERS and call.last != "paginate_query":
        return True
    if call.name.endswith(".paginate") and not call.expr.args and call.expr.kwarg("page") is None:
        return "query" in call.name.lower() or bool(call.expr.keys)
    return any(from_request(file, scope, v, 3) for v in call.expr.items)


def _parameters(project: Project, file: PyFile) -> Iterator[PageUse]:
    """Reads of paging parameters, their declarations in schemas and parsers, and caps on those."""
    for call in file.module.calls:
        yield from _read(project, file, call)
    yield from (PageUse(file, i.start, i.end, "parameter", name) for i, name in named_in_turn(file))
    yield from (PageUse(file, d.start, d.end, "parameter", d.name) for d in readers(file))
    for item in file.module.assigns:
        definition = file.definition(item.scope) if names_page(item.target) else None
        if (
            definition is not None
            and definition.kind == "class"
            and project.schema_checks.kind(file, definition.qualname) == "pydantic"
        ):
            yield PageUse(file, item.start, item.end, "parameter", item.target)
        for part in item.value.walk():
            if part.kind == "index" and reads_request(part.text) and part.items and is_parameter(part.items[0].text):
                yield PageUse(file, item.start, item.end, "parameter", part.items[0].text)
        if item.value.kind == "dict":
            yield from _declared(file, item.value, item.start, item.end)


def _read(project: Project, file: PyFile, call: Call) -> Iterator[PageUse]:
    receiver, _, last = call.name.rpartition(".")
    args = call.expr.args
    name = args[0].text if args and args[0].kind == "str" else ""
    if is_parameter(name) and (
        (last in ("get", "getlist", "pop") and reads_for(file, call))
        or (names_page(name) and asks_the_request(project, file, call))
    ):
        yield PageUse(file, call.start, call.end, "parameter", name)
    elif last == "add_argument" and is_parameter(name) and receiver:
        yield PageUse(file, call.start, call.end, "parameter", name)
        yield from _cap_of(file, call, name)
    elif call.target and is_parameter(call.target) and _FIELDS.search(call.name) and _in_class(file, call.scope):
        yield PageUse(file, call.start, call.end, "parameter", call.target)
        yield from _cap_of(file, call, call.target)
    elif call.target == "decorator" and last == "paginate":
        yield PageUse(file, call.start, call.end, "query", "decorator")
        yield PageUse(file, call.start, call.end, "parameter", "decorator")
        yield PageUse(file, call.start, call.end, "capped", "decorator")
    elif last == "min" and not receiver and _brings_down(file, call):
        yield PageUse(file, call.start, call.end, "capped", "min")
    elif call.expr.keys and declares_connection(call):
        yield PageUse(file, call.start, call.end, "parameter", "first")
    for value in call.expr.items:
        if value.kind == "dict":
            yield from _declared(file, value, call.start, call.end)
        elif value.kind == "index" and reads_request(value.text) and value.items and is_parameter(value.items[0].text):
            yield PageUse(file, call.start, call.end, "parameter", value.items[0].text)


def _brings_down(file: PyFile, call: Call) -> bool:
    """``min`` of a size that a request chooses: by its name, or where it meets a maximum, by where it comes from."""
    if any(_reads_page(v) for v in call.expr.items):
        return True
    chosen = (v for v in call.expr.items if v.kind == "name" and is_parameter(v.text) and SIZES.search(v.text))
    met = any(names_maximum(v) for v in call.expr.items)
    first = any(e.kind == "name" and e.text == "first" for v in call.expr.items for e in v.walk())
    return met and ((first and connects(file, call.scope)) or any(from_request(file, call.scope, v, 3) for v in chosen))


def _reads_page(value: Expr) -> bool:
    """``request.args.get("per_page")``, or a variable that is named like a size."""
    for part in value.walk():
        asked = next(iter(part.args), None)
        if asked is not None and asked.kind == "str" and is_parameter(asked.text) and SIZES.search(asked.text):
            return True
        if part.kind == "name" and names_page(part.text) and SIZES.search(part.text):
            return True
    return False


def _in_class(file: PyFile, scope: int) -> bool:
    definition = file.definition(scope)
    return definition is not None and definition.kind == "class"


def _declared(file: PyFile, value: Expr, start: int, end: int) -> Iterator[PageUse]:
    """Fields of a schema written as a dictionary: webargs, JSON Schema properties."""
    for key, item in zip(value.keys, value.items[len(value.items) - len(value.keys) :], strict=True):
        if names_page(key) and (
            _is_field(item) or (item.kind == "dict" and {"type", "$ref", "maximum"} & set(item.keys))
        ):
            yield PageUse(file, start, end, "parameter", key)
            if SIZES.search(key) and has_maximum(item):
                yield PageUse(file, start, end, "capped", key)
        elif item.kind == "dict":
            yield from _declared(file, item, start, end)


def _is_field(item: Expr) -> bool:
    """A field that checks; those of flask-restx and flask-restful only shape answers and documents."""
    return bool(_FIELDS.search(item.text)) and not item.text.startswith(_ANSWER_FIELDS)


def _cap_of(file: PyFile, call: Call, name: str) -> Iterator[PageUse]:
    if SIZES.search(name) and has_maximum(call.expr):
        yield PageUse(file, call.start, call.end, "capped", name)
