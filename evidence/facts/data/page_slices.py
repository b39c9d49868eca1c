"""Pages cut from lists in Python: ``found[start : start + size]``, told by where the ends of the slice come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from evidence.facts.data.page_names import is_parameter, names_page
from evidence.facts.data.page_requests import reads_request
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Where in a text or in bytes somebody reads is called so as well.
_PLACES = frozenset({"offset", "cursor", "skip"})
REQUESTED = "?"
_SQL = regex(r"\b(?:OFFSET|SKIP)\s{1,4}[%:{?$]|\bLIMIT\s{1,4}(?:%s|[?{}]{1,2}|:\w{1,20})\s?,\s?[%:{?$]", re.IGNORECASE)


class Returned(Struct, frozen=True):
    """What a function returns, with the lines of the function: returns keep none of their own."""

    start: int
    end: int
    scope: int


Slice: TypeAlias = tuple[Assign | Call | Returned, Expr]
"""A place where a list is cut, with the first end."""


def sliced(project: Project) -> dict[str, list[Slice]]:
    """By path, the places where a list is cut between ends of which a request or a parameter names the page."""
    found: dict[str, list[Slice]] = {}
    for file, item, first in (*_written(project), *_cut(project), *_returned(project)):
        found.setdefault(file.path, []).append((item, first))
    return found


def _written(project: Project) -> Iterator[tuple[PyFile, Assign, Expr]]:
    """Statements in SQL that are written first and run later, with an offset that varies."""
    seen = set()
    for file, item, part in project.expressions("str", "fstring"):
        if isinstance(item, Assign) and "select" in part.text.lower() and names_window(part.text):
            if id(item) not in seen:
                yield file, item, item.value
            seen.add(id(item))


def _cut(project: Project) -> Iterator[tuple[PyFile, Assign | Call, Expr]]:
    """What is assigned or handed to a call, cut in it."""
    seen = set()
    for file, item, part in project.expressions("index"):
        if id(item) not in seen and _cuts(part) and _to_a_page(file, item.scope, part.items[0]):
            seen.add(id(item))
            yield file, item, part.items[0].items[0]


def _returned(project: Project) -> Iterator[tuple[PyFile, Returned, Expr]]:
    for file in project.app:
        for number, definition in enumerate(file.module.definitions, 1):
            cut = (e.items[0] for value in definition.returns for e in value.walk() if _cuts(e))
            ends = next((e for e in cut if _to_a_page(file, number, e)), None)
            if ends is not None:
                yield file, Returned(definition.line, definition.end, number), ends.items[0]


def told_a_page(file: PyFile, scope: int) -> bool:
    """Whether the function around is told a page, by parameters or by what an object that it is handed says."""
    definition = file.function_of(scope)
    params = definition.params if definition is not None else ()
    refs = file.module.refs[scope]
    said = {r.rpartition(".")[2] for r in refs if r.rpartition(".")[0] in params} | set(params)
    return bool({name for name in said if names_page(name)} - _PLACES)


def names_window(text: str) -> bool:
    """Whether a text ends in a window of SQL or Cypher that is told from outside."""
    end = text[-400:]
    return len(end.split(None, 1)) > 1 and _SQL.search(end) is not None


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
