"""Requests that tests make to the application, through whatever client object they use."""

from __future__ import annotations

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.web.records import Request

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "open", "get_json", "post_json"})
_URL_BUILDERS = ("url_for", "reverse", "api_url_for")


def find_requests(files: list[PyFile], endpoints: set[str]) -> list[Request]:
    """Calls of an HTTP method whose target is a path of the application or one of its ``endpoints``."""
    found = []
    for file in files:
        for call in file.module.calls:
            method = call.name.rpartition(".")[2]
            target = _target(call, endpoints) if method in _METHODS or "request" in method else ""
            if target:
                found.append(Request(file, call, target))
    return found


def _target(call: Call, endpoints: set[str]) -> str:
    args = call.expr.args
    candidates = [*args[:3], *(v for k in ("path", "url", "endpoint") if (v := call.expr.kwarg(k)) is not None)]
    for value in candidates:
        text = _text(value)
        if text.startswith("/") or (text in endpoints and text):
            return text
    return ""


def _text(value: Expr) -> str:
    if value.kind == "call" and value.text.endswith(_URL_BUILDERS) and value.args:
        return value.args[0].text
    if value.kind == "op" and value.items:
        return _text(value.items[0])
    return value.text if value.kind in ("str", "fstring") else ""
