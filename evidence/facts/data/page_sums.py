"""Pages told by what is computed or handed on, where no query of a library is cut: ``(page - 1) * size``, calls that
are given a page by keyword, counters that walk through all pages by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.data.page_names import CURSORS, names_page
from evidence.facts.data.page_requests import reads_request
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

# Keywords under which a function or client is told the page.
_HANDED = ("page", "page_number", "page_num", "per_page", "page_size", "offset", "limit", "skip", "cursor", "start")
# What makes addresses and answers is told the page for the next link.
_ANSWERS = frozenset({
    "url_for", "redirect", "render_template", "jsonify", "dict", "dumps", "urlencode", "format", "update", "get",
    "render", "make_response", "Markup", "info", "debug", "warning", "error", "log", "print",
})  # fmt: skip
_LINKS = frozenset({"urlencode", "url_for", "urlunparse", "url_encode"})
# What only looks at a page, or keeps it.
_CHECKS = regex(
    r"_?(?:check|valid|verify|parse|clean|assert|ensure|is_|max|min|range|divmod|int|setattr|put|set|add|append|[A-Z])"
)


def first_items(file: PyFile) -> Iterator[tuple[Assign, Expr]]:
    """Assignments of the first item of a page, ``(page - 1) * size``, with the expression of the page."""
    for item in file.module.assigns:
        if item.value.kind == "op" and item.value.text == "*" and not _writes_a_link(file, item):
            for part in item.value.items:
                page = part.items[0] if part.kind == "op" and part.text == "-" and len(part.items) == 2 else None
                if page is not None and part.items[1].text == "1" and names_page(page.text.rpartition(".")[2]):
                    yield item, page
                    break


def _writes_a_link(file: PyFile, item: Assign) -> bool:
    """Whether the first item goes into the address of another page: ``args["start"] = ...``, then ``urlencode``."""
    return item.target.endswith("]") and any(c.last in _LINKS for c in file.calls_in(item.scope))


def handed(call: Call) -> Expr | None:
    """The page that a call is handed by keyword, or by two values of such names in a row (``page, per_page``); None for
    none and for what makes addresses and answers."""
    if call.last in _ANSWERS or call.last.startswith("render") or not call.name or call.target == "decorator":
        return None
    if call.name == "cls":
        return None  # an object that knows its page is made, and nothing cut yet
    for key in _HANDED if call.expr.keys else ():
        value = call.expr.kwarg(key)
        if value is not None and value.kind in ("name", "call", "index"):
            return value
    args = call.expr.args
    in_order = [a for a in args if a.kind == "name" and names_page(a.text.rpartition(".")[2])] if len(args) > 1 else []
    several = len({a.text for a in in_order}) > 1 and not _CHECKS.match(call.last)
    return in_order[0] if several else None


def walks_itself(file: PyFile, call: Call) -> bool:
    """Whether the offset is a counter of the function around: it goes through every page, asked by nobody."""
    value = call.expr.args[0] if call.expr.args else None
    counted = file.assigned.get((call.scope, value.text), ()) if value is not None and value.kind == "name" else ()
    return any(isinstance(i, Assign) and i.augmented for i in counted)


def bounded(file: PyFile, call: Call) -> bool:
    """Whether both ends of a slice are parameters of the function around, whatever their names."""
    definition = file.function_of(call.scope)
    ends = [a.text for a in call.expr.args if a.kind == "name"]
    return definition is not None and len(ends) == 2 and set(ends) <= set(definition.params)


def varies(values: tuple[Expr, ...]) -> bool:
    """Whether there are values, and one of them is no constant."""
    return any(v.kind not in ("num", "str", "const") for v in values) and bool(values)


def connects(file: PyFile, scope: int) -> bool:
    """Whether the function around is told a page as GraphQL's connections are: so many after a cursor."""
    definition = file.function_of(scope)
    return definition is not None and {"first", "after"} <= set(definition.params)


def goes_on(file: PyFile, scope: int) -> bool:
    """Whether the function around is told, or asks for, where the last page ended: ``page_token``, ``older_than``."""
    definition = file.function_of(scope)
    if definition is None:
        return False
    inside = file.calls_in(file.scopes.get(definition.qualname, 0))
    asked = (c.expr.args[0].text for c in inside if c.last in ("get", "pop") and c.expr.args)
    return bool(CURSORS.intersection((*definition.params, *asked)))


def named_in_turn(file: PyFile) -> Iterator[tuple[Assign, str]]:
    """Loops over the names of paging parameters that look each up: ``for name in ("page", "limit")``."""
    for item in file.module.assigns:
        names = item.value.items[0] if item.value.kind == "op" and item.value.text == "for" else None
        asked = [e.text for e in names.items if e.kind == "str" and names_page(e.text)] if names is not None else []
        if names is not None and names.kind == "list" and len(asked) > 1:
            definition = file.function_of(item.scope)
            refs = file.module.refs[item.scope]
            if definition is not None and any(
                reads_request(r.partition("[")[0]) or reads_request(r.rpartition(".")[0]) for r in refs
            ):
                yield item, asked[0]


def declares_connection(call: Call) -> bool:
    """Whether a field of a GraphQL schema takes the arguments of a connection: ``first=graphene.Int()`` with
    ``after``."""
    told = [call.expr.kwarg(k) for k in ("first", "after")]
    return all(v is not None and v.kind == "call" and v.text.startswith("graphene.") for v in told)
