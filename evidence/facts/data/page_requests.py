"""Where a page comes from: whether a value is read from the request, straight or through variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.data.page_names import names_page
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Definition, Expr
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_REQUEST = regex(r"(?:^|\.)request(?:\.|$)")
_OF_REQUESTS = regex(r"Request|QueryArgs|QueryParams|RequestArgs")
# What dictionaries made of a request are called.
_REQUEST_DATA = frozenset({
    "data", "args", "params", "query", "query_params", "payload", "body", "request_data", "request_args", "json_data",
    "kwargs", "url_params", "query_args", "request_params", "validated", "validated_data",
})  # fmt: skip


def from_request(file: PyFile, scope: int, value: Expr, hops: int) -> bool:
    """Whether a value reads the request, itself or through variables of the function (``hops`` of them at most)."""
    for part in value.walk():
        if part.kind in ("call", "index", "name") and _REQUEST.search(part.text.partition("(")[0]):
            return True
        if part.kind == "name" and hops:
            for item in file.assigned.get((scope, part.text), ()):
                if from_request(file, scope, _value(item), hops - 1):
                    return True
    return False


def asked(project: Project, file: PyFile, call: Call, page: Expr) -> bool:
    """Whether a call is handed a page that the request chooses. A schema that is filled with one
    (``JobRequest(limit=request.form["limit"])``) asks nothing of a store yet."""
    return from_request(file, call.scope, page, 3) and not project.schema_checks.kind(file, call.name)


def _value(item: Assign | Call) -> Expr:
    return item.expr if isinstance(item, Call) else item.value


def reads_for(file: PyFile, call: Call) -> bool:
    """Whether a call gets something out of the request: from a dictionary of it, or a variable or attribute that holds
    one (``self.queries = request.args``)."""
    receiver = call.name.rpartition(".")[0]
    if reads_request(receiver):
        return True
    scopes = file.attribute_scopes(call.scope, receiver) if receiver.startswith("self.") else [call.scope]
    held = (i for s in scopes for i in file.assigned.get((s, receiver), ()) if isinstance(i, Assign))
    return any(i.value.kind == "name" and _REQUEST.search(i.value.text) for i in held)


def asks_the_request(project: Project, file: PyFile, call: Call) -> bool:
    """Whether a function of the project is called that reads the request under the name it is given:
    ``int_argument("page", 1)``."""
    found = project.defined(file, call.name) if call.name and call.target != "decorator" else None
    if found is None or found[1].kind != "function" or not found[1].params:
        return False
    other, definition = found
    scope = other.scopes.get(definition.qualname, 0)
    return any(
        _REQUEST.search(c.name) and any(e.text == definition.params[0] for e in c.expr.args[:1])
        for c in other.calls_in(scope)
    )


def readers(file: PyFile) -> Iterator[Definition]:
    """Functions and properties named after a parameter of a page that read the request for it, or that a class made
    of a request offers (``RequestDict.per_page``)."""
    for number, definition in enumerate(file.module.definitions, 1):
        if definition.kind == "function" and names_page(definition.name.removeprefix("_").removeprefix("get_")):
            owner = file.definition(definition.parent)
            named = owner is not None and owner.kind == "class" and _OF_REQUESTS.search(owner.name) is not None
            if named or any(_REQUEST.search(r) for r in file.module.refs[number]):
                yield definition


def reads_request(receiver: str) -> bool:
    """``request.args``, or a dictionary made of it that goes under the name data, params, args, query..."""
    head, _, last = receiver.replace("()", "").rpartition(".")
    if _REQUEST.search(receiver):
        return True
    return not head and last in _REQUEST_DATA
