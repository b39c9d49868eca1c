"""Where a page comes from: whether a value is read from the request, straight or through variables."""

from __future__ import annotations

from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

_REQUEST = regex(r"(?:^|\.)request(?:\.|$)")
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


def _value(item: Assign | Call) -> Expr:
    return item.expr if isinstance(item, Call) else item.value


def reads_request(receiver: str) -> bool:
    """``request.args``, or a dictionary made of it that goes under the name data, params, args, query..."""
    head, _, last = receiver.replace("()", "").rpartition(".")
    if _REQUEST.search(receiver):
        return True
    return not head and last in _REQUEST_DATA
