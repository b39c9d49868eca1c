"""Pages cut from lists in Python: ``found[start : start + size]``, told by where the ends of the slice come from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from evidence.facts.data.page_names import is_parameter, names_page
from evidence.facts.data.page_requests import reads_request
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

# Where in a text or in bytes somebody reads is called so as well.
_PLACES = frozenset({"offset", "cursor", "skip"})
REQUESTED = "?"
_SQL = regex(r"\b(?:OFFSET|SKIP)\s{1,4}[%:{?$]|\bLIMIT\s{1,4}(?:%s|[?{}]{1,2}|:\w{1,20})\s?,\s?[%:{?$]", re.IGNORECASE)


class Returned(Struct, frozen=True):
    """What a function returns, with the lines of the function: returns keep none of their own."""

    start: int
    end: int
    scope: int


def sliced(file: PyFile) -> Iterator[tuple[Assign | Call | Returned, Expr]]:
    """Places where a list is cut between ends of which a request or a parameter names the page, with the first end."""
    yield from _written(file)
    places: list[tuple[Assign | Call | Returned, tuple[Expr, ...]]] = []
    places += [(a, (a.value,)) for a in file.module.assigns]
    places += [(c, c.expr.items) for c in file.module.calls]
    for number, definition in enumerate(file.module.definitions, 1):
        if definition.returns:
            places.append((Returned(definition.line, definition.end, number), definition.returns))
    for item, values in places:
        cut = (e.items[0] for value in values for e in value.walk() if _cuts(e))
        ends = next((e for e in cut if _to_a_page(file, item.scope, e)), None)
        if ends is not None:
            yield item, ends.items[0]


def _written(file: PyFile) -> Iterator[tuple[Assign, Expr]]:
    """Statements in SQL that are written first and run later, with an offset that varies."""
    for item in file.module.assigns:
        for part in item.value.walk():
            if part.kind in ("str", "fstring") and names_window(part.text) and "select" in part.text.lower():
                yield item, item.value
                break


def told_a_page(file: PyFile, scope: int) -> bool:
    """Whether the function around is told a page, by parameters or by what an object that it is handed says."""
    definition = file.function_of(scope)
    params = definition.params if definition is not None else ()
    refs = file.module.refs[scope]
    said = {r.rpartition(".")[2] for r in refs if r.rpartition(".")[0] in params} | set(params)
    return bool({name for name in said if names_page(name)} - _PLACES)


def names_window(text: str) -> bool:
    """Whether a text ends in a window of SQL or Cypher that is told from outside."""
    return _SQL.search(text[-400:]) is not None


def _cuts(value: Expr) -> bool:
    """A slice with a first item that is no constant."""
    if value.kind != "index" or not value.items or value.items[0].text != ":":
        return False
    first, last = value.items[0].items
    return first.kind not in ("num", "const", "str") and last.kind != "num"


def _to_a_page(file: PyFile, scope: int, ends: Expr) -> bool:
    first = page_names(file, scope, ends.items[0], 3)
    if not first:
        return False
    # what is read piece by piece goes from an offset or a cursor too: ``data[offset:offset + 4]``
    return bool((first | page_names(file, scope, ends.items[1], 3)) - _PLACES) or REQUESTED in first


def page_names(file: PyFile, scope: int, value: Expr, hops: int) -> frozenset[str]:
    """The names of a page that a value is made of: parameters of the function, attributes (``self.offset``), and
    ``REQUESTED`` for what a request is read for; straight or through variables (``hops`` of them at most)."""
    definition = file.function_of(scope)
    params = definition.params if definition is not None else ()
    found: set[str] = set()
    for part in value.walk():
        if part.kind == "name":
            head, _, last = part.text.rpartition(".")
            if names_page(last) and (head in ("self", "cls") or part.text in params or head in params):
                found.add(last)
            for item in file.assigned.get((scope, part.text), ()) if hops else ():
                found |= page_names(file, scope, item.expr if isinstance(item, Call) else item.value, hops - 1)
        key = next((e.text for e in part.items[:1] if e.kind == "str"), "")
        receiver = part.text if part.kind == "index" else part.text.rpartition(".")[0]
        if part.kind in ("call", "index") and is_parameter(key) and reads_request(receiver):
            found.add(REQUESTED)
    return frozenset(found)
